// What the server warns of is said beside the rule while it is edited, and again before it is saved; and what else a flag says of itself.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(3), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const open = async (page, flag) => {
  await signIn(page, server, { at: `/p/shop/flags/${flag}?env=development` });
  await page.getByRole('heading', { name: 'Who gets what in Development' }).waitFor();
};
const rule = (page, at) => page.locator('.flag-rules > li').nth(at);
const bar = (page) => page.getByRole('region', { name: 'Unsaved changes' });
const flag = (key) => server.api('GET', `/flags/${key}?environment_id=${server.environments.development.id}`);

test('a draft is warned of beside its rules and in the review, before anything is saved', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout');
  await rule(page, 2).getByText('The percentages sum to 40; of the others the next rules decide.').waitFor();
  assert.equal(await page.getByText('tried before').count(), 0);
  await rule(page, 0).getByRole('button', { name: 'Edit' }).click();
  await rule(page, 0).getByRole('button', { name: /^Remove condition 1/ }).click();
  const shadowed = 'Wherever this rule would yield, “Our own people” does, which is tried before.';
  await rule(page, 1).getByText(shadowed).waitFor();
  await rule(page, 2).getByText(shadowed).waitFor();
  await look(page, 'targeting-warned');

  // A rule that moves takes what is said of it along, and what is no longer so is gone.
  await page.getByRole('button', { name: 'Move the rule Our own people down' }).click();
  await rule(page, 2).getByText(shadowed).waitFor();
  await rule(page, 0).getByText(shadowed).waitFor({ state: 'detached' });
  assert.equal(await rule(page, 1).getByText(shadowed).count(), 0);

  await bar(page).getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('list', { name: 'Warnings' }).getByText('Beta testers: wherever this rule would yield').waitFor();
  await look(page, 'targeting-warned-review');
  await page.keyboard.press('Escape');
  await bar(page).getByRole('button', { name: 'Discard' }).click();
  await page.getByText('tried before').first().waitFor({ state: 'detached' });
  await rule(page, 2).getByText('The percentages sum to 40').waitFor();
  assert.equal((await flag('new-checkout')).targeting_rules[0].conditions.length, 1);
  await close();
});

test('purpose, owner and planned end are told, edited, reviewed and cleared', async () => {
  const { page, close } = await window(server);
  await open(page, 'search-ranker');
  const head = page.locator('.flag-head');
  await head.getByText('String · Experiment').waitFor();
  await page.getByTitle('Edit the variations, the name and the tags').click();
  await page.getByLabel('Purpose').selectOption('migration');
  await page.getByLabel('Owner').fill('Search team');
  await page.getByLabel('Planned end').fill('2099-12-31');
  await page.getByLabel('Description').fill('');
  await look(page, 'targeting-about');
  await page.reload();
  assert.equal(await bar(page).getByRole('heading').innerText(), '4 changes not saved');
  await bar(page).getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('now: Migration').waitFor();
  // It is of all environments, but changes what nobody gets.
  await dialog.getByRole('button', { name: 'Save' }).click();
  await head.getByText('String · Migration · Search team · planned until').waitFor();
  const saved = await flag('search-ranker');
  assert.deepEqual([saved.classification, saved.owner, saved.description], ['migration', 'Search team', null]);
  assert.match(saved.expires_at, /^2099-12-3/);

  await page.getByTitle('Edit the variations, the name and the tags').click();
  await page.getByLabel('Owner').fill('');
  await page.getByLabel('Planned end').fill('');
  await page.getByLabel('Purpose').selectOption('');
  await bar(page).getByRole('button', { name: 'Review' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await head.getByText('String', { exact: true }).waitFor();
  const cleared = await flag('search-ranker');
  assert.deepEqual([cleared.classification, cleared.owner, cleared.expires_at], [null, null, null]);
  await close();
});
