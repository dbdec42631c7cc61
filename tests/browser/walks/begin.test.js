// A new server: from its first page to the first answer of a program; signing in and out; an invitation.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { serve } from '../support/server.js';
import { end, look, window } from '../support/browser.js';

let server;
before(async () => { server = await serve({ more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const ADA = { email: 'ada@example.com', password: 'correct horse battery' };

/** What a shell prints to whom pastes this into it. */
const paste = (command) => execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

async function enter(page, { email, password }) {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
}

test('the first run makes the admin, a key and an answer', async () => {
  const { page, close } = await window(server, { refused: [400] });
  await page.goto('/');
  await page.getByRole('heading', { name: 'Create the admin account' }).waitFor();
  await look(page, 'setup-account');
  await enter(page, { email: ADA.email, password: 'short' });
  await page.getByRole('button', { name: 'Create the account' }).click();
  await page.locator('.fault').waitFor();
  await page.getByLabel('Name').fill('Ada Lovelace');
  await page.getByLabel('Password').fill(ADA.password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Make an API key' }).waitFor();
  await look(page, 'setup-key');
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByRole('heading', { name: 'Ask for your flags' }).waitFor();
  const command = await page.locator('pre.code').innerText();
  assert.match(command, new RegExp(`curl ${server.url}/api/v1/evaluate`));
  assert.deepEqual(JSON.parse(paste(command)).data.evaluations, {});
  await page.getByRole('button', { name: 'Try the key here' }).click();
  await page.getByText('The server answered with 0 flags').waitFor();
  await look(page, 'setup-paste');
  await page.getByLabel('From').selectOption('js');
  const program = await page.locator('pre.code').innerText();
  await page.getByLabel('From').selectOption('curl');
  // What the example in JavaScript asks for, as its provider would.
  const [baseUrl, key, flag] = [/baseUrl: '(.+)'/, /'X-API-Key', '(.+)'/, /getBooleanValue\('(.+?)'/].map((part) => part.exec(program)[1]);
  const asked = () => fetch(`${baseUrl}/ofrep/v1/evaluate/flags/${flag}`, { method: 'POST', headers: { 'X-API-Key': key, 'Content-Type': 'application/json' }, body: '{"context":{"targetingKey":"somebody"}}' });
  assert.equal((await (await asked()).json()).errorCode, 'FLAG_NOT_FOUND');
  await page.getByRole('button', { name: 'Go to the flags' }).click();
  await page.getByRole('heading', { name: 'No flags yet' }).waitFor();
  await look(page, 'flags-none');
  // The first flag, under the name that the examples ask for, is answered by all of them.
  await page.getByRole('button', { name: 'New flag' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('New checkout');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/flags/new-checkout*');
  assert.equal(JSON.parse(paste(command)).data.evaluations['new-checkout'].value, false);
  const answer = await asked();
  assert.deepEqual([answer.status, (await answer.json()).value], [200, false]);
  await close();
});

test('signing in refuses a wrong password, leads back, survives a reload, and ends in all tabs', async () => {
  const { page, context, close } = await window(server, { refused: [401] });
  await page.goto('/p/default/flags?search=nothing');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await look(page, 'sign-in');
  await enter(page, { email: ADA.email, password: 'wrong password' });
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Password').fill(ADA.password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/p/default/flags?search=nothing');
  await page.getByRole('heading', { name: 'No flag is like that' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'No flag is like that' }).waitFor();
  assert.deepEqual(await page.evaluate(() => Object.entries(localStorage).filter(([, value]) => /^(rt_|eyJ)/.test(value))), []);
  const cookies = await context.cookies();
  assert.deepEqual(cookies.map((one) => [one.httpOnly, one.sameSite]), [[true, 'Strict']]);
  const other = await context.newPage();
  await other.goto('/');
  await other.getByRole('button', { name: /^Account of/ }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByText('You signed out in another tab.').waitFor();
  await close();
});

test('an invitation makes an account that sees the project', async () => {
  const login = await (await fetch(`${server.api_url}/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(ADA) })).json();
  const headers = { Authorization: `Bearer ${login.data.access_token}`, 'Content-Type': 'application/json' };
  const me = await (await fetch(`${server.api_url}/auth/me`, { headers })).json();
  const made = await (await fetch(`${server.api_url}/organizations/${me.data.organizations[0].id}/invitations`, { method: 'POST', headers, body: '{"email":"grace@example.com","role":"editor"}' })).json();
  const { page, close } = await window(server);
  await page.goto(`/invitation#token=${made.data.token}`);
  await page.getByRole('heading', { name: 'You are invited' }).waitFor();
  await look(page, 'invitation');
  await enter(page, { email: 'grace@example.com', password: 'battery staple horse' });
  await page.getByRole('button', { name: 'Create the account' }).click();
  await page.getByRole('link', { name: 'New checkout' }).waitFor();
  await close();
});
