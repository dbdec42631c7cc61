// The list of flags: what is in it, switching, searching, making one, and what others change meanwhile.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed() }); });
after(async () => { await end(); await server.stop(); });

const toggle = (page, flag, environment) => page.getByRole('switch', { name: `${flag} in ${environment}`, exact: true });
const state = async (flag, environment) => (await server.api('GET', `/flags/${flag}?environment_id=${server.environments[environment].id}`)).enabled;
const open = (page, search = '') => signIn(page, server, { at: `/p/shop/flags?env=development${search}` });

test('a switch works at once, and back', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Staging').waitFor();
  await look(page, 'flags');
  await toggle(page, 'Page size', 'Staging').click();
  await page.getByText('Page size is on in Staging').waitFor();
  assert.equal(await state('page-size', 'staging'), true);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('[role=switch][aria-label="Page size in Staging"][aria-checked=false]:not([aria-busy])').waitFor();
  assert.equal(await state('page-size', 'staging'), false);
  await close();
});

test('production asks for the name', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Production').click();
  const dialog = page.getByRole('dialog', { name: 'Turn Page size on in Production?' });
  await dialog.waitFor();
  await look(page, 'flags-production');
  assert.equal(await dialog.getByRole('button', { name: 'Turn on' }).isDisabled(), true);
  await dialog.getByLabel('Type page-size to go on').fill('page-size');
  await page.keyboard.press('Enter');
  await page.getByText('Page size is on in Production').waitFor();
  assert.equal(await state('page-size', 'production'), true);
  await close();
});

test('a hostile name stays text', async () => {
  const { page, close } = await window(server);
  await open(page);
  await page.getByRole('link', { name: HOSTILE }).waitFor();
  assert.equal(await page.locator('#main img, #main script, #main b').count(), 0);
  await close();
});

test('a change by somebody else appears', async () => {
  const { page, close } = await window(server);
  await open(page);
  await page.getByText('Live', { exact: true }).waitFor();
  await toggle(page, 'Upload limits', 'Staging').waitFor();
  await server.api('POST', `/flags/upload-limits/toggle?environment_id=${server.environments.staging.id}`, { enabled: true });
  await page.locator('[role=switch][aria-label="Upload limits in Staging"][aria-checked=true]').waitFor({ timeout: 1_000 });
  await server.api('POST', `/flags?environment_id=${server.environments.staging.id}`, {
    key: 'from-elsewhere', name: 'From elsewhere', flag_type: 'boolean', default_variation: 'off', variations: [{ key: 'on', value: true }, { key: 'off', value: false }],
  });
  await page.getByRole('link', { name: 'From elsewhere' }).waitFor({ timeout: 1_000 });
  await close();
});

test('who may only look cannot switch', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.viewer, at: '/p/shop/flags?env=development' });
  const one = toggle(page, 'Page size', 'Staging');
  await one.waitFor();
  assert.equal(await one.getAttribute('aria-disabled'), 'true');
  await one.click({ force: true });
  assert.equal(await page.getByRole('button', { name: 'New flag' }).count(), 0);
  assert.equal(await state('page-size', 'staging'), false);
  await close();
});

test('keys alone: search, move, switch, make a flag', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Staging').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('small change 1');
  await page.getByText('11 found').waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const current = page.locator('.flag-row.current');
  const name = await current.getByRole('link').innerText();
  const one = toggle(page, name, 'Development');
  const was = await one.getAttribute('aria-checked');
  await page.keyboard.press('t');
  await page.locator(`[role=switch][aria-label="${name} in Development"][aria-checked=${was === 'true' ? 'false' : 'true'}]:not([aria-busy])`).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await look(page, 'keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.getByRole('dialog', { name: 'New flag' }).waitFor();
  await page.keyboard.type('Made by keys');
  await look(page, 'new-flag');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/p/shop/flags/made-by-keys');
  assert.equal(await state('made-by-keys', 'development'), false);
  await close();
});
