// What follows in a flag's life: it is copied, archived, restored and deleted, if nothing stands in the way.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let at;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  at = `?environment_id=${server.environments.development.id}`;
  await server.api('PUT', `/flags/page-size${at}`, { prerequisites: [{ flag_key: 'new-checkout', variation_key: 'on' }] });
});
after(async () => { await end(); await server.stop(); });

const open = (page, flag, who = {}) => signIn(page, server, { ...who, at: `/p/shop/flags/${flag}?env=development` });
const more = async (page, name, item) => {
  await page.getByRole('button', { name: `More about ${name}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

test('a flag is archived, restored and deleted, each by its key', async () => {
  const { page, close } = await window(server, { refused: [404] });
  await open(page, 'hostile');
  await page.getByRole('button', { name: `More about ${HOSTILE}` }).click();
  await page.getByRole('menuitem', { name: 'Archive…' }).waitFor();
  await look(page, 'life-menu');
  await page.getByRole('menuitem', { name: 'Archive…' }).click();
  const asked = page.getByRole('dialog');
  assert.equal(await asked.getByRole('button', { name: 'Archive' }).isDisabled(), true);
  await look(page, 'life-archive');
  await asked.getByLabel(/Type hostile/).fill('hostile');
  await asked.getByRole('button', { name: 'Archive' }).click();
  await page.getByText(`${HOSTILE} is archived.`).waitFor();
  await page.locator('.page-head .chip').getByText('archived').waitFor();
  assert.equal((await server.api('GET', `/flags/hostile${at}`)).status, 'archived');

  await more(page, HOSTILE, 'Restore…');
  await asked.getByLabel(/Type hostile/).fill('hostile');
  await asked.getByRole('button', { name: 'Restore' }).click();
  await page.getByText(`${HOSTILE} is active again.`).waitFor();
  assert.equal((await server.api('GET', `/flags/hostile${at}`)).status, 'active');

  await server.api('DELETE', `/flags/hostile${at}`);
  await page.locator('.page-head .chip').getByText('archived').waitFor();
  await more(page, HOSTILE, 'Delete for good…');
  await asked.getByLabel(/Type hostile/).fill('hostile');
  await look(page, 'life-delete');
  await asked.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText(`${HOSTILE} is deleted.`).waitFor();
  await page.getByRole('heading', { name: 'Flags', level: 1 }).waitFor();
  await assert.rejects(server.api('GET', `/flags/hostile${at}`), /404/);
  await close();
});

test('what others require stays, and it is said who they are', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout', people.editor);
  await more(page, 'New checkout', 'Archive…');
  const dialog = page.getByRole('dialog', { name: 'New checkout cannot be archived' });
  await dialog.getByRole('link', { name: 'Page size' }).waitFor();
  await look(page, 'life-dependents');
  await dialog.getByRole('link', { name: 'Page size' }).click();
  await page.getByRole('heading', { name: 'Page size', level: 1 }).waitFor();
  await close();
});

test('a copy is a flag of its own, off everywhere', async () => {
  const { page, close } = await window(server, { refused: [409] });
  await open(page, 'search-ranker');
  await more(page, 'Search ranker', 'Copy…');
  const dialog = page.getByRole('dialog', { name: 'Copy Search ranker' });
  await dialog.getByLabel('Key').fill('page-size');
  await dialog.getByRole('button', { name: 'Make the copy' }).click();
  await dialog.getByRole('alert').waitFor();
  await look(page, 'life-copy');
  await dialog.getByLabel('Key').fill('search-ranker-two');
  await dialog.getByRole('button', { name: 'Make the copy' }).click();
  await page.getByRole('heading', { name: 'Search ranker copy', level: 1 }).waitFor();
  const made = await server.api('GET', `/flags/search-ranker-two?environment_id=${server.environments.production.id}`);
  assert.deepEqual([made.enabled, made.targeting_rules.length], [false, 1]);
  await close();
});

test('a viewer may do none of it, and is told so', async () => {
  const { page, close } = await window(server);
  await open(page, 'page-size', people.viewer);
  await page.getByRole('button', { name: 'More about Page size' }).click();
  const item = page.getByRole('menuitem', { name: /Archive…/ });
  assert.equal(await item.getAttribute('aria-disabled'), 'true');
  await item.getByText('Your role is viewer').waitFor({ state: 'attached' });
  await close();
});

test('archiving while an environment is frozen asks why', async () => {
  await server.api('POST', `/environments/${server.environments.staging.id}/freeze`, { reason: 'A holiday' });
  const { page, close } = await window(server);
  await open(page, 'upload-limits');
  await more(page, 'Upload limits', 'Archive…');
  const dialog = page.getByRole('dialog', { name: 'Archive Upload limits?' });
  await dialog.getByLabel(/Type upload-limits/).fill('upload-limits');
  assert.equal(await dialog.getByRole('button', { name: 'Archive' }).isDisabled(), true);
  await dialog.getByLabel('Why this cannot wait').fill('It is in the way');
  await look(page, 'life-frozen');
  await dialog.getByRole('button', { name: 'Archive' }).click();
  await page.getByText('Upload limits is archived').waitFor();
  assert.equal((await server.api('GET', `/flags/upload-limits${at}`)).status, 'archived');
  await close();
});
