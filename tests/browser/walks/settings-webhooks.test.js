// The settings: a webhook is made, tried, and its secret signs what arrives; what fails says why and is sent again; it is
// turned off and on, gets another secret, and is deleted.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
let project;
let receiver;
let target;
const got = [];
/** What the receiver answers. */
let answer = [200, 'thanks'];

before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0', '--webhook-allow-private'] });
  [project] = await server.api('GET', '/projects');
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    got.push({ headers: request.headers, body });
    response.writeHead(answer[0], { 'Content-Type': 'text/plain' }).end(answer[1]);
  });
  await new Promise((done) => { receiver.listen(0, '127.0.0.1', done); });
  target = `http://127.0.0.1:${receiver.address().port}/hook`;
});
after(async () => { await end(); receiver.close(); await server.stop(); });

const AT = '/p/shop/settings/webhooks?env=development';
const all = () => server.api('GET', `/webhooks?project_id=${project.id}`);
const rows = (page) => page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem');

test('a webhook is made, tried, and signs with its secret', async () => {
  const { page, close } = await window(server, { refused: [422, 400] });
  await signIn(page, server, { at: AT });
  await page.getByRole('heading', { name: 'No webhooks yet' }).waitFor();
  await look(page, 'settings-webhooks-none');
  await page.getByRole('button', { name: 'New webhook' }).click();
  const dialog = page.getByRole('dialog', { name: 'New webhook' });
  await dialog.getByLabel('Address').fill('ftp://example.com');
  await dialog.getByRole('button', { name: 'Create the webhook' }).click();
  await dialog.locator('.fault').waitFor();
  await dialog.getByLabel('Address').fill(target);
  await dialog.getByLabel('What it is for').fill(HOSTILE);
  const known = (await (await fetch(`${server.url}/openapi.json`)).json()).components.schemas.EventType.enum.filter((event) => event !== 'webhook.test');
  assert.deepEqual((await dialog.getByRole('group').locator('code').allInnerTexts()).sort(), known.sort());
  await dialog.getByLabel('segment.deleted').uncheck();
  await dialog.getByLabel('Environments', { exact: true }).selectOption('some');
  await dialog.getByRole('group', { name: 'Which environments' }).getByLabel('Development').check();
  await look(page, 'settings-webhooks-new');
  await dialog.getByRole('button', { name: 'Create the webhook' }).click();
  const secret = page.getByRole('region', { name: 'The secret of the new webhook' });
  await secret.getByRole('button', { name: 'Copy the secret' }).click();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  await look(page, 'settings-webhooks-secret');
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  const [made] = await all();
  assert.deepEqual([made.url, made.events.length, made.environment_ids], [target, known.length - 1, [server.environments.development.id]]);

  await page.getByRole('button', { name: /^More for/ }).click();
  await look(page, 'settings-webhooks-menu');
  await page.getByRole('menuitem', { name: 'Send a test' }).click();
  await rows(page).filter({ hasText: 'arrived' }).waitFor();
  assert.equal(got.at(-1).headers['x-phaseflag-signature'], createHmac('sha256', key).update(got.at(-1).body).digest('hex'));
  await rows(page).getByRole('button', { name: /webhook.test/ }).click();
  await page.getByText('"event_type": "webhook.test"').waitFor();
  await page.getByText('thanks').waitFor();
  await look(page, 'settings-webhooks-delivery');
  assert.equal(await page.locator('#main img').count(), 0);
  await close();
});

test('what fails says why, and is sent again', async () => {
  const { page, close } = await window(server);
  const [webhook] = await all();
  answer = [500, '<b>out of order</b>'];
  await signIn(page, server, { at: `${AT}&webhook=${webhook.id}` });
  await server.api('POST', `/flags/new-checkout/toggle?environment_id=${server.environments.development.id}`, { enabled: false });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  const toggled = rows(page).filter({ hasText: 'flag.toggled' });
  await toggled.getByText('answered 500').waitFor();
  await toggled.getByRole('button', { name: /flag.toggled/ }).click();
  await page.getByText('The receiver answered 500.').waitFor();
  await page.getByText('<b>out of order</b>').waitFor();
  await look(page, 'settings-webhooks-failed');
  answer = [200, 'thanks'];
  await toggled.getByRole('button', { name: 'Try now' }).click();
  await toggled.getByText('arrived').waitFor();
  await toggled.getByRole('button', { name: 'Send again' }).click();
  await toggled.nth(1).waitFor();
  await page.getByLabel('Status').selectOption('failed');
  await page.getByText('None of this kind.').waitFor();
  await page.getByRole('link', { name: 'All webhooks' }).click();
  await page.getByRole('list', { name: 'Webhooks' }).waitFor();
  await close();
});

test('it is changed, turned off and on, gets another secret, and is deleted', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { at: AT });
  const act = async (name) => {
    await page.getByRole('button', { name: /^More for/ }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  await act('Edit');
  const dialog = page.getByRole('dialog', { name: 'Change the webhook' });
  await dialog.getByLabel('What it is for').fill('Tells the team chat');
  await dialog.getByLabel('Environments', { exact: true }).selectOption('all');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Tells the team chat').waitFor();
  assert.deepEqual((await all())[0].environment_ids, []);
  await act('Turn off');
  await page.getByText('off', { exact: true }).waitFor();
  assert.equal((await all())[0].active, false);
  await look(page, 'settings-webhooks');
  await act('Turn on');
  await page.getByText('active', { exact: true }).waitFor();
  await act('Rotate the secret');
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  const secret = page.getByRole('region', { name: 'The new secret' });
  assert.match(await secret.locator('.copy-line code').innerText(), /^whsec_/);
  await secret.getByRole('button', { name: 'I have stored it' }).click();
  await act('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the webhook' }).click();
  await page.getByRole('heading', { name: 'No webhooks yet' }).waitFor();
  assert.deepEqual(await all(), []);
  await close();
});

test('who is no admin is told so', async () => {
  const { page, close } = await window(server);
  await signIn(page, server, { ...people.editor, at: AT });
  await page.getByText('You are an editor of the organization').waitFor();
  await close();
});
