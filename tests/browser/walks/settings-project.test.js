// The settings: a project is made from the switcher, changed and deleted; its organization is renamed; a backup is taken.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const projects = async () => Object.fromEntries((await server.api('GET', '/projects')).map((one) => [one.key, one]));

test('a project is made, changed and deleted', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  await page.getByRole('button', { name: /^Project/ }).click();
  await page.getByRole('menuitem', { name: 'New project' }).click();
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.getByLabel('Name').fill('Mobile apps');
  assert.equal(await dialog.getByLabel('Key').inputValue(), 'mobile-apps');
  await look(page, 'settings-project-new');
  await dialog.getByRole('button', { name: 'Create the project' }).click();
  await page.waitForURL(/\/p\/mobile-apps\/flags/);
  assert.equal((await projects())['mobile-apps'].name, 'Mobile apps');

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Project' }).click();
  await page.getByRole('button', { name: 'Edit the project' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Project');
  await page.getByRole('button', { name: 'Edit the project' }).click();
  const change = page.getByRole('dialog', { name: 'Change Mobile apps' });
  await change.getByLabel('Name').fill(HOSTILE);
  await change.getByLabel('What it is for').fill('Everything on phones');
  await change.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Everything on phones').waitFor();
  await page.getByRole('button', { name: 'Rename the organization' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Acme Labs');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('The organization is renamed').waitFor();
  assert.equal((await server.api('GET', '/organizations'))[0].name, 'Acme Labs');
  await look(page, 'settings-project');

  await page.getByRole('button', { name: 'Delete…' }).click();
  const gone = page.getByRole('dialog');
  await gone.getByLabel(/Type/).fill('mobile-apps');
  await look(page, 'settings-project-delete');
  await gone.getByRole('button', { name: 'Delete the project' }).click();
  await page.getByText('is deleted.').waitFor();
  await page.getByRole('button', { name: /^Project Shop/ }).waitFor();
  assert.deepEqual(Object.keys(await projects()), ['shop']);
  assert.equal(await page.locator('#main img').count(), 0);
  await close();
});

test('a backup is taken, and is whole', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/settings/backup' });
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download a backup' }).click();
  const saved = await saving;
  assert.match(saved.suggestedFilename(), /^phaseflag-\w+\.redb$/);
  await page.getByText(`${saved.suggestedFilename()} is saved`).waitFor();
  await promisify(execFile)(process.env.PHASEFLAG, ['verify', await saved.path()]);
  await look(page, 'settings-backup');
  await close();
});

test('a backup that breaks off is not saved', async () => {
  const { page, close } = await window(server, { refused: [503] });
  await page.route('**/api/v1/system/backup', (route) => route.fulfill({ status: 503, json: { error: { code: 'BUSY', message: 'another backup is being taken' } } }));
  await signIn(page, server, { at: '/p/shop/settings/backup' });
  await page.getByRole('button', { name: 'Download a backup' }).click();
  await page.getByText('another backup is being taken Nothing was saved.').waitFor();
  await look(page, 'settings-backup-failed');
  await close();
});

test('who is no admin sees the project, and no backup', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.viewer, at: '/p/shop/settings/project' });
  await page.getByText('Only admins can change the project.').waitFor();
  assert.equal(await page.getByRole('button', { name: /Edit|Rename|Delete/ }).count(), 0);
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Backup' }).click();
  await page.getByText('You are a viewer of the organization').waitFor();
  await page.getByRole('button', { name: /^Project/ }).click();
  assert.equal(await page.getByRole('menuitem', { name: 'New project' }).count(), 0);
  await close();
});
