// The settings: environments are made, renamed, frozen and deleted; who is no admin sees them.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let project;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  [project] = await server.api('GET', '/projects');
});
after(async () => { await end(); await server.stop(); });

const AT = '/p/shop/settings/environments?env=development';
const all = async () => Object.fromEntries((await server.api('GET', `/environments?project_id=${project.id}`)).map((one) => [one.key, one]));
const rowOf = (page, text) => page.getByRole('list', { name: 'Environments' }).getByRole('listitem').filter({ hasText: text });

test('an environment is made, renamed, frozen, unfrozen and deleted', async () => {
  const { page, close } = await window(server, { refused: [409, 412] });
  await signIn(page, server, { at: AT });
  await rowOf(page, 'Production').waitFor();
  await look(page, 'settings-environments');
  await page.getByRole('button', { name: 'New environment' }).click();
  const dialog = page.getByRole('dialog', { name: 'New environment' });
  await dialog.getByLabel('Name').fill('Staging');
  await dialog.getByRole('button', { name: 'Create the environment' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Name').fill('Load test');
  assert.equal(await dialog.getByLabel('Key').inputValue(), 'load-test');
  await dialog.getByLabel('What it is for').selectOption('staging');
  await dialog.getByTitle('Violet').click();
  await look(page, 'settings-environments-new');
  await dialog.getByRole('button', { name: 'Create the environment' }).click();
  await rowOf(page, 'Load test').waitFor();
  assert.equal((await all())['load-test'].color, '#7c3aed');

  await rowOf(page, 'Load test').getByRole('button', { name: /Edit/ }).click();
  const change = page.getByRole('dialog', { name: 'Change Load test' });
  await change.getByLabel('Name').fill(HOSTILE);
  await change.getByRole('button', { name: 'Save' }).click();
  const hostile = rowOf(page, HOSTILE);
  await hostile.waitFor();
  assert.equal((await all())['load-test'].name, HOSTILE);

  // Somebody else changed it meanwhile: that is not overwritten.
  await hostile.getByRole('button', { name: /Edit/ }).click();
  const late = page.getByRole('dialog');
  await late.getByLabel('Name').fill('Mine');
  await server.api('PUT', `/environments/${(await all())['load-test'].id}`, { color: '#000000' });
  await late.getByRole('button', { name: 'Save' }).click();
  await late.getByRole('alert').waitFor();
  assert.equal(await late.getByLabel('Name').inputValue(), 'Mine');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Freeze Staging' }).click();
  const freeze = page.getByRole('dialog', { name: 'Freeze Staging?' });
  await freeze.getByLabel('Reason').fill('Year-end sales until January 2nd');
  await look(page, 'settings-environments-freeze');
  await freeze.getByRole('button', { name: 'Freeze' }).click();
  await page.getByText('Frozen: Year-end sales until January 2nd').waitFor();
  assert.equal((await all()).staging.frozen, true);
  await look(page, 'settings-environments-frozen');
  await page.getByRole('button', { name: 'Unfreeze Staging' }).click();
  await page.getByRole('dialog', { name: 'Unfreeze Staging?' }).getByRole('button', { name: 'Unfreeze' }).click();
  await page.getByText('Frozen: ').waitFor({ state: 'detached' });
  assert.equal((await all()).staging.frozen, false);

  await server.api('POST', `/environments/${(await all())['load-test'].id}/freeze`, { reason: 'Being measured' });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await hostile.getByText('Being measured').waitFor();
  await hostile.getByRole('button', { name: /Delete/ }).click();
  const gone = page.getByRole('dialog');
  await gone.getByText('0 API keys').waitFor();
  assert.ok(await gone.getByRole('button', { name: 'Delete the environment' }).isDisabled());
  await gone.getByLabel(/Type/).fill('load-test');
  await gone.getByLabel(/Why this cannot wait/).fill('Measured <b>enough</b>');
  await look(page, 'settings-environments-delete');
  await gone.getByRole('button', { name: 'Delete the environment' }).click();
  await hostile.waitFor({ state: 'detached' });
  assert.equal((await all())['load-test'], undefined);
  await page.waitForFunction(() => document.activeElement?.classList.contains('settings-row'));
  await close();
});

test('who is no admin sees them', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.viewer, at: AT });
  await page.getByText('Only admins can change environments.').waitFor();
  await rowOf(page, 'Production').waitFor();
  await look(page, 'settings-environments-viewer');
  assert.equal(await page.getByRole('button', { name: /New environment|Edit|Freeze|Delete/ }).count(), 0);
  await close();
});
