// The settings: the audit log tells who did what, is narrowed, unfolded, taken along and checked.
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let base;
before(async () => {
  server = await serve({ seed: seed(70), more: ['--rate-limit-auth', '0'] });
  const environment = `environment_id=${server.environments.development.id}`;
  base = `/flags/hostile/toggle?${environment}`;
  await server.api('POST', base, { enabled: true });
  await server.api('PUT', `/flags/page-size?${environment}`, { name: 'Page <b>size</b>' });
});
after(async () => { await end(); await server.stop(); });

const AT = '/p/shop/settings/audit-log?env=development';
const rows = (page) => page.getByRole('list', { name: 'Audit log' }).getByRole('listitem');

test('it tells who did what, is narrowed and unfolded', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: AT });
  await rows(page).filter({ hasText: `turned on the flag ${HOSTILE}` }).waitFor();
  const known = (await (await fetch(`${server.url}/openapi.json`)).json()).components.schemas;
  assert.deepEqual((await page.getByLabel('Action').locator('option').evaluateAll((all) => all.map((one) => one.value))).sort(), ['', ...known.AuditAction.enum].sort());
  assert.deepEqual((await page.getByLabel('Kind of thing').locator('option').evaluateAll((all) => all.map((one) => one.value))).sort(), ['', ...known.AuditResource.enum].sort());
  assert.equal(await rows(page).count(), 50);
  await look(page, 'settings-audit');
  await page.getByRole('button', { name: 'Show more' }).click();
  await rows(page).nth(60).waitFor();

  await page.getByLabel('Action').selectOption('flag.updated');
  await rows(page).filter({ hasText: 'changed the flag Page <b>size</b>' }).getByRole('button').first().click();
  const change = page.locator('.change').filter({ hasText: 'name' });
  await change.getByText('Page <b>size</b>').waitFor();
  await look(page, 'settings-audit-entry');
  await page.getByRole('button', { name: 'Only this thing' }).click();
  await rows(page).filter({ hasText: 'made the flag' }).waitFor();
  assert.equal(await rows(page).count(), 2);
  await page.reload();
  await rows(page).filter({ hasText: 'made the flag' }).waitFor();
  assert.equal(await rows(page).count(), 2);
  await page.getByLabel('To').fill('2020-01-01T00:00');
  await page.getByRole('heading', { name: 'Nothing is found' }).waitFor();
  await look(page, 'settings-audit-nothing');
  await page.getByRole('button', { name: 'Clear the filters' }).first().click();
  // What happens now is there at once.
  await server.api('POST', base, { enabled: false });
  await rows(page).first().filter({ hasText: `turned off the flag ${HOSTILE}` }).waitFor();
  assert.equal(await page.locator('#main :is(img, b)').count(), 0);
  await close();
});

test('it is taken along and checked', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: `${AT}&kind=flag` });
  await rows(page).first().waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const lines = (await readFile(await (await saving).path(), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.length > 70 && lines.every((entry) => entry.resource_type === 'flag'));
  await page.getByRole('button', { name: 'Check the log' }).click();
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  const verdict = page.getByRole('dialog', { name: 'The audit log is whole' });
  await verdict.getByText(/All [\d,]+ entries fit/).waitFor();
  await look(page, 'settings-audit-whole');
  await close();
});

test('a viewer reads it', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.viewer, at: AT });
  await rows(page).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Check the log' }).count(), 0);
  await close();
});
