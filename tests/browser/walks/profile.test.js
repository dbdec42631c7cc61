// The profile: the name, the password, and a personal access token that is made and revoked.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const works = async (token) => (await fetch(`${server.api_url}/projects`, { headers: { Authorization: `Bearer ${token}` } })).status;

test('the name, the password and a token', async () => {
  const { page, close } = await window(server, { refused: [400, 401, 403, 422] });
  await signIn(page, server, { ...people.editor, at: '/p/shop/flags' });
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Profile' }).click();
  await page.getByText('You have no tokens').waitFor();
  await look(page, 'profile');
  await page.getByLabel('Your name').fill('Emil <b>Post</b>');
  await page.reload();
  await page.getByText('You have no tokens').waitFor();
  assert.equal(await page.getByLabel('Your name').inputValue(), 'Emil <b>Post</b>', 'a reload loses nothing');
  await page.getByRole('button', { name: 'Save the name' }).click();
  await page.getByText('Your name is saved').waitFor();
  await page.getByRole('button', { name: 'Account of Emil <b>Post</b>' }).waitFor();
  assert.equal(await page.evaluate(() => Object.keys(sessionStorage).some((name) => name.endsWith(' profile'))), false, 'what is saved is not kept');
  await page.getByLabel('Current password').fill('not the password');
  await page.getByLabel('New password').fill('battery staple horse');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.locator('.profile-form :is(.fault, .note.danger)').waitFor();
  await look(page, 'profile-refused');
  await page.getByLabel('Current password').fill(people.editor.password);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('Your password is changed').waitFor();

  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog', { name: 'New personal access token' });
  await dialog.getByLabel('Name').fill('Deployment');
  assert.equal(await dialog.getByLabel('Role').locator('option').count(), 2);
  await dialog.getByLabel('Role').selectOption('editor');
  await look(page, 'profile-new-token');
  await dialog.getByRole('button', { name: 'Create the token' }).click();
  const secret = page.getByRole('region', { name: 'The new token Deployment' });
  const token = await secret.locator('.copy-line code').innerText();
  assert.equal(await works(token), 200);
  await page.getByRole('button', { name: 'Revoke Deployment' }).waitFor();
  await look(page, 'profile-token');
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('button', { name: 'Revoke Deployment' }).click();
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await page.getByText('The token Deployment is revoked').waitFor();
  await page.getByText('You have no tokens').waitFor();
  assert.equal(await works(token), 401);
  await close();
});
