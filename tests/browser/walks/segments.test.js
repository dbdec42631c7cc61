// Segments: made, filled, changed while somebody else changes them too, and deleted when nothing uses them any more.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let project;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  project = (await server.api('GET', '/projects')).find((one) => one.key === 'shop').id;
});
after(async () => { await end(); await server.stop(); });

const at = (rest = '') => `/segments${rest}?project_id=${project}`;
const open = (page, rest = '', who = {}) => signIn(page, server, { ...who, at: `/p/shop/segments${rest}?env=staging` });
const many = Array.from({ length: 1200 }, (_none, number) => `user-${number}`);

test('the list says who is in a segment and what uses it, and makes one', async () => {
  await server.api('POST', at(), { key: 'hostile-group', name: HOSTILE, excluded: ['eve', 'mallory'] });
  const { page, close } = await window(server, { refused: [409] });
  await signIn(page, server, { at: '/p/shop/flags?env=staging' });
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Segments' }).click();
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  await row('Beta testers').getByText('1 included · 1 condition').waitFor();
  await row('Beta testers').getByText('1 flag').waitFor();
  await row(HOSTILE).getByText('nothing').waitFor();
  await look(page, 'segments');
  await page.getByLabel('Search segments').fill('beta');
  await page.getByText('1 found').waitFor();
  await page.getByLabel('Search segments').fill('nothing is called so');
  await page.getByRole('heading', { name: 'No segment is like that' }).waitFor();
  await look(page, 'segments-none-found');
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await page.getByRole('button', { name: 'New segment' }).click();
  const dialog = page.getByRole('dialog', { name: 'New segment' });
  await dialog.getByLabel('Name').fill('Beta testers');
  await dialog.getByRole('button', { name: 'Create the segment' }).click();
  await dialog.locator('.fault').waitFor();
  await look(page, 'segments-new');
  await dialog.getByLabel('Key').fill('early-birds');
  await dialog.getByLabel('Name').fill('Early birds');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/p/shop/segments/early-birds**');
  await page.getByText('nobody is in the segment').waitFor();
  await look(page, 'segment-new');
  assert.equal((await server.api('GET', at('/early-birds'))).name, 'Early birds');
  assert.equal(await page.locator('#main img').count(), 0);
  await close();
});

