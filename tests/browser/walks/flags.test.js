// The list of flags: what is in it, switching, searching, making one, and what others change meanwhile.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed() }); });
after(async () => { await end(); await server.stop(); });

const toggle = (page, flag, environment) => page.getByRole('switch', { name: `${flag} in ${environment}`, exact: true });
const state = async (flag, environment) => (await server.api('GET', `/flags/${flag}?environment_id=${server.environments[environment].id}`)).enabled;
const open = (page, search = '') => signIn(page, server, { at: `/p/shop/flags?env=development${search}` });

test('a switch works at once, and back', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Staging').waitFor();
  await look(page, 'flags');
  await toggle(page, 'Page size', 'Staging').click();
  await page.getByText('Page size is on in Staging').waitFor();
  assert.equal(await state('page-size', 'staging'), true);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('[role=switch][aria-label="Page size in Staging"][aria-checked=false]:not([aria-busy])').waitFor();
  assert.equal(await state('page-size', 'staging'), false);
  await close();
});

test('production asks for the name', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Production').click();
  const dialog = page.getByRole('dialog', { name: 'Turn Page size on in Production?' });
  await dialog.waitFor();
  await look(page, 'flags-production');
  assert.equal(await dialog.getByRole('button', { name: 'Turn on' }).isDisabled(), true);
  await dialog.getByLabel('Type page-size to go on').fill('page-size');
  await page.keyboard.press('Enter');
  await page.getByText('Page size is on in Production').waitFor();
  assert.equal(await state('page-size', 'production'), true);
  await close();
});

test('a hostile name stays text', async () => {
  const { page, close } = await window(server);
  await open(page);
  await page.getByRole('link', { name: HOSTILE }).waitFor();
  assert.equal(await page.locator('#main img, #main script, #main b').count(), 0);
  await close();
});

test('a change by somebody else appears', async () => {
  const { page, close } = await window(server);
  await open(page);
  await page.getByText('Live', { exact: true }).waitFor();
  await toggle(page, 'Upload limits', 'Staging').waitFor();
  await server.api('POST', `/flags/upload-limits/toggle?environment_id=${server.environments.staging.id}`, { enabled: true });
  await page.locator('[role=switch][aria-label="Upload limits in Staging"][aria-checked=true]').waitFor({ timeout: 1_000 });
  await server.api('POST', `/flags?environment_id=${server.environments.staging.id}`, {
    key: 'from-elsewhere', name: 'From elsewhere', flag_type: 'boolean', default_variation: 'off', variations: [{ key: 'on', value: true }, { key: 'off', value: false }],
  });
  await page.getByRole('link', { name: 'From elsewhere' }).waitFor({ timeout: 1_000 });
  await close();
});

test('who may only look cannot switch', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.viewer, at: '/p/shop/flags?env=development' });
  const one = toggle(page, 'Page size', 'Staging');
  await one.waitFor();
  assert.equal(await one.getAttribute('aria-disabled'), 'true');
  await one.click({ force: true });
  assert.equal(await page.getByRole('button', { name: 'New flag' }).count(), 0);
  assert.equal(await state('page-size', 'staging'), false);
  await close();
});

test('in a narrow window the filters unfold, and say how many are active', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Staging').waitFor();
  await page.setViewportSize({ width: 360, height: 740 });
  const unfold = page.getByRole('button', { name: 'Filters' });
  await unfold.waitFor();
  assert.equal(await page.getByLabel('Status').count(), 0);
  const box = await page.locator('.filters').boundingBox();
  assert.ok(box.height < 48, `the filters take ${box.height} px`);
  await unfold.click();
  await page.getByLabel('Type').selectOption('json');
  await page.getByText('1 found').waitFor();
  await page.getByRole('button', { name: 'Stale' }).click();
  await page.getByRole('button', { name: /^Filters.*active: 2$/ }).waitFor();
  await look(page, 'flags-filters');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('.filters').getByRole('button', { name: 'Clear' }).click();
  await unfold.click();
  assert.equal(await page.getByLabel('Status').count(), 0);
  await close();
});

test('5,000 flags scroll: the rows are there, and only those that can be seen', async () => {
  const large = await serve({ seed: seed(4_995) });
  const { page, close } = await window(large);
  await signIn(page, large, { at: '/p/shop/flags?env=development&sort=key' });
  await page.getByText('5,000').waitFor();
  const rows = page.locator('.flags-space .flag-row');
  const jump = (share) => page.locator('.flags-body').evaluate((body, part) => { body.scrollTop = part * (body.scrollHeight - body.clientHeight); }, share);
  const bounded = async () => {
    const number = await rows.count();
    assert.ok(number > 10 && number < 60, `${number} rows are on the page`);
  };
  await page.getByRole('row').filter({ hasText: 'hostile' }).waitFor();
  await bounded();
  await jump(0.5);
  await page.getByRole('link', { name: 'Small change 2500', exact: true }).waitFor();
  await bounded();
  await page.keyboard.press('j');
  const current = page.locator('.flag-row.current a');
  await current.waitFor();
  const middle = Number((await current.innerText()).replace(/\D/g, ''));
  assert.ok(middle > 2_450 && middle < 2_550, `the keys went to ${middle}`);
  await page.keyboard.press('j');
  await page.locator(':focus').and(page.getByRole('link', { name: `Small change ${middle + 1}`, exact: true })).waitFor();
  await page.keyboard.press('k');
  await page.locator(':focus').and(page.getByRole('link', { name: `Small change ${middle}`, exact: true })).waitFor();
  await jump(1);
  await toggle(page, 'Small change 4994', 'Staging').waitFor();
  await bounded();
  assert.equal(await page.locator('.flag-row .bone').count(), 0);
  for (let press = 0; press < 3; press += 1) await page.keyboard.press('k');
  await page.locator('.flag-row.current').waitFor();
  await look(page, 'flags-5000');
  await close();
  await large.stop();
});

