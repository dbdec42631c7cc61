// The statistics of a flag: what was served, by variation and why, as a chart and as a table; and how evaluations get there.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { people, seed } from '../support/seed.js';

const USERS = 40;

let server;
before(async () => {
  server = await serve({ seed: seed(1), more: ['--rate-limit-auth', '0'] });
  const made = await server.api('POST', `/api-keys?environment_id=${server.environments.production.id}`, { name: 'Walk', kind: 'server' });
  for (let user = 0; user < USERS; user += 1) {
    const answer = await fetch(`${server.api_url}/evaluate`, { method: 'POST', headers: { 'X-API-Key': made.key, 'Content-Type': 'application/json' }, body: JSON.stringify({ flags: ['search-ranker'], context: { user_key: `user-${user}` } }) });
    assert.equal(answer.status, 200);
  }
});
after(async () => { await end(); await server.stop(); });

const open = (page, flag, environment) => signIn(page, server, { ...people.viewer, at: `/p/shop/flags/${flag}/statistics?env=${environment}` });
const stats = (period) => server.api('GET', `/flags/search-ranker/stats?environment_id=${server.environments.production.id}&period=${period}`);

test('what was served is a chart, a list and a table', async () => {
  const { page, close } = await window(server);
  await open(page, 'search-ranker', 'production');
  const shown = page.getByRole('region', { name: 'In Production' });
  await shown.getByRole('img', { name: `Evaluations over time: ${USERS} in all` }).waitFor();
  const there = await stats('24h');
  const rows = shown.getByRole('list', { name: 'By variation' }).getByRole('listitem');
  const numbers = await rows.locator('.num:not(.muted)').allInnerTexts();
  assert.deepEqual(numbers.map(Number), ['bm25', 'vector', 'hybrid'].map((key) => there.variations.find((one) => one.variation_key === key).evaluations));
  await shown.getByRole('list', { name: 'By reason' }).getByText('A share of a rule').waitFor();
  await look(page, 'statistics');
  await shown.getByText('As a table').click();
  assert.deepEqual((await shown.getByRole('row').last().getByRole('cell').allInnerTexts()).map(Number).reduce((sum, number, at) => (at ? sum - number : number), 0), 0);
  await page.getByRole('button', { name: '30 days' }).click();
  await shown.getByRole('row').nth(30).waitFor();
  await look(page, 'statistics-table');
  await close();
});

test('where nothing was served it says how evaluations get there', async () => {
  const { page, close } = await window(server);
  await open(page, 'search-ranker', 'production');
  await page.getByRole('list', { name: 'Environments' }).getByRole('link', { name: /Staging/ }).click();
  await page.getByRole('heading', { name: 'Not evaluated in Staging in the last 24 hours' }).waitFor();
  await page.getByText('never evaluated').first().waitFor();
  await look(page, 'statistics-none');
  await close();
});
