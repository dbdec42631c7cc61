// The history of a flag: what changed, and the way back with what it would change; production asks by name.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let at;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  at = (name) => `?environment_id=${server.environments[name].id}`;
  const here = at('development');
  const { targeting_rules: [own, quarter, beta] } = await server.api('GET', `/flags/new-checkout${here}`);
  const ordered = [quarter, own, { ...beta, name: 'Testers', conditions: [{ attribute: 'plan', operator: 'is', value: HOSTILE }] }].map(({ priority: _old, ...rule }) => rule);
  await server.api('PUT', `/flags/new-checkout${here}`, { targeting_rules: ordered });
  await server.api('PUT', `/flags/new-checkout${here}`, { tags: ['web'], owner: null, bucketing: { algorithm: 'murmur3', by: 'user_key', salt: 'fresh' } });
  await server.api('POST', `/flags/new-checkout/schedules${here}`, { at: '2029-06-01T08:00:00Z', change: { enabled: false } });
  await server.api('PUT', `/flags/new-checkout${here}`, { targeting_rules: ordered.slice(1) });
  await server.api('POST', `/flags/search-ranker/toggle${at('production')}`, { enabled: false });
});
after(async () => { await end(); await server.stop(); });

const open = (page, flag, environment = 'development', who = {}) => signIn(page, server, { ...who, at: `/p/shop/flags/${flag}/history?env=${environment}` });
const flag = (key, environment) => server.api('GET', `/flags/${key}${at(environment)}`);

test('what changed is told, and one goes back and forth', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout');
  const list = page.getByRole('list', { name: 'History', exact: true });
  const rows = list.locator(':scope > li');
  await rows.nth(4).waitFor();
  await list.getByText('Change scheduled').waitFor();
  await list.getByText('Order of rules').waitFor();
  await list.getByText(HOSTILE).first().waitFor();
  await look(page, 'history');
  assert.equal(await page.locator('#main img').count(), 0);

  const before = await flag('new-checkout', 'development');
  await rows.last().getByRole('button', { name: 'Roll back to revision' }).click();
  const dialog = page.getByRole('dialog', { name: /Roll New checkout back to revision/ });
  await dialog.getByText('Some of it is shared').waitFor();
  await dialog.getByText('Rule added').waitFor();
  await look(page, 'history-rollback');
  assert.equal(await dialog.getByRole('button', { name: 'Roll back' }).isDisabled(), true, 'the bucketing is shared with production');
  await dialog.getByLabel(/Type new-checkout/).fill('new-checkout');
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText(/New checkout is rolled back to revision \d+ in Development/).waitFor();
  await list.getByText(/^Rolled back to revision \d+$/).waitFor();
  const then = await flag('new-checkout', 'development');
  assert.deepEqual(then.targeting_rules.map((rule) => rule.name), ['Our own people', 'A quarter of the pro plan', 'Beta testers']);
  assert.deepEqual(then.tags, ['web', 'payments']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await list.getByText(/^Rolled back to revision \d+$/).nth(1).waitFor();
  assert.deepEqual((await flag('new-checkout', 'development')).targeting_rules.map(({ id, name }) => [id, name]), before.targeting_rules.map(({ id, name }) => [id, name]));
  await close();
});

test('production asks by name, a change of somebody else appears', async () => {
  const { page, close } = await window(server);
  await open(page, 'search-ranker', 'production');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('Turned off').waitFor();
  await page.getByRole('button', { name: 'Roll back to revision' }).last().click();
  const dialog = page.getByRole('dialog', { name: /Roll Search ranker back/ });
  await dialog.getByLabel(/Type search-ranker/).fill('search-ranker');
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText(/Search ranker is rolled back/).waitFor();
  assert.equal((await flag('search-ranker', 'production')).enabled, true);
  await server.api('PUT', `/flags/search-ranker${at('production')}`, { default_variation: 'hybrid' });
  await page.getByRole('list', { name: 'History', exact: true }).getByText('Hybrid').first().waitFor({ timeout: 1_500 });
  await close();
});

test('a viewer looks and cannot go back', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout', 'development', people.viewer);
  await page.getByText('Your role is viewer').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Roll back' }).count(), 0);
  await look(page, 'history-viewer');
  await close();
});

test('a long history comes in parts', async () => {
  for (let number = 0; number < 35; number += 1) await server.api('POST', `/flags/page-size/toggle${at('staging')}`, { enabled: number % 2 === 0 });
  const { page, close } = await window(server);
  await open(page, 'page-size', 'staging');
  const rows = page.getByRole('list', { name: 'History', exact: true }).locator(':scope > li');
  await rows.first().waitFor();
  assert.ok(await rows.count() < 36);
  await page.getByRole('button', { name: 'Show earlier ones' }).click();
  await page.getByText('What it began with').waitFor();
  assert.equal(await rows.count(), 36);
  await close();
});

test('a frozen environment asks an admin why, and tells others that it is frozen', async () => {
  await server.api('POST', `/flags/upload-limits/toggle${at('staging')}`, { enabled: true });
  await server.api('POST', `/environments/${server.environments.staging.id}/freeze`, { reason: 'A holiday' });
  const { page, close } = await window(server);
  await open(page, 'upload-limits', 'staging');
  await page.getByRole('button', { name: 'Roll back to revision' }).last().click();
  const dialog = page.getByRole('dialog', { name: /Roll Upload limits back/ });
  assert.equal(await dialog.getByRole('button', { name: 'Roll back' }).isDisabled(), true);
  await dialog.getByLabel('Why this cannot wait').fill('Uploads fail');
  await look(page, 'history-frozen');
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText('Upload limits is rolled back').waitFor();
  assert.equal((await flag('upload-limits', 'staging')).enabled, false);
  await close();

  const other = await window(server);
  await open(other.page, 'upload-limits', 'staging', people.editor);
  await other.page.getByText('Staging is frozen: A holiday').waitFor();
  assert.equal(await other.page.getByRole('button', { name: 'Roll back' }).count(), 0);
  await other.close();
  await server.api('POST', `/environments/${server.environments.staging.id}/unfreeze`);
});