test('the row says how much a flag is used, and that nothing needs it any more', async () => {
  const { environments: { development } } = server;
  for (let turn = 0; turn < 3; turn += 1) {
    const answer = await fetch(`${server.api_url}/evaluate`, { method: 'POST', headers: { 'X-API-Key': development.server_key, 'Content-Type': 'application/json' }, body: JSON.stringify({ flags: ['upload-limits'], context: { user_key: `u${turn}` } }) });
    assert.equal(answer.status, 200);
  }
  const { page, close } = await window(server);
  await page.route('**/api/v1/flags?*', async (route) => {
    // A flag needs weeks to become stale: what the server would say then is put into its answer.
    const response = await route.fetch();
    const body = await response.json();
    for (const flag of body.data) if (flag.key === 'page-size') flag.lifecycle = { stage: 'stale', because: 'Not evaluated for 30 days.' };
    await route.fulfill({ response, json: body });
  });
  await open(page);
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  await row('upload-limits').getByRole('img', { name: '3 evaluations in 24 hours' }).waitFor();
  await row('page-size').getByRole('img', { name: '0 evaluations in 24 hours' }).waitFor();
  await row('page-size').getByTitle('Not evaluated for 30 days.').waitFor();
  await page.setViewportSize({ width: 360, height: 740 });
  await row('page-size').getByTitle('Not evaluated for 30 days.').waitFor();
  assert.ok(await row('page-size').getByTitle('Not evaluated for 30 days.').isVisible());
  await close();
});

test('keys alone: search, move, switch, make a flag', async () => {
  const { page, close } = await window(server);
  await open(page);
  await toggle(page, 'Page size', 'Staging').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('small change 1');
  await page.getByText('11 found').waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const current = page.locator('.flag-row.current');
  const name = await current.getByRole('link').innerText();
  const one = toggle(page, name, 'Development');
  const was = await one.getAttribute('aria-checked');
  await page.keyboard.press('t');
  await page.locator(`[role=switch][aria-label="${name} in Development"][aria-checked=${was === 'true' ? 'false' : 'true'}]:not([aria-busy])`).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await look(page, 'keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.getByRole('dialog', { name: 'New flag' }).waitFor();
  await page.keyboard.type('Made by keys');
  await look(page, 'new-flag');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/p/shop/flags/made-by-keys');
  assert.equal(await state('made-by-keys', 'development'), false);
  await close();
});

test('of many environments each has its switch in the row, in a wide window and in a narrow one', async () => {
  const names = ['Quality', 'Preview Europe', 'Preview United States', 'Load test', 'Production Europe', 'Canary', 'Sandbox'];
  const document = seed(40);
  for (const name of names) document.environments.push({ key: name.toLowerCase().replaceAll(' ', '-'), name, type: 'staging', color: '#2563eb' });
  const large = await serve({ seed: document });
  const { page, close } = await window(large);
  await signIn(page, large, { at: '/p/shop/flags?env=development' });
  const last = toggle(page, 'Page size', 'Sandbox');
  await last.waitFor();
  await look(page, 'flags-many');
  // The name of a row and of a column stay in sight of its last switch.
  await last.focus();
  await page.keyboard.press('Space');
  await page.getByText('Page size is on in Sandbox').waitFor();
  const seen = (locator) => locator.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return element.contains(window.document.elementFromPoint(left + width / 2, top + height / 2));
  });
  assert.ok(await seen(last));
  assert.ok(await seen(page.getByRole('link', { name: 'Page size', exact: true })));
  assert.ok(await seen(page.getByRole('columnheader', { name: 'Sandbox' })));

  await page.setViewportSize({ width: 360, height: 740 });
  await toggle(page, 'Page size', 'Canary').click();
  await page.getByText('Page size is on in Canary').waitFor();
  const boxes = await page.locator('.flags-space [role=switch]').evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ left, top, right, bottom }) => ({ left, top, right, bottom })));
  const over = boxes.filter((one, at) => boxes.some((other, place) => place > at && one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom));
  assert.deepEqual(over, []);
  await close();
  await large.stop();
});

test('a variation that is added has a key of its own, whichever was removed', async () => {
  const { page, close } = await window(server);
  await open(page);
  await page.getByRole('button', { name: 'New flag' }).click();
  const dialog = page.getByRole('dialog', { name: 'New flag' });
  await dialog.getByLabel('Name').fill('Checkout colour');
  await dialog.getByLabel('Type').selectOption('string');
  await dialog.getByRole('button', { name: 'Add a variation' }).click();
  await dialog.getByRole('button', { name: 'Remove variation 1' }).click();
  await dialog.getByRole('button', { name: 'Add a variation' }).click();
  const keys = await Promise.all([1, 2, 3].map((number) => dialog.getByLabel(`Key of variation ${number}`).inputValue()));
  assert.deepEqual(keys, ['treatment', 'v3', 'v4']);
  await dialog.getByRole('button', { name: 'Create the flag' }).click();
  await page.waitForURL('**/p/shop/flags/checkout-colour');
  assert.equal((await server.api('GET', `/flags/checkout-colour?environment_id=${server.environments.development.id}`)).variations.length, 3);
  await close();
});
