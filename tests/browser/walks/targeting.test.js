// Who gets what is edited: rules, shares, the default; reviewed, saved, and never lost, whoever else changes the flag.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { end, look, signIn, window } from '../support/browser.js';
import { HOSTILE, people, seed } from '../support/seed.js';

let server;
before(async () => { server = await serve({ seed: seed(3), more: ['--rate-limit-auth', '0'] }); });
after(async () => { await end(); await server.stop(); });

const open = async (page, flag, { who = {}, environment = 'development' } = {}) => {
  await signIn(page, server, { ...who, at: `/p/shop/flags/${flag}?env=${environment}` });
  await page.getByRole('heading', { name: /^Who gets what in/ }).waitFor();
};
const at = (environment) => `?environment_id=${server.environments[environment].id}`;
const flag = (key, environment = 'development') => server.api('GET', `/flags/${key}${at(environment)}`);
const rules = (page) => page.locator('.flag-rules > li');
const bar = (page) => page.getByRole('region', { name: 'Unsaved changes' });
/** What was just made has the focus in its first field. */
const focused = (rule) => rule.locator('input:focus').waitFor();

async function save(page, { typed } = {}) {
  await bar(page).getByRole('button', { name: 'Review' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  if (typed) await dialog.getByRole('textbox').fill(typed);
  await dialog.getByRole('button', { name: 'Save' }).click();
}

test('a rule is edited, added, moved and saved', async () => {
  const { page, close } = await window(server);
  await open(page, 'new-checkout');
  assert.equal(await rules(page).count(), 3);
  await rules(page).nth(1).getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Percentage of On').fill('30');
  await page.keyboard.press('Tab');
  assert.equal(await page.getByLabel('Percentage of Off').inputValue(), '70');
  assert.equal(await page.getByLabel('Percentage of the next rules').inputValue(), '0');
  await page.getByLabel('Share of On').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.getByLabel('Percentage of On').inputValue(), '31');
  assert.equal(await page.getByLabel('Percentage of Off').inputValue(), '69');
  await look(page, 'targeting-form');
  await rules(page).nth(1).getByRole('button', { name: 'Done' }).click();

  await page.getByRole('button', { name: 'Add a rule' }).click();
  await focused(rules(page).nth(3));
  await page.keyboard.type('From Austria');
  await rules(page).nth(3).getByRole('button', { name: 'Add a condition' }).click();
  await focused(rules(page).nth(3));
  await page.keyboard.type('country');
  await page.keyboard.press('Escape');
  await rules(page).nth(3).getByLabel('How condition 1 compares').selectOption('is');
  await rules(page).nth(3).getByLabel('What condition 1 compares with').fill('AT');
  await rules(page).nth(3).getByLabel('What they get').selectOption('off');
  const up = page.getByRole('button', { name: 'Move the rule From Austria up' });
  await up.focus();
  await page.keyboard.press('Enter');
  await page.getByText('The rule From Austria is number 3 of 4 now.').waitFor();
  await bar(page).getByText('2 changes not saved').waitFor();

  await page.reload();
  await bar(page).getByText('2 changes not saved').waitFor();
  await bar(page).getByRole('button', { name: 'Review' }).click();
  await page.getByRole('dialog', { name: 'Save the changes in Development?' }).waitFor();
  await look(page, 'targeting-review');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('New checkout is saved.').waitFor();
  await bar(page).waitFor({ state: 'detached' });
  const saved = (await flag('new-checkout')).targeting_rules;
  assert.deepEqual(saved.map((rule) => rule.name), ['Our own people', 'A quarter of the pro plan', 'From Austria', 'Beta testers']);
  assert.deepEqual(saved[1].percentage_rollout, [{ variation: 'on', percentage: 31 }, { variation: 'off', percentage: 69 }]);
  assert.deepEqual(saved[2].conditions.map(({ attribute, operator, value }) => [attribute, operator, value]), [['country', 'is', 'AT']]);
  assert.equal(saved[2].variation, 'off');
  await look(page, 'targeting');
  await close();
});

test('rules are dragged, duplicated and removed, and the draft can be discarded', async () => {
  const { page, close } = await window(server);
  await server.api('PUT', `/flags/small-change-0001${at('development')}`, { targeting_rules: ['A', 'B', 'C'].map((name) => ({ name, conditions: [], variation: 'on' })) });
  await open(page, 'small-change-0001');
  await rules(page).nth(2).locator('.rule-grip').dragTo(rules(page).nth(0));
  const names = async () => (await rules(page).locator('.rule-head > p').allInnerTexts()).map((text) => text.slice(0, 1));
  assert.deepEqual(await names(), ['C', 'A', 'B']);
  await page.getByRole('button', { name: 'More for the rule A' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  assert.deepEqual(await names(), ['C', 'B']);
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.deepEqual(await names(), ['C', 'A', 'B']);
  await page.getByRole('button', { name: 'More for the rule A' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  assert.deepEqual(await names(), ['C', 'A', 'A', 'B']);
  await bar(page).getByRole('button', { name: 'Discard' }).click();
  assert.deepEqual(await names(), ['A', 'B', 'C']);
  assert.deepEqual((await flag('small-change-0001')).targeting_rules.map((rule) => rule.name), ['A', 'B', 'C']);
  await close();
});

test('a change by somebody else is merged, and what both changed is chosen', async () => {
  const { page, close } = await window(server, { refused: [412] });
  const three = ['A', 'B', 'C'].map((name) => ({ name, conditions: [], variation: 'on' }));
  const { targeting_rules: made } = await server.api('PUT', `/flags/small-change-0002${at('development')}`, { targeting_rules: three });
  await open(page, 'small-change-0002');
  for (const name of ['A', 'B']) {
    await rules(page).filter({ hasText: `${name}:` }).getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Name', { exact: false }).and(page.locator(`#rule-${made.find((rule) => rule.name === name).id}-name`)).fill(`My ${name}`);
  }
  const theirs = made.map((rule) => (rule.name === 'C' ? { ...rule, name: 'Their C' } : rule.name === 'B' ? { ...rule, name: 'Their B' } : rule));
  await server.api('PUT', `/flags/small-change-0002${at('development')}`, { targeting_rules: theirs });
  const conflict = page.getByRole('alert', { name: 'Changed by somebody else' });
  await conflict.waitFor({ timeout: 1_500 });
  assert.equal(await bar(page).getByRole('button', { name: 'Review' }).isDisabled(), true);
  await look(page, 'targeting-conflict');
  await conflict.getByRole('radio', { name: /^Theirs/ }).check();
  await conflict.getByRole('button', { name: 'Go on with these' }).click();
  await conflict.waitFor({ state: 'detached' });
  // Somebody is faster while the changes are read: the server refuses them, and nothing is lost.
  await bar(page).getByRole('button', { name: 'Review' }).click();
  await page.getByRole('dialog').waitFor();
  await server.api('PUT', `/flags/small-change-0002${at('development')}`, { description: 'Theirs' });
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await conflict.getByText('both can be kept').waitFor();
  await conflict.getByRole('button', { name: 'Keep both' }).click();
  await save(page);
  await page.getByText('Small change 2 is saved.').waitFor();
  assert.equal((await flag('small-change-0002')).description, 'Theirs');
  assert.deepEqual((await flag('small-change-0002')).targeting_rules.map((rule) => rule.name), ['My A', 'Their B', 'Their C']);
  await close();
});

test('where both moved rules, the reader chooses the order', async () => {
  const { page, close } = await window(server);
  const three = ['A', 'B', 'C'].map((name) => ({ name, conditions: [], variation: 'on' }));
  const { targeting_rules: made } = await server.api('PUT', `/flags/small-change-0001${at('development')}`, { targeting_rules: three });
  await open(page, 'small-change-0001');
  const conflict = page.getByRole('alert', { name: 'Changed by somebody else' });
  const moved = async (order) => {
    const all = (await flag('small-change-0001')).targeting_rules;
    await server.api('PUT', `/flags/small-change-0001${at('development')}`, { targeting_rules: [...order].map((name, place) => ({ ...all.find((rule) => rule.name === name), priority: place + 1 })) });
    await conflict.waitFor();
  };
  await page.locator(`#rule-${made[0].id}-down`).click();
  await moved('CAB');
  const question = conflict.getByRole('group', { name: 'Order of the rules' });
  assert.match(await question.innerText(), /Yours: B, then A, then C[^]*Theirs: C, then A, then B/);
  await question.getByRole('radio', { name: /^Theirs/ }).check();
  await conflict.getByRole('button', { name: 'Go on with these' }).click();
  await conflict.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement && document.activeElement !== document.body);
  assert.deepEqual((await rules(page).allInnerTexts()).map((text) => /([ABC]):/.exec(text)[1]), ['C', 'A', 'B']);

  await page.locator(`#rule-${made[0].id}-up`).click();
  await moved('BAC');
  await conflict.getByRole('button', { name: 'Go on with these' }).click();
  await conflict.waitFor({ state: 'detached' });
  await save(page);
  await page.getByText('Small change 1 is saved.').waitFor();
  assert.deepEqual((await flag('small-change-0001')).targeting_rules.map((rule) => rule.name), ['A', 'C', 'B'], 'what is not chosen otherwise is mine');
  await close();
});

test('what was drafted is scheduled, and what cannot wait is told', async () => {
  const { page, close } = await window(server, { refused: [400] });
  await open(page, 'search-ranker', { environment: 'staging' });
  const before = await flag('search-ranker', 'staging');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await focused(rules(page).last());
  await page.keyboard.type('At night');
  await rules(page).last().getByLabel('What they get').selectOption('vector');
  await bar(page).getByText('1 change not saved').waitFor();
  const schedule = bar(page).getByRole('button', { name: 'Schedule' });
  await page.locator('#edit-about').click();
  await page.locator('#flag-name').fill('Another name');
  assert.equal(await schedule.isDisabled(), true, 'a name cannot wait');
  await page.locator('#flag-name').fill(before.name);
  await schedule.click();
  const dialog = page.getByRole('dialog', { name: 'Schedule the changes in Staging' });
  await dialog.getByText('Rule added').waitFor();
  await look(page, 'targeting-schedule');
  await dialog.getByLabel('When').fill('2020-01-01T08:00');
  await dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  await dialog.locator('.field').getByText('must be in the future').waitFor();
  await dialog.getByLabel('When').fill('2029-01-01T08:00');
  await dialog.getByLabel('The switch').selectOption('true');
  await page.reload();
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel('When').inputValue(), '2029-01-01T08:00');
  await dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  await page.getByRole('list', { name: 'Scheduled', exact: true }).getByText('At night').waitFor();
  const [made] = await server.api('GET', `/flags/search-ranker/schedules${at('staging')}`);
  assert.equal(made.change.enabled, true);
  assert.deepEqual(made.change.targeting_rules.map((one) => [one.name, one.variation]), [...before.targeting_rules.map((one) => [one.name, one.variation]), ['At night', 'vector']]);
  assert.equal((await flag('search-ranker', 'staging')).revision, before.revision, 'nothing changes before its time');
  await page.getByRole('link', { name: 'Targeting' }).click();
  await page.getByRole('heading', { name: /^Who gets what in/ }).waitFor();
  assert.equal(await bar(page).count(), 0);
  await close();
});

test('what the server refuses is said beside its rule, and nothing is lost', async () => {
  const { page, close } = await window(server, { refused: [400, 422] });
  await open(page, 'small-change-0000');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await focused(rules(page).first());
  await rules(page).first().getByRole('button', { name: 'Add a condition' }).click();
  await focused(rules(page).first());
  await page.keyboard.type('email');
  await page.keyboard.press('Escape');
  await rules(page).first().getByLabel('How condition 1 compares').selectOption('matches_regex');
  await rules(page).first().getByLabel('What condition 1 compares with').fill('(');
  await save(page);
  await bar(page).getByText('This was not saved').waitFor();
  assert.equal(await rules(page).first().getByLabel('What condition 1 compares with').getAttribute('aria-invalid'), 'true');
  await look(page, 'targeting-fault');
  await rules(page).first().getByLabel('What condition 1 compares with').fill('@example');
  await save(page);
  await page.getByText('Small change 0 is saved.').waitFor();
  await close();
});

test('values, the default and prerequisites; production asks by name', async () => {
  const { page, close } = await window(server);
  await open(page, 'upload-limits', { environment: 'production' });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByLabel('Value of variation 1').fill('{"megabytes": 20');
  await page.getByText(/Not JSON yet/).waitFor();
  assert.equal(await page.getByLabel('Value of variation 1').getAttribute('aria-invalid'), 'true');
  await page.reload();
  assert.equal(await page.getByLabel('Value of variation 1').inputValue(), '{"megabytes": 20', 'what is no value yet is not lost');
  await page.getByLabel('Value of variation 1').fill('{"megabytes": 20}');
  await page.getByLabel('Everybody gets').selectOption('large');
  await page.getByRole('button', { name: 'Add a prerequisite' }).click();
  await page.getByLabel('Flag of prerequisite 1').fill('new-checkout');
  await page.keyboard.press('Escape');
  await page.getByLabel('Variation of prerequisite 1').fill('on');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add a prerequisite' }).click();
  await page.getByRole('button', { name: 'Remove prerequisite 2' }).click();
  await page.locator('#remove-prerequisite-0:focus').waitFor();
  await look(page, 'targeting-values');
  await save(page, { typed: 'upload-limits' });
  await page.getByText('Upload limits is saved.').waitFor();
  const saved = await flag('upload-limits', 'production');
  assert.deepEqual([saved.variations[0].value, saved.default_variation, saved.prerequisites], [{ megabytes: 20 }, 'large', [{ flag_key: 'new-checkout', variation_key: 'on' }]]);
  await close();
});

test('a value is asked for by name from everywhere, and a discarded text is gone', async () => {
  const { page, close } = await window(server);
  await open(page, 'page-size');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByLabel('Value of variation 1').fill('25');
  await page.getByLabel('Value of variation 2').fill('a hundred');
  assert.equal(await bar(page).getByRole('button', { name: 'Review' }).isDisabled(), true);
  await bar(page).getByRole('button', { name: 'Discard' }).click();
  assert.equal(await page.getByLabel('Value of variation 2').inputValue(), '100');
  await page.getByLabel('Value of variation 1').fill('25');
  await save(page, { typed: 'page-size' });
  await page.getByText('Page size is saved.').waitFor();
  assert.equal((await flag('page-size', 'production')).variations[0].value, 25);
  await close();
});

test('who may only look has sentences and no forms; a hostile name stays text', async () => {
  const { page, close } = await window(server);
  await server.api('PUT', `/flags/hostile${at('development')}`, { targeting_rules: [{ name: HOSTILE, conditions: [{ attribute: 'x', operator: 'is', value: HOSTILE }], variation: 'on' }] });
  await open(page, 'hostile', { who: people.viewer });
  await page.getByText('Your role is viewer: it may look, not change.').first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Add a rule' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: 'Edit' }).count(), 0);
  assert.match(await rules(page).first().innerText(), /<img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator('#main img').count(), 0);
  await close();
});
