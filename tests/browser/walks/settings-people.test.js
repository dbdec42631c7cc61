// The settings: who belongs to the organization. Somebody is invited and accepts; roles change and are taken back; somebody
// is removed; the last admin stays one.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let base;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  const [organization] = await server.api('GET', '/organizations');
  base = `/organizations/${organization.id}`;
});
after(async () => { await end(); await server.stop(); });

const AT = '/p/shop/settings/members?env=staging';
const roles = async () => Object.fromEntries((await server.api('GET', `${base}/members`)).map((one) => [one.email, one.role]));
const rowOf = (page, list, text) => page.getByRole('list', { name: list }).getByRole('listitem').filter({ hasText: text });

test('somebody is invited, accepts, and is listed; another invitation is withdrawn', async () => {
  const { page, close } = await window(server, { refused: [400] });
  await signIn(page, server, { at: AT });
  await page.getByText('Nobody is invited at the moment.').waitFor();
  await look(page, 'settings-members');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('Email').fill('grace@example.com');
  await dialog.getByLabel('Role').selectOption('editor');
  await look(page, 'settings-members-invite');
  await dialog.getByRole('button', { name: 'Make the invitation' }).click();
  const link = page.getByRole('region', { name: 'The invitation for grace@example.com' });
  await link.getByRole('button', { name: 'Copy the link' }).click();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(address.startsWith(`${server.url}/invitation#token=`));
  await rowOf(page, 'Open invitations', 'grace@example.com').waitFor();
  await look(page, 'settings-members-invited');
  await link.getByRole('button', { name: 'I have sent it' }).click();
  await link.waitFor({ state: 'detached' });

  const guest = await window(server);
  await guest.page.goto(address);
  await guest.page.getByLabel('Name').fill(HOSTILE);
  await guest.page.getByLabel('Email').fill('grace@example.com');
  await guest.page.getByLabel('Password').fill('correct horse battery');
  await guest.page.getByRole('button', { name: 'Create the account' }).click();
  await guest.page.getByRole('navigation', { name: 'Main' }).waitFor();
  await guest.close();
  assert.equal((await roles())['grace@example.com'], 'editor');

  // What no stream tells of is there when the window is looked at again.
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await rowOf(page, 'Members', HOSTILE).waitFor();
  await page.getByText('Nobody is invited at the moment.').waitFor();

  await page.getByRole('button', { name: 'Invite' }).click();
  await dialog.getByLabel('Email').fill('nobody');
  await dialog.getByRole('button', { name: 'Make the invitation' }).click();
  await dialog.locator('.fault').waitFor();
  await dialog.getByLabel('Email').fill('jean@example.com');
  await dialog.getByRole('button', { name: 'Make the invitation' }).click();
  await rowOf(page, 'Open invitations', 'jean@example.com').getByRole('button', { name: /Withdraw/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await page.getByText('Nobody is invited at the moment.').waitFor();
  assert.deepEqual(await server.api('GET', `${base}/invitations`), []);
  await close();
});

test('a role changes and is taken back; somebody is removed; the last admin stays one', async () => {
  const { page, close } = await window(server, { refused: [409] });
  await signIn(page, server, { at: AT });
  const emil = rowOf(page, 'Members', 'emil@example.com');
  await emil.getByRole('button', { name: /^Role of/ }).click();
  await look(page, 'settings-members-roles');
  await emil.getByRole('menuitemradio', { name: /Viewer/ }).click();
  await page.getByText('is viewer now').waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent.includes('Viewer'));
  assert.equal((await roles())['emil@example.com'], 'viewer');
  const undone = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.ok());
  await page.getByRole('button', { name: 'Undo' }).click();
  await undone;
  await emil.getByRole('button', { name: /: editor$/ }).waitFor();
  assert.equal((await roles())['emil@example.com'], 'editor');

  const ada = rowOf(page, 'Members', 'ada@example.com');
  await ada.getByRole('button', { name: /^Role of/ }).click();
  await ada.getByRole('menuitemradio', { name: /Viewer/ }).click();
  const own = page.getByRole('dialog', { name: 'Change your own role?' });
  await own.getByRole('button', { name: 'Become viewer' }).click();
  await own.getByRole('alert').waitFor();
  await look(page, 'settings-members-last-admin');
  await page.keyboard.press('Escape');
  assert.equal((await roles())['ada@example.com'], 'admin');
  await ada.getByRole('button', { name: /: admin$/ }).waitFor();

  const grace = rowOf(page, 'Members', 'grace@example.com');
  await grace.getByRole('button', { name: /Remove/ }).click();
  const dialog = page.getByRole('dialog');
  await look(page, 'settings-members-remove');
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await grace.waitFor({ state: 'detached' });
  assert.equal((await roles())['grace@example.com'], undefined);
  await page.waitForFunction(() => document.activeElement?.classList.contains('settings-row'));
  assert.equal(await page.locator('#main img').count(), 0);
  await close();
});

