// What is typed into a form survives a reload: the form is open again, with all of it, until it is sent or given up. Nobody else
// finds it, and a secret is not kept at all.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, signIn, window } from '../support/browser.js';
import { seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed() }); });
after(async () => { await end(); await server.stop(); });

const kept = (page) => page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)));

test('a flag that is being made', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  await page.getByRole('button', { name: 'New flag' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Half typed');
  await page.getByRole('dialog').getByLabel('Type', { exact: true }).selectOption('json');
  await page.getByLabel('Value of variation 1').fill('{"half": ');
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'New flag' });
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Half typed');
  assert.equal(await dialog.getByLabel('Key', { exact: true }).inputValue(), 'half-typed');
  assert.equal(await dialog.getByLabel('Value of variation 1').inputValue(), '{"half": ');
  assert.ok(await dialog.evaluate((element) => element.contains(document.activeElement)), 'the focus is in it');
  await dialog.getByLabel('Value of variation 1').fill('{"whole": true}');
  await dialog.getByRole('button', { name: 'Create the flag' }).click();
  await page.getByRole('heading', { name: 'Half typed' }).waitFor();
  assert.ok(!(await kept(page)).includes('Half typed'), 'what was sent is forgotten');
  await close();
});

test('what was given up is gone', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/settings/environments' });
  await page.getByRole('button', { name: 'New environment' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Attic');
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'New environment' });
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Attic');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'New environment' }).click();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), '');
  await close();
});

test('what is changed of one of several', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/settings/environments' });
  await page.getByRole('button', { name: 'Edit Staging' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Rehearsal');
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Change Staging' });
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Rehearsal');
  await close();
});

test('nobody else finds it, and who signs out leaves nothing', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/segments' });
  await page.getByRole('button', { name: 'New segment' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Insiders');
  assert.ok((await kept(page)).includes('Insiders'));
  // Somebody else's session, in the same tab: as if it had been theirs all along.
  await page.evaluate(() => {
    for (const [name, text] of Object.entries(sessionStorage)) sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(text), user: 'usr_other' }));
  });
  await page.reload();
  await page.getByRole('button', { name: 'New segment' }).first().click();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '');
  assert.ok(!(await kept(page)).includes('Insiders'), 'it is wiped');

  await page.getByLabel('Name', { exact: true }).fill('Outsiders');
  await page.reload();
  await page.getByRole('dialog', { name: 'New segment' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'New segment' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Outsiders');
  await page.reload();
  await page.getByRole('dialog', { name: 'New segment' }).waitFor();
  assert.ok((await kept(page)).includes('Outsiders'));
  await close();
});

test('a password is not kept', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/profile' });
  await page.getByLabel('Current password').fill('one secret of mine');
  await page.getByLabel('New password').fill('another secret of mine');
  assert.ok(!(await kept(page)).includes('secret of mine'));
  assert.ok(!(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).includes('secret of mine'));
  await close();
});