test('user keys are pasted, found, taken away and saved', async () => {
  await server.api('POST', at(), { key: 'pasted', name: 'Pasted', included: ['first'] });
  const { page, close } = await window(server);
  await open(page, '/pasted');
  const included = page.getByRole('region', { name: 'Included' });
  await included.getByRole('combobox').focus();
  await page.evaluate((text) => navigator.clipboard.writeText(text), many.join('\n'));
  await page.keyboard.press('Control+V');
  await included.getByRole('heading', { name: 'Included 1,201' }).waitFor();
  await included.getByLabel('Find in included').fill('user-119');
  await included.getByText('11 found', { exact: true }).waitFor();
  await included.getByRole('button', { name: 'Remove user-1190' }).click();
  await included.getByRole('heading', { name: 'Included 1,200' }).waitFor();
  await page.locator(':focus').and(included.getByRole('button', { name: 'Remove user-1191' })).waitFor();
  await page.getByLabel('Name').fill('Pasted people');
  await look(page, 'segment-edited');
  // Nothing is lost by a reload, not even a key that is still typed.
  await included.getByRole('combobox').pressSequentially('grace');
  await page.reload();
  await included.getByRole('heading', { name: 'Included 1,201' }).waitFor();
  await page.getByRole('region', { name: 'Unsaved changes' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Pasted people is saved').waitFor();
  const saved = await server.api('GET', at('/pasted'));
  assert.equal(saved.name, 'Pasted people');
  assert.deepEqual(saved.included, ['first', ...many.filter((one) => one !== 'user-1190'), 'grace']);
  assert.equal(await page.getByRole('region', { name: 'Unsaved changes' }).count(), 0);
  await close();
});

test('conditions are read as a sentence and edited as a form', async () => {
  await server.api('POST', at(), { key: 'shaped', name: 'Shaped', conditions: [{ attribute: 'plan', operator: 'is', value: 'pro' }] });
  const { page, close } = await window(server, { refused: [422] });
  await open(page, '/shaped');
  const part = page.getByRole('region', { name: 'Conditions' });
  await part.getByText('If plan is “pro”.').waitFor();
  await part.getByRole('button', { name: 'Edit' }).click();
  await part.getByLabel('How condition 1 compares').selectOption({ label: 'is one of' });
  await part.getByRole('combobox', { name: 'What condition 1 compares with' }).fill('team, trial');
  await page.keyboard.press('Enter');
  await part.getByLabel('in any case').check();
  await part.getByRole('button', { name: 'Add a condition' }).click();
  await page.locator(':focus').and(part.getByLabel('Attribute of condition 2')).waitFor();
  await page.keyboard.type('age');
  await part.getByLabel('How condition 2 compares').selectOption({ label: '≥' });
  await part.getByLabel('What condition 2 compares with').fill('much');
  await part.getByRole('button', { name: 'Add a condition' }).click();
  await part.getByLabel('How condition 3 compares').selectOption({ label: 'not in a segment' });
  await part.getByRole('combobox', { name: 'What condition 3 compares with' }).fill('beta');
  await page.getByRole('option', { name: /beta-testers/ }).click();
  await part.getByRole('button', { name: 'Add a condition' }).click();
  await part.getByRole('button', { name: 'Remove condition 4' }).click();
  await page.locator(':focus').and(part.getByRole('button', { name: 'Remove condition 3' })).waitFor();
  await part.getByLabel('Match').selectOption({ label: 'Any of these is enough' });
  await page.getByRole('button', { name: 'Save' }).click();
  // What the server says is beside the field that it is about.
  await part.locator('.condition').nth(1).locator('.fault').waitFor();
  await page.locator(':focus').and(part.getByLabel('What condition 2 compares with')).waitFor();
  await look(page, 'segment-conditions');
  await part.getByLabel('What condition 2 compares with').fill('18');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Shaped is saved').waitFor();
  const saved = await server.api('GET', at('/shaped'));
  assert.equal(saved.match, 'any');
  assert.deepEqual(saved.conditions.map(({ attribute, operator, value, case_insensitive }) => [attribute, operator, value, case_insensitive ?? false]), [
    ['plan', 'one_of', ['pro', 'team', 'trial'], true], ['age', 'gte', 18, false], [null, 'not_in_segment', ['beta-testers'], false],
  ]);
  await part.getByRole('button', { name: 'Done' }).click();
  await part.getByText('or they are not in the segment').waitFor();
  await close();
});

test('a change by somebody else is shown and not overwritten', async () => {
  await server.api('POST', at(), { key: 'shared', name: 'Shared', included: ['ada', 'bob'] });
  const { page, close } = await window(server);
  await open(page, '/shared');
  const add = page.getByRole('region', { name: 'Included' }).getByRole('combobox');
  await add.fill('carl');
  await add.press('Enter');
  await page.getByLabel('Name').fill('Shared by us');
  await server.api('PUT', at('/shared'), { name: 'Shared by them', included: ['bob', 'dora'] });
  const note = page.getByRole('alert', { name: 'Changed by somebody else' });
  await note.getByText('Included: added dora').waitFor({ timeout: 1_000 });
  await note.getByText('Included: removed ada').waitFor();
  await look(page, 'segment-overtaken');
  assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true);
  await note.getByRole('button', { name: 'Put mine on top of theirs' }).click();
  await note.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Shared by us is saved').waitFor();
  const saved = await server.api('GET', at('/shared'));
  assert.deepEqual([saved.name, saved.included], ['Shared by us', ['bob', 'dora', 'carl']]);
  await close();
});

test('who saves at the same moment is refused, not overwritten', async () => {
  await server.api('POST', at(), { key: 'race', name: 'Race' });
  const { page, close } = await window(server, { refused: [412] });
  await open(page, '/race');
  await page.getByLabel('Description').fill('Mine');
  // The change of somebody else gets to the server just before ours does.
  await page.route('**/segments/race*', async (route) => {
    if (route.request().method() === 'PUT') await server.api('PUT', at('/race'), { description: 'Theirs' });
    await route.continue();
  }, { times: 1 });
  await page.getByRole('button', { name: 'Save' }).click();
  const note = page.getByRole('alert', { name: 'Changed by somebody else' });
  await note.getByText('You changed description as well').waitFor();
  assert.equal((await server.api('GET', at('/race'))).description, 'Theirs');
  await note.getByRole('button', { name: 'Take theirs' }).click();
  assert.equal(await page.getByLabel('Description').inputValue(), 'Theirs');
  await close();
});

test('what is felt in production asks for the key; a used segment is not deleted', async () => {
  await server.api('PUT', `/flags/page-size?environment_id=${server.environments.production.id}`, {
    targeting_rules: [{ name: 'Beta', conditions: [{ operator: 'in_segment', value: 'beta-testers' }], variation: 'many' }],
  });
  const { page, close } = await window(server);
  await open(page, '/beta-testers');
  const add = page.getByRole('region', { name: 'Excluded' }).getByRole('combobox');
  await add.fill('eve');
  await add.press('Enter');
  await page.getByRole('button', { name: 'Save' }).click();
  const asked = page.getByRole('dialog', { name: 'Save the changes of Beta testers?' });
  await asked.getByLabel('Type beta-testers to go on').fill('beta-testers');
  await look(page, 'segment-production');
  await asked.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Beta testers is saved').waitFor();
  assert.deepEqual((await server.api('GET', at('/beta-testers'))).excluded, ['eve']);
  await look(page, 'segment');
  await page.getByRole('button', { name: 'Delete' }).click();
  const used = page.getByRole('dialog', { name: 'Beta testers is still used' });
  await used.getByRole('link', { name: 'Page size', exact: true }).waitFor();
  await look(page, 'segment-used');
  await used.getByRole('link', { name: 'Page size in production' }).click();
  await page.waitForURL('**/p/shop/flags/page-size?env=production');
  await close();
});

test('an unused segment is deleted', async () => {
  await server.api('POST', at(), { key: 'unused', name: 'Unused' });
  const { page, close } = await window(server);
  await open(page, '/unused');
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete Unused?' });
  await dialog.getByText('Nothing uses it').waitFor();
  await look(page, 'segment-delete');
  await dialog.getByRole('button', { name: 'Delete the segment' }).click();
  await page.getByText('The segment Unused is deleted').waitFor();
  await page.waitForURL('**/p/shop/segments?env=staging');
  assert.equal((await server.api('GET', at())).some((one) => one.key === 'unused'), false);
  await close();
});

test('a segment that somebody else deletes says so', async () => {
  await server.api('POST', at(), { key: 'fleeting', name: 'Fleeting' });
  const { page, close } = await window(server, { refused: [404] });
  await open(page, '/fleeting');
  await page.getByLabel('Description').fill('Kept to copy');
  await server.api('DELETE', at('/fleeting'));
  await page.getByText('Somebody deleted this segment').waitFor({ timeout: 1_000 });
  assert.equal(await page.getByLabel('Description').inputValue(), 'Kept to copy');
  assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true);
  await close();
});

