// Comparing environments: what differs, choosing, a look at what would change, and the promotion.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(2), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const open = (page, query, who = {}) => signIn(page, server, { ...who, at: `/p/shop/compare?${query}` });
const flag = (key, environment) => server.api('GET', `/flags/${key}?environment_id=${server.environments[environment].id}`);
const row = (page, name) => page.getByRole('list', { name: 'Differences' }).getByRole('listitem').filter({ hasText: name }).first();

test('differences are shown, some are promoted', async () => {
  await server.api('POST', `/flags/hostile/toggle?environment_id=${server.environments.development.id}`, { enabled: true });
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags?env=staging' });
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Compare' }).click();
  await row(page, 'New checkout').getByText('turned on').waitFor();
  await row(page, 'New checkout').getByText('3 rules added').waitFor();
  await row(page, 'New checkout').getByRole('button', { name: 'What differs of New checkout' }).click();
  await row(page, 'New checkout').getByRole('region', { name: 'After' }).getByText('Our own people').waitFor();
  await row(page, HOSTILE).getByRole('checkbox').check();
  await row(page, 'New checkout').getByRole('checkbox').check();
  await look(page, 'compare');
  await page.reload();
  await page.getByText('2 flags chosen').waitFor();
  await page.getByRole('button', { name: 'Preview the promotion' }).click();
  const dialog = page.getByRole('dialog', { name: 'Promote 2 flags from Development to Staging' });
  await dialog.getByText('2 flags would change').waitFor();
  await dialog.getByLabel('On or off').uncheck();
  await dialog.getByText('1 flag would stay').waitFor();
  await dialog.getByText('3 rules added').waitFor();
  await look(page, 'compare-preview');
  await dialog.getByRole('button', { name: 'Promote to Staging' }).click();
  await page.getByRole('region', { name: 'Promoted' }).getByText('1 flag changed').waitFor();
  await row(page, 'New checkout').getByText('turned on', { exact: true }).waitFor();
  await look(page, 'compare-promoted');
  const now = await flag('new-checkout', 'staging');
  assert.deepEqual([now.enabled, now.targeting_rules.length], [false, 3]);
  assert.equal((await flag('hostile', 'staging')).enabled, false);
  assert.equal(await page.locator('#main img').count(), 0);
  await close();
});

test('production asks for its name; afterwards nothing differs', async () => {
  const { page, close } = await window(server);
  await open(page, 'from=staging&to=production&env=development');
  await page.getByLabel('All', { exact: true }).check();
  await page.getByRole('button', { name: 'Preview the promotion' }).click();
  await page.getByRole('dialog', { name: /^Promote/ }).getByRole('button', { name: 'Promote to Production' }).click();
  const asked = page.getByRole('dialog', { name: /^Change .* in Production/ });
  assert.equal(await asked.getByRole('button', { name: 'Promote' }).isDisabled(), true);
  await asked.getByLabel('Type production to go on').fill('production');
  await look(page, 'compare-production');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'No differences' }).waitFor();
  await look(page, 'compare-none');
  assert.equal((await flag('search-ranker', 'production')).enabled, false);
  // Which two is in the address, and what somebody else changes appears.
  await server.api('POST', `/flags/page-size/toggle?environment_id=${server.environments.staging.id}`, { enabled: true });
  await row(page, 'Page size').getByText('turned on').waitFor({ timeout: 1_500 });
  await page.getByRole('button', { name: 'Swap the two' }).click();
  await row(page, 'Page size').getByText('turned off').waitFor();
  assert.match(page.url(), /from=production&to=staging/);
  await page.getByLabel('Search the differences').fill('no such flag');
  await page.getByRole('heading', { name: 'No difference is like that' }).waitFor();
  await close();
});

test('a frozen environment asks an admin why, and refuses others', async () => {
  await server.api('POST', `/flags/page-size/toggle?environment_id=${server.environments.development.id}`, { enabled: true });
  await server.api('POST', `/flags/page-size/toggle?environment_id=${server.environments.staging.id}`, { enabled: false });
  await server.api('POST', `/environments/${server.environments.staging.id}/freeze`, { reason: 'Release weekend' });
  const { page, close } = await window(server);
  await open(page, 'from=development&to=staging');
  await row(page, 'Page size').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Preview the promotion' }).click();
  const dialog = page.getByRole('dialog', { name: 'Promote 1 flag from Development to Staging' });
  await dialog.getByRole('button', { name: 'Promote to Staging' }).click();
  await page.getByLabel('Why this cannot wait').fill('The shop is down');
  await page.getByRole('button', { name: 'Promote', exact: true }).click();
  await page.getByRole('region', { name: 'Promoted' }).waitFor();
  assert.equal((await flag('page-size', 'staging')).enabled, true);
  await close();
  const other = await window(server);
  await open(other.page, 'from=development&to=staging', people.editor);
  await other.page.getByText('Staging is frozen: Release weekend').waitFor();
  assert.equal(await other.page.getByLabel('All', { exact: true }).isDisabled(), true);
  await server.api('POST', `/environments/${server.environments.staging.id}/unfreeze`);
  await other.close();
});

test('a viewer sees what differs and cannot promote', async () => {
  const { page, close } = await window(server);
  await open(page, 'from=development&to=production', people.viewer);
  await page.getByText('Your role is viewer').waitFor();
  await row(page, HOSTILE).waitFor();
  assert.equal(await page.getByLabel('All', { exact: true }).isDisabled(), true);
  await look(page, 'compare-viewer');
  await close();
});
