// Values of variations while they are typed: what is no value yet belongs to its variation, whatever happens to the list around it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(2), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const at = () => `?environment_id=${server.environments.development.id}`;
const flag = (key) => server.api('GET', `/flags/${key}${at()}`);
const change = (key, body) => server.api('PUT', `/flags/${key}${at()}`, body);
const bar = (page) => page.getByRole('region', { name: 'Unsaved changes' });
const value = (page, number) => page.getByLabel(`Value of variation ${number}`);
const open = async (page, key) => {
  await signIn(page, server, { at: `/p/shop/flags/${key}?env=development` });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
};
const values = async (page, number) => {
  await value(page, number).waitFor();
  return Promise.all(Array.from({ length: number }, (_none, at) => value(page, at + 1).inputValue()));
};

test('unfinished values stay with their rows when others come and go', async () => {
  const { page, close } = await window(server);
  await change('upload-limits', { variations: [{ key: 'none', name: 'None', value: {} }, ...(await flag('upload-limits')).variations] });
  await open(page, 'upload-limits');
  for (const _time of [1, 2]) await page.getByRole('button', { name: 'Add a variation' }).click();
  await value(page, 3).fill('{"large": ');
  await value(page, 5).fill('{"fifth": ');
  await value(page, 4).fill('{"fourth": 4}');
  await page.getByRole('button', { name: 'Remove variation v4' }).click();
  await value(page, 5).waitFor({ state: 'detached' });
  assert.deepEqual((await values(page, 4)).slice(2), ['{"large": ', '{"fifth": ']);
  await page.getByRole('button', { name: 'Remove variation None' }).click();
  await value(page, 4).waitFor({ state: 'detached' });
  assert.deepEqual((await values(page, 3)).slice(1), ['{"large": ', '{"fifth": ']);
  assert.equal(await bar(page).getByRole('button', { name: 'Review' }).isDisabled(), true);
  await page.getByRole('button', { name: 'Done', exact: true }).click();
  await bar(page).getByRole('button', { name: 'Go there' }).click();
  await page.locator('#variation-1-value:focus').waitFor();

  // A key that is the key of another one for a while, or none at all, is still typed in the same field.
  const key = page.getByLabel('Key of variation 3');
  for (const text of ['', 'large', 'larger']) {
    await key.fill(text);
    assert.deepEqual((await values(page, 3)).slice(1), ['{"large": ', '{"fifth": '], `with the key “${text}”`);
  }
  await look(page, 'targeting-unfinished');
  await page.reload();
  assert.deepEqual((await values(page, 3)).slice(1), ['{"large": ', '{"fifth": ']);
  assert.equal(await key.inputValue(), 'larger');

  await value(page, 2).fill('{"large": 2}');
  await value(page, 3).fill('{"larger": 3}');
  await bar(page).getByRole('button', { name: 'Review' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('upload-limits');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Upload limits is saved.').waitFor();
  assert.deepEqual((await flag('upload-limits')).variations.slice(1).map((one) => [one.key, one.value]), [['large', { large: 2 }], ['larger', { larger: 3 }]]);
  assert.equal(await key.count(), 0, 'a key that is saved stays');
  await close();
});

test('a change by somebody else leaves them, and says what it changed below them', async () => {
  const { page, close } = await window(server);
  const [few, many] = (await flag('page-size')).variations;
  const most = { key: 'most', name: 'Most', value: 1000 };
  await change('page-size', { variations: [few, many, most] });
  await open(page, 'page-size');
  for (const [number, text] of [[1, 'twenty'], [2, 'a hundred'], [3, 'all']]) await value(page, number).fill(text);
  await page.getByRole('textbox', { name: 'Description' }).fill('Rows of a page');

  // They put one before, and change a value for which something is typed here.
  await change('page-size', { variations: [{ key: 'one', value: 1 }, few, { ...many, value: 150 }, most] });
  const conflict = page.getByRole('alert', { name: 'Changed by somebody else' });
  await conflict.getByRole('button', { name: 'Keep both' }).click();
  await conflict.waitFor({ state: 'detached' });
  assert.deepEqual(await values(page, 4), ['1', 'twenty', 'a hundred', 'all']);
  await page.getByText('Meanwhile it became 150.').waitFor();
  assert.equal(await page.getByText(/Meanwhile it became/).count(), 1);

  // They take one away for which something is typed here: it is told, and still told after a reload.
  await change('page-size', { variations: [{ key: 'one', value: 1 }, few, { ...many, value: 150 }] });
  await conflict.getByRole('button', { name: 'Keep both' }).click();
  await conflict.waitFor({ state: 'detached' });
  assert.deepEqual(await values(page, 3), ['1', 'twenty', 'a hundred']);
  const told = page.getByRole('status').filter({ hasText: 'typed as the value of Most' });
  await told.getByText('all').waitFor();
  await look(page, 'targeting-value-gone');
  await page.reload();
  await told.getByText('all').waitFor();
  await told.getByRole('button', { name: 'Forget it' }).click();
  await told.waitFor({ state: 'detached' });
  await page.locator('#add-variation:focus').waitFor();

  await value(page, 2).fill('25');
  await value(page, 3).fill('200');
  await bar(page).getByRole('button', { name: 'Review' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('page-size');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Page size is saved.').waitFor();
  const saved = await flag('page-size');
  assert.deepEqual([saved.description, saved.variations.map((one) => one.value)], ['Rows of a page', [1, 25, 200]]);
  await close();
});

test('taking theirs discards what is unfinished as well', async () => {
  const { page, close } = await window(server);
  await open(page, 'search-ranker');
  await page.getByRole('button', { name: 'Add a variation' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();
  assert.deepEqual(await values(page, 3), ['bm25', 'vector', 'hybrid']);
  await page.goto('/p/shop/flags/upload-limits?env=development');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Description' }).fill('Mine');
  await value(page, 1).fill('{"unfinished": ');
  await change('upload-limits', { description: 'Theirs' });
  await page.getByRole('button', { name: 'Take theirs, discard mine' }).click();
  await page.getByText('Theirs').first().waitFor();
  assert.ok(!(await value(page, 1).inputValue()).includes('unfinished'));
  await close();
});
