// The settings: API keys are made, rotated and revoked; who is no admin is told so.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { people, seed } from '../support/seed.js';

let server;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  // A seeded server has keys; the walk begins with none in Staging.
  for (const key of await server.api('GET', `/api-keys?environment_id=${server.environments.staging.id}`)) await server.api('DELETE', `/api-keys/${key.id}`);
});
after(async () => { await end(); await server.stop(); });

const open = (page, tab, who = {}) => signIn(page, server, { ...who, at: `/p/shop/settings/${tab}?env=staging` });
const works = async (key) => (await fetch(`${server.api_url}/evaluate`, { method: 'POST', headers: { 'X-API-Key': key, 'Content-Type': 'application/json' }, body: '{"flags":["*"],"context":{"user_key":"u"}}' })).status;

test('an API key is made, shown once, rotated and revoked', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  await page.getByRole('button', { name: /Environment/ }).click();
  await page.getByRole('menuitemradio', { name: 'Staging' }).click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'No API keys for Staging' }).waitFor();
  await look(page, 'settings-keys-none');
  await page.getByRole('button', { name: 'New API key' }).click();
  const dialog = page.getByRole('dialog', { name: 'New API key for Staging' });
  await dialog.getByLabel('Name').fill('Web <b>shop</b>');
  await dialog.getByLabel('Expires').selectOption('90');
  await look(page, 'settings-keys-new');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'New API key' }).click();
  await dialog.getByLabel('Name').fill('Web <b>shop</b>');
  await dialog.getByLabel('Expires').selectOption('90');
  await dialog.getByRole('button', { name: 'Create the key' }).click();
  const secret = page.getByRole('region', { name: 'The new key Web <b>shop</b>' });
  await secret.waitFor();
  const rows = page.getByRole('list', { name: 'API keys' }).getByRole('listitem');
  await rows.first().waitFor();
  await look(page, 'settings-keys-made');
  const first = await secret.locator('.copy-line code').innerText();
  assert.equal(await works(first), 200);
  await secret.getByRole('button', { name: 'Copy the key' }).click();
  await secret.getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), first);
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  await secret.waitFor({ state: 'detached' });
  assert.equal(await page.getByText(first).count(), 0);

  await rows.first().getByRole('button', { name: 'Rotate' }).click();
  const rotation = page.getByRole('dialog', { name: 'Rotate Web <b>shop</b>?' });
  await rotation.getByLabel('The old key').selectOption('0');
  await look(page, 'settings-keys-rotate');
  await rotation.getByRole('button', { name: 'Rotate' }).click();
  await secret.waitFor();
  const second = await secret.locator('.copy-line code').innerText();
  assert.notEqual(second, first);
  assert.equal(await works(second), 200);
  assert.equal(await works(first), 401);
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  await rows.nth(1).waitFor();
  await page.getByText('expired', { exact: true }).waitFor();
  await look(page, 'settings-keys');

  await rows.filter({ has: page.getByRole('button', { name: 'Rotate' }) }).getByRole('button', { name: 'Revoke' }).click();
  const revocation = page.getByRole('dialog', { name: 'Revoke Web <b>shop</b>?' });
  await look(page, 'settings-keys-revoke');
  await revocation.getByRole('button', { name: 'Revoke the key' }).click();
  await page.getByText('The key Web <b>shop</b> is revoked').waitFor();
  assert.equal(await works(second), 401);
  await page.locator('.settings-row').nth(1).waitFor({ state: 'detached' });
  assert.equal(await page.locator('#main b').count(), 0);
  await close();
});

test('a key stays with its environment', async () => {
  const { page, close } = await window(server);
  await server.api('POST', `/api-keys?environment_id=${server.environments.production.id}`, { name: 'Only production', kind: 'client' });
  await open(page, 'api-keys');
  await page.getByText('Keys for Staging').waitFor();
  assert.equal(await page.getByText('Only production').count(), 0);
  await page.getByRole('button', { name: /Environment/ }).click();
  await page.getByRole('menuitemradio', { name: 'Production' }).click();
  await page.getByText('Only production').first().waitFor();
  await close();
});

test('who is no admin is told so', async () => {
  const { page, close } = await window(server);
  await open(page, 'api-keys', people.editor);
  await page.getByText('You are an editor of the organization').waitFor();
  await look(page, 'settings-keys-editor');
  assert.equal(await page.getByRole('button', { name: 'New API key' }).count(), 0);
  await close();
});
