// Try it: a context is made in a form or as JSON, the answer tells every step, and what was tried is kept.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  await server.api('PUT', `/flags/page-size?environment_id=${server.environments.development.id}`, { enabled: true, prerequisites: [{ flag_key: 'new-checkout', variation_key: 'on' }] });
});
after(async () => { await end(); await server.stop(); });

const open = (page, flag, who = {}) => signIn(page, server, { ...who, at: `/p/shop/flags/${flag}/try?env=development` });

test('a context in the form, and why it gets what it gets', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout');
  await page.getByLabel('User key').waitFor();
  await look(page, 'try-new');
  await page.getByLabel('User key').fill('ada');
  await page.getByLabel('Value of email').fill('ada@elsewhere.org');
  await page.getByLabel('Value of plan').fill('pro');
  await page.getByLabel('Value of country').fill('DE');
  await page.keyboard.press('Enter');
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('Our own people').waitFor();
  await answer.getByText('seen: “ada@elsewhere.org”').waitFor();
  await answer.getByText(/Bucket [\d.]+ %/).first().waitFor();
  await look(page, 'try-answer');

  await page.getByLabel('Value of email').fill('ada@example.com');
  await page.getByRole('button', { name: 'Evaluate' }).click();
  await answer.getByText('rule 1, “Our own people”, matches').waitFor();
  assert.equal(await answer.locator('.try-value code').innerText(), 'true');
  await answer.getByText('Beta testers was not tried').waitFor();
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('The command is copied').waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(command, /YOUR_KEY/);
  assert.match(command, /"user_key":"ada"/);

  await page.reload();
  await answer.getByText('rule 1, “Our own people”, matches').waitFor();
  assert.equal(await page.getByLabel('User key').inputValue(), 'ada');
  await page.getByRole('button', { name: /ada · email ada@elsewhere.org/ }).click();
  await answer.getByText('seen: “ada@elsewhere.org”').waitFor();
  await close();
});

test('the same context as JSON, with the place of a fault', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout');
  await page.getByRole('button', { name: 'Add an attribute' }).click();
  await page.getByLabel('Name of the attribute').last().fill('age');
  await page.getByLabel('Kind of age').selectOption('number');
  await page.getByLabel('Value of age').fill('many');
  await page.getByText('This is not a number').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Evaluate' }).isDisabled(), true);
  await page.getByLabel('Value of age').fill('42');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const json = page.getByLabel('Context as JSON');
  assert.deepEqual(JSON.parse(await json.inputValue()), { attributes: { age: 42 } });
  await json.fill('{\n  "user_key": "ada",\n  "attributes": {"plan": beta}\n}');
  await page.getByText('“b” is not expected in line 3, column 26').waitFor();
  await look(page, 'try-fault');
  await page.getByRole('button', { name: 'Go there' }).click();
  assert.equal(await json.evaluate((element) => element.value.slice(element.selectionStart, element.selectionEnd)), 'b');
  await json.fill('{"user_key": "ada", "plan": "beta"}');
  await page.getByText('A context has no “plan” of its own').waitFor();
  await json.fill('{"user_key": "ada", "attributes": {"plan": "beta"}}');
  await page.getByRole('button', { name: 'Evaluate' }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('its list of included ones').waitFor();
  await page.getByRole('button', { name: 'Form', exact: true }).click();
  assert.equal(await page.getByLabel('Value of plan').inputValue(), 'beta');
  await page.getByRole('button', { name: 'Remove plan' }).click();
  await page.getByRole('button', { name: 'Add an attribute' }).and(page.locator(':focus')).waitFor();
  await close();
});

test('what a flag requires is told, a change of it is asked again, and a viewer may try', async () => {
  const { page, close } = await window(server);
  await open(page, 'page-size', people.viewer);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByLabel('User key').fill(HOSTILE);
  await page.keyboard.press('Enter');
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('does not serve what this flag requires').waitFor();
  await answer.getByText('How it came to that').click();
  await answer.getByText('Rule 1').waitFor();
  await look(page, 'try-prerequisite');
  assert.equal(await page.locator('#main img').count(), 0);
  await server.api('POST', `/flags/page-size/toggle?environment_id=${server.environments.development.id}`, { enabled: false });
  await answer.getByText('no rule is looked at').waitFor({ timeout: 1_500 });
  await close();
});

test('tabs are gone through by keyboard, and the one that is looked at is in sight', async () => {
  const { page, close } = await window(server);
  await open(page, 'page-size');
  await page.setViewportSize({ width: 360, height: 740 });
  const tab = (name) => page.getByRole('navigation', { name: 'Flag' }).getByRole('link', { name });
  await tab('Try it').focus();
  for (const name of ['History', 'Schedules', 'Statistics']) {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await tab(name).and(page.locator('[aria-current]:focus')).waitFor();
  }
  await page.reload();
  await tab('Statistics').and(page.locator('[aria-current]')).waitFor();
  const right = await tab('Statistics').evaluate((element) => element.getBoundingClientRect().right);
  assert.ok(right <= 360, `it ends at ${right}`);
  await close();
});