test('a viewer sees a segment and cannot change it', async () => {
  const { page, close } = await window(server);
  await open(page, '/beta-testers', people.viewer);
  await page.getByText('Your role is viewer').waitFor();
  await page.getByRole('region', { name: 'Included' }).getByText('ada').waitFor();
  assert.equal(await page.locator('#main').getByRole('textbox').count(), 0);
  assert.equal(await page.locator('#main').getByRole('combobox').count(), 0);
  assert.equal(await page.getByRole('button', { name: /Delete|Remove/ }).count(), 0);
  await look(page, 'segment-viewer');
  await close();
});

test('what is being typed stays where it is when somebody else changes the segment', async () => {
  await server.api('POST', at(''), { key: 'typed', name: 'Typed' });
  const { page, close } = await window(server);
  await open(page, '/typed');
  await page.getByText('Live', { exact: true }).waitFor();
  const add = page.getByRole('region', { name: 'Excluded' }).getByRole('combobox');
  await add.fill('ev');
  await server.api('PUT', at('/typed'), { name: 'Typed by them' });
  await page.getByRole('heading', { name: 'Typed by them' }).waitFor();
  assert.equal(await add.inputValue(), 'ev');
  await add.press('Enter');
  assert.equal(await add.inputValue(), '');
  await page.getByRole('region', { name: 'Excluded' }).getByText('ev', { exact: true }).waitFor();
  await close();
});
