// A session that ends by itself (here: the password was changed elsewhere) takes nothing with it: what was typed is there again when
// the same reader signs in. Somebody else finds nothing of it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, signIn, window } from '../support/browser.js';
import { people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(2), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const emil = { ...people.editor };
let changes = 0;

/** Ends all sessions of this person, as their change of the password in another browser does. */
async function endSessions(person) {
  const send = async (path, body, token) => {
    const response = await fetch(`${server.api_url}${path}`, {
      method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response.status === 204 ? null : (await response.json()).data;
  };
  const { access_token: token } = await send('/auth/login', person);
  const fresh = `another good password ${++changes}`;
  await send('/auth/change-password', { current_password: person.password, new_password: fresh }, token);
  person.password = fresh;
}

/** Signs in where the page asks for it. */
async function again(page, { email, password }) {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

const kept = (page) => page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)));

test('a form is closed, and open again for the same reader', async () => {
  const { page, close } = await window(server, { refused: [401] });
  await signIn(page, server, { ...emil, at: '/p/shop/flags' });
  await page.getByRole('button', { name: 'New flag' }).click();
  const dialog = page.getByRole('dialog', { name: 'New flag' });
  await dialog.getByLabel('Name', { exact: true }).fill('Half typed');
  await endSessions(emil);
  await dialog.getByRole('button', { name: 'Create the flag' }).click();
  await page.getByText('Your session has ended.').waitFor();
  assert.equal(await page.locator('dialog').count(), 0, 'nothing is in front of the sign-in');
  await again(page, emil);
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Half typed');
  assert.ok(await dialog.evaluate((element) => element.contains(document.activeElement)), 'the focus is in it');
  await dialog.getByRole('button', { name: 'Create the flag' }).click();
  await page.getByRole('heading', { name: 'Half typed' }).waitFor();
  assert.ok(!(await kept(page)).includes('Half typed'), 'what was sent is forgotten');
  await close();
});

test('a form that belongs to no page is open again, each time', async () => {
  const { page, close } = await window(server, { refused: [401] });
  const ada = { email: 'ada@example.com', password: people.editor.password };
  await signIn(page, server, { ...ada, at: '/p/shop/segments' });
  await page.getByRole('button', { name: /^Project/ }).click();
  await page.getByRole('menuitem', { name: 'New project' }).click();
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.getByLabel('Name', { exact: true }).fill('Warehouse');
  for (const description of ['Shelves', 'Shelves and boxes']) {
    await dialog.getByLabel('What it is for').fill(description);
    await endSessions(ada);
    await dialog.getByRole('button', { name: 'Create the project' }).click();
    await again(page, ada);
    await dialog.waitFor();
    assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Warehouse');
    assert.equal(await dialog.getByLabel('What it is for').inputValue(), description);
  }
  await close();
});

test('edits of a page and what was tried are there again; another reader finds nothing', async () => {
  const { page, close } = await window(server, { refused: [401] });
  const vera = people.viewer;
  await signIn(page, server, { ...emil, at: '/p/shop/flags/new-checkout/try?env=development' });
  await page.getByLabel('User key').fill('grace');
  await page.getByRole('link', { name: 'Targeting' }).click();
  // What is edited is tried at the server meanwhile; here the session is to end with the saving.
  const tried = page.waitForResponse(/\/flags\/new-checkout\/preview/);
  await page.getByLabel('Everybody else gets').selectOption('on');
  await page.getByText('1 change not saved').waitFor();
  await tried;
  await endSessions(emil);
  await page.getByRole('button', { name: 'Review' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await again(page, emil);
  await page.getByText('1 change not saved').waitFor();
  assert.equal(await page.getByLabel('Everybody else gets').inputValue(), 'on');
  await page.getByRole('link', { name: 'Try it' }).click();
  assert.equal(await page.getByLabel('User key').inputValue(), 'grace');

  await page.goto('/p/shop/flags?env=development');
  await page.getByRole('button', { name: 'New flag' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Emil\'s idea');
  await endSessions(emil);
  await page.getByRole('dialog').getByRole('button', { name: 'Create the flag' }).click();
  await again(page, vera);
  assert.equal(await page.locator('dialog').count(), 0);
  await page.goto('/p/shop/flags/new-checkout/try?env=development');
  await page.getByLabel('User key').waitFor();
  assert.equal(await page.getByLabel('User key').inputValue(), '');
  assert.ok(!/Emil|grace/.test(await kept(page)), 'it is forgotten');
  await close();
});

test('who signs out leaves nothing, in none of the tabs', async () => {
  const { page, context, close } = await window(server);
  await signIn(page, server, { ...emil, at: '/p/shop/segments' });
  await page.getByRole('button', { name: 'New segment' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Insiders');
  const other = await context.newPage();
  await other.goto('/p/shop/flags');
  await other.getByRole('button', { name: /^Account of/ }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You signed out in another tab.').waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
  await again(page, emil);
  await page.getByRole('button', { name: 'New segment' }).first().waitFor();
  assert.ok(!(await kept(page)).includes('Insiders'));
  await close();
});
