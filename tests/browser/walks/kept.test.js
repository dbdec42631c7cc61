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

test('only what was typed: the rest is as somebody else made it meanwhile', async () => {
  const { page, close } = await window(server);
  const { id } = server.environments.production;
  await signIn(page, server, { at: '/p/shop/settings/environments' });
  await page.getByRole('button', { name: 'Edit Production' }).click();
  const dialog = page.getByRole('dialog', { name: /^Change/ });
  await dialog.getByLabel('Name', { exact: true }).fill('Live');
  await server.api('PUT', `/environments/${id}`, { color: '#2563eb' });
  await page.reload();
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Live');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Live is saved.').waitFor();
  const { name, color } = await server.api('GET', `/environments/${id}`);
  assert.deepEqual([name, color], ['Live', '#2563eb']);
  await close();
});

test('a step back leaves the form, a step forward finds it again', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  await page.getByRole('link', { name: 'Segments' }).click();
  await page.getByRole('button', { name: 'New segment' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New segment' });
  await dialog.getByLabel('Name', { exact: true }).fill('Insiders');
  await page.goBack();
  await page.getByRole('heading', { name: 'Flags' }).waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
  await page.getByRole('button', { name: 'New flag' }).click();
  await page.getByRole('dialog', { name: 'New flag' }).waitFor();
  await page.keyboard.press('Escape');
  await page.goForward();
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Insiders');
  assert.equal(await page.locator('dialog').count(), 1);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await close();
});

test('a form that is late does not open where the reader is meanwhile', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/compare' });
  let release;
  const held = new Promise((done) => { release = done; });
  await page.route('**/new-flag.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole('link', { name: 'Flags' }).click();
  const late = page.waitForResponse((response) => response.url().endsWith('/new-flag.js'));
  await page.getByRole('button', { name: 'New flag' }).click();
  await page.goBack();
  await page.getByRole('heading', { name: 'Compare' }).waitFor();
  release();
  await (await late).finished();
  await page.evaluate((address) => import(address), (await late).url());
  assert.equal(await page.locator('dialog').count(), 0);
  await close();
});

test('what is sent while the reader leaves is not asked for again', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  await page.getByRole('link', { name: 'Segments' }).click();
  let release;
  const held = new Promise((done) => { release = done; });
  await page.route('**/api/v1/segments?*', async (route) => {
    if (route.request().method() === 'POST') await held;
    await route.continue();
  });
  await page.getByRole('button', { name: 'New segment' }).first().click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Sent away');
  const sent = page.waitForResponse((response) => response.request().method() === 'POST' && response.url().includes('/segments'));
  await page.getByRole('button', { name: 'Create the segment' }).click();
  await page.goBack();
  await page.getByRole('heading', { name: 'Flags' }).waitFor();
  release();
  assert.equal((await sent).status(), 201);
  await page.waitForFunction(() => !JSON.stringify(Object.entries(sessionStorage)).includes('Sent away'));
  await page.goForward();
  await page.getByRole('link', { name: 'Sent away' }).waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
  await close();
});

