// Schedules and ramps of a flag: made, paused, cancelled and rolled back; what failed says why; production asks by name.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { people, seed } from '../support/seed.js';

let server;
let at;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  at = (name) => `?environment_id=${server.environments[name].id}`;
});
after(async () => { await end(); await server.stop(); });

const open = (page, flag, environment, who = {}) => signIn(page, server, { ...who, at: `/p/shop/flags/${flag}/schedules?env=${environment}` });
const soon = () => new Date(Date.now() + 2_000).toISOString().replace(/\.\d+Z$/, 'Z');
const plans = (flag, environment) => server.api('GET', `/flags/${flag}/schedules${at(environment)}`);
const ramps = (flag, environment) => server.api('GET', `/flags/${flag}/ramps${at(environment)}`);
async function until(read, good) {
  for (let found = await read(); ; found = await read()) if (good(found)) return found;
}

test('a change is scheduled and cancelled, and the cancelling is undone', async () => {
  const { page, close } = await window(server, { refused: [400] });
  await open(page, 'search-ranker', 'staging');
  await page.getByRole('heading', { name: 'Nothing is to come' }).waitFor();
  await look(page, 'schedules-none');
  await page.getByRole('button', { name: 'Schedule a change' }).click();
  const dialog = page.getByRole('dialog', { name: 'Schedule a change in Staging' });
  await dialog.getByLabel('When').fill('2020-01-01T08:00');
  await dialog.getByLabel('The default').selectOption('vector');
  await dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  await dialog.locator('.field').getByText('must be in the future').waitFor();
  await look(page, 'schedules-new');
  await dialog.getByLabel('When').fill('2029-01-01T08:00');
  await dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  const list = page.getByRole('list', { name: 'Scheduled', exact: true });
  await list.getByText('turn on and serve').waitFor();
  const [made] = await plans('search-ranker', 'staging');
  assert.deepEqual(made.change, { enabled: true, default_variation: 'vector' });
  assert.equal(new Date(made.at).getTime(), new Date('2029-01-01T08:00').getTime());
  await list.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('The scheduled change is cancelled').waitFor();
  assert.equal((await plans('search-ranker', 'staging'))[0].status, 'cancelled');
  await page.getByRole('button', { name: 'Undo' }).click();
  await list.getByText('turn on and serve').waitFor();
  assert.deepEqual((await plans('search-ranker', 'staging')).map((one) => one.status).sort(), ['cancelled', 'pending']);
  await close();
});

test('a ramp is made, paused, resumed, cancelled and rolled back', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout', 'development');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'New ramp' }).click();
  const dialog = page.getByRole('dialog', { name: 'New ramp in Development' });
  await dialog.getByLabel('Share of step 2').fill('5');
  await dialog.getByText('It must be more than in the step before').waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Make the ramp' }).isDisabled(), true);
  await look(page, 'ramp-new');
  await dialog.getByLabel('Share of step 2').fill('30');
  await dialog.getByLabel('Unit of the pause before step 2').selectOption('hours');
  await dialog.getByRole('button', { name: 'Remove step 3' }).click();
  await dialog.getByLabel('Start').fill('2029-03-01T09:00');
  await dialog.getByRole('button', { name: 'Make the ramp' }).click();
  const running = page.getByRole('list', { name: 'Ramps', exact: true });
  await running.getByText('running').waitFor();
  const [ramp] = await ramps('new-checkout', 'development');
  const begin = new Date('2029-03-01T09:00').getTime();
  assert.deepEqual(ramp.steps.map((one) => [one.percentage, (new Date(one.at).getTime() - begin) / 3_600_000]), [[10, 0], [30, 1], [100, 25]]);
  await running.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The ramp is paused').waitFor();
  await running.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('The ramp goes on').waitFor();
  await running.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog', { name: 'Cancel the ramp?' }).getByRole('button', { name: 'Cancel the ramp' }).click();
  await page.getByText('The ramp is cancelled').waitFor();
  assert.equal((await ramps('new-checkout', 'development'))[0].state, 'cancelled');

  await server.api('POST', `/flags/new-checkout/ramps${at('development')}`, { variation: 'on', steps: [{ at: soon(), percentage: 20 }, { at: '2029-01-01T00:00:00Z', percentage: 60 }] });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await running.getByText('20 %').waitFor();
  await running.getByRole('button', { name: 'Roll back' }).waitFor();
  await running.getByText('that it added').waitFor();
  await look(page, 'ramps');
  await running.getByRole('button', { name: 'Roll back' }).click();
  const question = page.getByRole('dialog', { name: 'Roll the ramp back?' });
  await question.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText('The ramp is rolled back').waitFor();
  assert.equal((await server.api('GET', `/flags/new-checkout${at('development')}`)).targeting_rules.length, 3);
  await close();
});

