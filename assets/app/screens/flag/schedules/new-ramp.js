// A ramp: a variation goes to more and more people, in steps with a pause before each. The first is made at the start.
import { html, nothing, signal, repeat } from '../../../kit.js';
import { keep, ofFlag } from '../../../store/kept.js';
import { makeRamp } from '../../../store/schedules.js';
import { button } from '../../../parts/button.js';
import { consent } from '../../../parts/consent.js';
import { form } from '../../../parts/dialog.js';
import { choice, field } from '../../../parts/field.js';
import { focusOn } from '../../../parts/focus.js';
import { icon } from '../../../parts/icon.js';
import { fromLocal, isLocal, nextHour, sayMoment, toLocal, zone } from '../../../parts/moment.js';

/** What the form is kept as (`ofFlag`). */
export const FORM = 'ramp';

const UNITS = [['60000', 'minutes'], ['3600000', 'hours'], ['86400000', 'days']];
const DAY = '86400000';
const MOST = 50;
const ADD = 'ramp-add';

let steps = 0;
const step = (percentage, pause = '1', unit = DAY) => ({ id: `${Date.now().toString(36)}-${++steps}`, percentage: String(percentage), pause, unit });
const numeric = (text) => text.trim() !== '' && Number.isFinite(Number(text));

/** What is wrong with a step; null: nothing. */
function fault(all, at) {
  const { percentage, pause } = all[at];
  if (!numeric(percentage) || Number(percentage) < 0 || Number(percentage) > 100) return 'A percentage from 0 to 100 is needed.';
  if (at && Number(percentage) <= Number(all[at - 1].percentage)) return 'It must be more than in the step before.';
  return at && (!numeric(pause) || Number(pause) <= 0) ? 'A pause is needed.' : null;
}

/** How long after the start each step is made, in milliseconds. */
const offsets = (all) => all.reduce((sums, one, at) => [...sums, at ? sums[at - 1] + Number(one.pause) * Number(one.unit) : 0], []);

const ruleText = (rule, at) => `Rule ${at + 1}${rule.name ? `: ${rule.name}` : ''}`;

/** Asks, and makes it. Answers the ramp, or nothing where it was dismissed. */
export function newRamp(flag, environment) {
  const other = flag.variations.find((one) => one.key !== flag.default_variation) ?? flag.variations[0];
  const given = { variation: signal(other.key), rule: signal(''), start: signal(nextHour()), steps: signal([10, 25, 50, 100].map((share) => step(share))) };
  const asks = consent(flag, environment);
  const rules = [...flag.targeting_rules].sort((a, b) => a.priority - b.priority);
  const set = (one, parts) => { given.steps.value = given.steps.value.map((each) => (each === one ? { ...one, ...parts } : each)); };

  const add = () => {
    const made = step('');
    given.steps.value = [...given.steps.value, made];
    focusOn(`ramp-share-${made.id}`);
  };
  const remove = (one) => {
    given.steps.value = given.steps.value.filter((each) => each !== one);
    focusOn(ADD);
  };

  const when = (at) => (isLocal(given.start.value) && !fault(given.steps.value, at) ? sayMoment(fromLocal(given.start.value, offsets(given.steps.value)[at])) : nothing);

  const line = (error) => (one, at) => {
    const wrong = fault(given.steps.value, at) ?? error?.field?.(`steps[${at}].percentage`) ?? error?.field?.(`steps[${at}].at`);
    return html`<li class="ramp-step">
      <div class="ramp-share">${field({ id: `ramp-share-${one.id}`, label: `Share of step ${at + 1} in percent`, hideLabel: true, type: 'number', min: 0, max: 100, step: 'any', value: one.percentage, onInput: (text) => set(one, { percentage: text }) })}<span>%</span></div>
      ${at === 0 ? html`<span class="muted">at the start</span>` : html`<div class="ramp-pause"><span>after</span>${field({ id: `ramp-pause-${one.id}`, label: `Pause before step ${at + 1}`, hideLabel: true, type: 'number', min: 1, step: 'any', value: one.pause, onInput: (text) => set(one, { pause: text }) })}
        ${choice({ id: `ramp-unit-${one.id}`, label: `Unit of the pause before step ${at + 1}`, hideLabel: true, value: one.unit, options: UNITS, onChange: (unit) => set(one, { unit }) })}</div>`}
      ${given.steps.value.length > 1 ? html`<button type="button" class="button quiet square" aria-label="Remove step ${at + 1}" @click=${() => remove(one)}>${icon('close')}</button>` : html`<span></span>`}
      ${wrong ? html`<p class="fault">${icon('warn')}<span>${wrong}</span></p>` : html`<p class="help">${when(at)}</p>`}</li>`;
  };

  const body = () => {
    const later = offsets(given.steps.value);
    return {
      variation: given.variation.value, ...(given.rule.value ? { rule_id: given.rule.value } : {}),
      steps: given.steps.value.map((one, at) => ({ at: fromLocal(given.start.value, later[at]), percentage: Number(one.percentage) })),
    };
  };

  return form({
    title: `New ramp in ${environment.name}`,
    submit: 'Make the ramp',
    kept: keep(ofFlag(FORM, flag), given),
    ready: () => isLocal(given.start.value) && given.steps.value.every((_one, at) => !fault(given.steps.value, at)) && asks.ready(),
    fields: (error) => html`
      ${flag.enabled ? nothing : html`<p class="note warn">The flag is off in ${environment.name}. A ramp does not turn it on: nobody notices it until you do.</p>`}
      <div class="fields">${choice({ id: 'ramp-variation', label: 'Who is in the share gets', value: given.variation.value, options: flag.variations.map((one) => [one.key, one.name || one.key]), onChange: (value) => { given.variation.value = value; }, error: error?.field?.('variation') })}
      ${choice({ id: 'ramp-rule', label: 'By which rule', value: given.rule.value, options: [['', 'A new rule for everybody'], ...rules.map((rule, at) => [rule.id, ruleText(rule, at)])], onChange: (value) => { given.rule.value = value; }, error: error?.field?.('rule_id') })}</div>
      ${field({ id: 'ramp-start', label: 'Start', type: 'datetime-local', min: toLocal(Date.now()), value: given.start.value, onInput: (text) => { given.start.value = text; }, help: `In your time zone, ${zone}.` })}
      <fieldset class="ramp-form"><legend>Steps</legend><ol class="ramp-steps">${repeat(given.steps.value, (one) => one.id, line(error))}</ol>
        ${button({ id: ADD, label: 'Add a step', kind: 'quiet', small: true, icon: 'plus', disabled: given.steps.value.length >= MOST, onClick: add })}</fieldset>
      ${asks.fields()}`,
    work: () => makeRamp(flag.key, environment, body(), asks.headers()),
  });
}