/** `demote(change)` makes a change of the reader's role while the page asks for nothing: what is refused was then asked for by who
 *  could know better. The page's question for its account is held until the change is made, all others are answered before. */
async function quiet(page) {
  const asked = new Set();
  const held = [];
  let holds = false;
  const isStream = (request) => request.url().endsWith('/stream');
  page.on('request', (request) => { if (!isStream(request)) asked.add(request); });
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => asked.delete(request));
  await page.route('**/auth/me', (route) => (holds ? held.push(route) : route.continue()));
  const waits = () => [...asked].some((request) => !held.some((route) => route.request() === request));
  const frames = () => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  return {
    async demote(change) {
      holds = true;
      do await frames(); while (waits() || await frames().then(waits));
      await change();
      holds = false;
      for (const route of held.splice(0)) await route.continue();
    },
  };
}

test('what another admin does is seen while it is looked at', async () => {
  const { page, close } = await window(server);
  const { demote } = await quiet(page);
  const emil = people.editor;
  await signIn(page, server, { ...emil, at: AT });
  await page.getByRole('heading', { name: /^Members/ }).waitFor();
  const invite = page.getByRole('button', { name: 'Invite' });
  assert.equal(await invite.count(), 0);
  const { user_id: id } = (await server.api('GET', `${base}/members`)).find((one) => one.email === emil.email);
  const become = (role) => server.api('PUT', `${base}/members/${id}`, { role });
  await become('admin');
  await invite.waitFor();
  await server.api('POST', `${base}/invitations`, { email: 'soon@example.com', role: 'viewer' });
  await page.getByText('soon@example.com').first().waitFor();
  await demote(() => become('editor'));
  await invite.waitFor({ state: 'detached' });
  // Who is no admin any more asks for nothing that only admins may ask for: a refusal would be in the console.
  for (const part of ['api-keys', 'webhooks']) {
    await become('admin');
    await page.goto(`/p/shop/settings/${part}?env=development`);
    await page.getByRole('button', { name: /^New (key|webhook|API key)/ }).first().waitFor();
    await demote(() => become('editor'));
    await page.getByText('Only admins').first().waitFor();
  }
  await close();
});

test('a viewer sees the members, and may leave', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.viewer, at: AT });
  await page.getByText('Only its admins invite people').waitFor();
  await rowOf(page, 'Members', 'ada@example.com').waitFor();
  await look(page, 'settings-members-viewer');
  assert.equal(await page.getByRole('button', { name: 'Invite' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: /Remove|Role of/ }).count(), 0);
  await page.getByRole('button', { name: /Leave/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await page.getByText('You are in no organization').waitFor();
  assert.equal((await roles())['vera@example.com'], undefined);
  await close();
});

test('among many, one is found by name or address', async () => {
  const crowd = seed(0);
  crowd.seed.users.push(...Array.from({ length: 60 }, (_none, number) => ({ email: `person-${number}@example.com`, password: 'correct horse battery', role: 'viewer' })));
  const busy = await serve({ seed: crowd, more: ['--rate-limit-auth', '0'] });
  const { page, close } = await window(busy);
  await signIn(page, busy, { at: AT });
  const rows = page.getByRole('list', { name: 'Members' }).getByRole('listitem');
  await page.getByText('13 more.').waitFor();
  assert.equal(await rows.count(), 50);
  await page.getByLabel('Search members').fill('person-59');
  await page.waitForFunction(() => document.querySelectorAll('.settings-list > li').length === 1);
  await look(page, 'settings-members-found');
  await page.getByLabel('Search members').fill('nobody there');
  await page.getByText('Nobody has “nobody there”').waitFor();
  await close();
  await busy.stop();
});