test('what failed says why', async () => {
  await server.api('POST', `/flags/page-size/schedules${at('staging')}`, { at: soon(), change: { enabled: true } });
  await server.api('POST', `/environments/${server.environments.staging.id}/freeze`, { reason: 'A holiday' });
  await until(() => plans('page-size', 'staging'), ([one]) => one.status === 'failed');
  await server.api('POST', `/environments/${server.environments.staging.id}/unfreeze`);
  const { page, close } = await window(server);
  await open(page, 'page-size', 'staging');
  await page.getByText('ENVIRONMENT_FROZEN').waitFor();
  await look(page, 'schedules-failed');
  await close();
});

test('rules are scheduled as another environment has them', async () => {
  const { page, close } = await window(server);
  await open(page, 'search-ranker', 'development');
  await page.getByRole('button', { name: 'Schedule a change' }).click();
  const dialog = page.getByRole('dialog', { name: 'Schedule a change in Development' });
  await dialog.getByLabel('The switch').selectOption('');
  assert.equal(await dialog.getByRole('button', { name: 'Schedule', exact: true }).isDisabled(), true);
  await dialog.getByLabel('The rules').selectOption('As Production has them now: 1 rule');
  await dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  const list = page.getByRole('list', { name: 'Scheduled', exact: true });
  await list.getByText('replace the rules').waitFor();
  await list.getByText(/Experiment: serve 50 %/).waitFor();
  await look(page, 'schedules-rules');
  const [made] = await plans('search-ranker', 'development');
  assert.deepEqual(Object.keys(made.change), ['targeting_rules']);
  await close();
});

test('production asks by name', async () => {
  const { page, close } = await window(server);
  await open(page, 'page-size', 'production');
  await page.getByRole('button', { name: 'Schedule a change' }).click();
  const dialog = page.getByRole('dialog', { name: 'Schedule a change in Production' });
  assert.equal(await dialog.getByRole('button', { name: 'Schedule', exact: true }).isDisabled(), true);
  await dialog.getByLabel(/Type page-size to change/).fill('page-size');
  await look(page, 'schedules-production');
  await dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  // Until it is closed it has a button of that name, too.
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Cancel' }).click();
  const question = page.getByRole('dialog', { name: 'Cancel the scheduled change?' });
  await question.getByLabel(/Type page-size/).fill('page-size');
  await question.getByRole('button', { name: 'Cancel it' }).click();
  await page.getByText('The scheduled change is cancelled').waitFor();
  await close();
});

test('a viewer looks and cannot change', async () => {
  await server.api('POST', `/flags/new-checkout/schedules${at('development')}`, { at: '2029-01-01T00:00:00Z', change: { enabled: false } });
  const { page, close } = await window(server);
  await open(page, 'new-checkout', 'development', people.viewer);
  await page.getByText('Your role is viewer').waitFor();
  await page.getByRole('list', { name: 'Scheduled', exact: true }).getByText('turn off').waitFor();
  for (const name of ['Schedule a change', 'New ramp', 'Cancel']) assert.equal(await page.getByRole('button', { name }).count(), 0);
  await close();
});
