// The page of a flag: what it says, switching there, and what others change meanwhile.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(3) }); });
after(async () => { await end(); await server.stop(); });

const open = (page, flag, environment = 'development') => signIn(page, server, { at: `/p/shop/flags/${flag}?env=${environment}` });

test('rules are sentences', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout');
  await page.getByRole('heading', { name: 'New checkout', level: 1 }).waitFor();
  await page.locator('.flag-rules > li').first().waitFor();
  const rules = await page.locator('.flag-rules > li').allInnerTexts();
  assert.equal(rules.length, 3);
  assert.match(rules[0], /Our own people: if email ends with .@example\.com., serve/);
  assert.match(rules[1], /plan is one of .pro., .team. and country is not .US., serve 25 %[^]*75 %/);
  assert.match(rules[2], /they are in the segment .beta-testers., serve 40 %/);
  assert.equal(await page.getByLabel('Everybody else gets').inputValue(), 'off');
  await look(page, 'flag');
  await close();
});

test('a switch there works, and another environment is one step away', async () => {
  const { page, close } = await window(server);
  await open(page, 'upload-limits');
  await page.getByRole('switch', { name: 'Upload limits in Staging', exact: true }).click();
  await page.getByText('Upload limits is on in Staging').waitFor();
  await page.getByRole('link', { name: 'Staging' }).click();
  await page.getByRole('heading', { name: 'Who gets what in Staging' }).waitFor();
  await page.getByLabel('Everybody gets').waitFor();
  await look(page, 'flag-json');
  await close();
});

test('a change by somebody else appears', async () => {
  const { page, close } = await window(server);
  await open(page, 'page-size');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Page size', level: 1 }).waitFor();
  await server.api('PUT', `/flags/page-size?environment_id=${server.environments.development.id}`, { name: 'Rows of a page' });
  await page.getByRole('heading', { name: 'Rows of a page', level: 1 }).waitFor({ timeout: 1_000 });
  await close();
});

test('a hostile name stays text', async () => {
  const { page, close } = await window(server);
  await open(page, 'hostile');
  await page.getByRole('heading', { name: HOSTILE, level: 1 }).waitFor();
  assert.equal(await page.locator('#main img, #main script, #main b').count(), 0);
  await close();
});