test('every form that has something to lose', async () => {
  const { page, close } = await window(server);
  const [project] = await server.api('GET', '/projects');
  await server.api('POST', `/webhooks?project_id=${project.id}`, { url: 'https://example.com/hook', events: ['flag.updated'] });
  await signIn(page, server, { at: '/profile' });
  const flag = '/p/shop/flags/search-ranker';
  /** Where, the buttons that lead to it, a field and what is typed there. */
  const forms = [
    ['/profile', ['New token'], 'Name', 'Deployment'],
    ['/p/shop/segments', ['New segment'], 'Name', 'Insiders'],
    ['/p/shop/settings/api-keys', ['New API key'], 'Name', 'Web shop'],
    ['/p/shop/settings/members', ['Invite'], 'Email', 'grace@example.com'],
    ['/p/shop/settings/webhooks', ['New webhook'], 'What it is for', 'The chat'],
    ['/p/shop/settings/webhooks', [/^More for/, 'Edit'], 'What it is for', 'The other chat'],
    ['/p/shop/settings/project', ['Edit the project'], 'What it is for', 'All we sell'],
    [`${flag}/schedules?env=staging`, ['Schedule a change'], 'When', '2099-01-02T03:04'],
    [`${flag}/schedules?env=staging`, ['New ramp'], 'Share of step 2 in percent', '33'],
  ];
  for (const [at, [button, item], label, text] of forms) {
    await page.goto(at);
    await page.getByRole('button', { name: button, exact: typeof button === 'string' }).first().click();
    if (item) await page.getByRole('menuitem', { name: item }).click();
    const field = page.getByRole('dialog').getByRole('textbox', { name: label }).or(page.getByRole('dialog').getByLabel(label, { exact: true })).first();
    await field.fill(text);
    await page.reload();
    await field.waitFor();
    assert.equal(await field.inputValue(), text, `${at} ${button}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.ok(!(await kept(page)).includes(text), `${at} ${button}: given up`);
  }
  await close();
});

test('nobody else finds it', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/segments' });
  await page.getByRole('button', { name: 'New segment' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Insiders');
  // As if it had been somebody else's all along.
  await page.evaluate(async () => {
    const { account } = await import('/assets/app/session.js');
    for (const [name, text] of Object.entries(sessionStorage)) {
      sessionStorage.removeItem(name);
      sessionStorage.setItem(name.replace(account.value.id, 'usr_other'), text);
    }
  });
  assert.ok((await kept(page)).includes('Insiders'));
  await page.reload();
  await page.getByRole('button', { name: 'New segment' }).first().click();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '');
  assert.ok(!(await kept(page)).includes('Insiders'), 'it is wiped');
  await close();
});

/** Opens the dialog that makes a flag of JSON, called `name`. */
async function jsonFlag(page, name) {
  await page.getByRole('button', { name: 'New flag' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('dialog').getByLabel('Type', { exact: true }).selectOption('json');
}

test('what is too long to be kept does not come back as it was before', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  await jsonFlag(page, 'Long');
  await page.getByLabel('Value of variation 1').fill('{"short": 1}');
  assert.ok((await kept(page)).includes('short'));
  await page.getByLabel('Value of variation 1').fill(`{"long": "${'x'.repeat(1_000_000)}"}`);
  assert.ok(!(await kept(page)).includes('short'));
  const warning = page.getByRole('dialog').getByText('a reload of the page would lose it');
  await warning.waitFor();
  await page.getByLabel('Value of variation 1').fill('{"short": 2}');
  await warning.waitFor({ state: 'detached' });
  await page.getByLabel('Value of variation 1').fill(`{"long": "${'x'.repeat(1_000_000)}"}`);
  await warning.waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Flags' }).waitFor();
  await page.getByRole('button', { name: 'New flag' }).click();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '');

  await page.getByLabel('Name', { exact: true }).fill('First');
  assert.ok((await kept(page)).includes('First'));
  // Something else takes all the room there is.
  await page.evaluate(() => {
    for (let length = 2 ** 22; length >= 1; length /= 2) {
      try {
        while (length) sessionStorage.setItem(`filled ${length} ${sessionStorage.length}`, 'x'.repeat(length));
      } catch {
        // Full for this length.
      }
    }
  });
  await page.getByLabel('Name', { exact: true }).fill('First of all, and longer than before, so that there is no room for it in the tab any more');
  assert.ok(!(await kept(page)).includes('First'));
  await page.evaluate(() => { for (const name of Object.keys(sessionStorage)) if (name.startsWith('filled')) sessionStorage.removeItem(name); });
  await page.getByLabel('Name', { exact: true }).fill('Second');
  await page.reload();
  await page.getByRole('dialog').waitFor();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Second', 'where there is room again it is kept again');
  await close();
});

test('a context that is too long to be kept is told', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags/page-size/try?env=development' });
  await page.getByLabel('User key').fill('x'.repeat(600_000));
  const warning = page.getByRole('form', { name: 'Context' }).getByText('a reload of the page would lose it');
  await warning.waitFor();
  await page.getByLabel('User key').fill('ada');
  await warning.waitFor({ state: 'detached' });
  await close();
});

test('of too much in one tab the oldest is forgotten', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags' });
  const flags = ['new-checkout', 'search-ranker', 'upload-limits', 'page-size'];
  const context = () => page.getByLabel('Context as JSON');
  const open = async (flag) => {
    await page.goto(`/p/shop/flags/${flag}/try?env=development`);
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await context().waitFor();
  };
  for (const flag of flags) {
    await open(flag);
    await context().fill(`not json, of ${flag} ${'x'.repeat(800_000)}`);
  }
  for (const flag of flags.slice(1)) {
    await open(flag);
    assert.ok((await context().inputValue()).startsWith(`not json, of ${flag} `), flag);
  }
  await open(flags[0]);
  assert.ok(!(await context().inputValue()).includes('not json'));
  await close();
});

test('a flag is copied', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/flags/new-checkout' });
  await page.getByRole('button', { name: 'More about New checkout' }).click();
  await page.getByRole('menuitem', { name: 'Copy' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Newer checkout');
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Copy New checkout' });
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Newer checkout');
  assert.equal(await dialog.getByLabel('Key', { exact: true }).inputValue(), 'newer-checkout');
  await dialog.getByLabel('Name', { exact: true }).fill('Newest checkout');
  assert.equal(await dialog.getByLabel('Key', { exact: true }).inputValue(), 'newest-checkout', 'the key follows the name as before');
  await close();
});

test('why an environment is frozen', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: '/p/shop/settings/environments' });
  await page.getByRole('button', { name: 'Freeze Staging' }).click();
  await page.getByLabel('Reason').fill('The rehearsal of the sale');
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Freeze Staging?' });
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('Reason').inputValue(), 'The rehearsal of the sale');
  await dialog.getByRole('button', { name: 'Freeze' }).click();
  await page.getByText('Staging is frozen.').waitFor();
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
