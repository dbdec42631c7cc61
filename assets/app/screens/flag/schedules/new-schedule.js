// A change that is to be made later: the switch, the default and the rules, as they are chosen in a form or were drafted.
import { html, nothing, signal } from '../../../kit.js';
import { keep, ofFlag } from '../../../store/kept.js';
import * as place from '../../../store/place.js';
import { schedule } from '../../../store/schedules.js';
import { consent } from '../../../parts/consent.js';
import { form } from '../../../parts/dialog.js';
import { choice, field } from '../../../parts/field.js';
import { icon } from '../../../parts/icon.js';
import { fromLocal, isLocal, nextHour, toLocal, zone } from '../../../parts/moment.js';

/** What the two forms are kept as (`ofFlag`). */
export const FORM = 'schedule';
export const DRAFT_FORM = 'scheduled draft';

const LEAVE = ['', 'Leave as it is then'];
const NO_RULES = 'none';

const ruleCount = (rules) => (rules.length === 1 ? '1 rule' : `${rules.length} rules`);
/** Rules for another environment: they get identities and places of their own. */
const asNew = (rules) => [...rules].sort((a, b) => a.priority - b.priority).map(({ id: _id, priority: _place, ...rule }) => rule);

/** Asks when, and schedules. `given` has the moment and the switch; `change()` is what the request says besides the switch, and
 *  `fields(error)` are drawn below it. `kept` is the form's name. Answers the schedule; nothing: it was dismissed. */
function ask(flag, environment, { title, intro, wide, kept, given, change, fields }) {
  const asks = consent(flag, environment);
  const whole = () => ({ ...change(), ...(given.enabled.value ? { enabled: given.enabled.value === 'true' } : {}) });
  return form({
    title,
    intro,
    wide,
    submit: 'Schedule',
    kept: keep(ofFlag(kept, flag), given),
    ready: () => isLocal(given.at.value) && Object.keys(whole()).length > 0 && asks.ready(),
    fields: (error) => html`
      ${field({ id: 'schedule-at', label: 'When', type: 'datetime-local', min: toLocal(Date.now()), value: given.at.value, onInput: (text) => { given.at.value = text; }, help: `In your time zone, ${zone}.`, error: error?.field?.('at'), autofocus: true })}
      ${choice({ id: 'schedule-enabled', label: 'The switch', value: given.enabled.value, options: [LEAVE, ['true', 'Turn on'], ['false', 'Turn off']], onChange: (value) => { given.enabled.value = value; }, error: error?.field?.('change') ?? error?.field?.('change.enabled') })}
      ${fields(error)}
      ${asks.fields()}`,
    work: () => schedule(flag.key, environment, { at: fromLocal(given.at.value), change: whole() }, asks.headers()),
  });
}

/** A change as it is chosen here; the rules are those that another environment has now. `all` is the flag by the environment's id. */
export function newSchedule(flag, environment, all) {
  const given = { at: signal(nextHour()), enabled: signal(String(!flag.enabled)), fallback: signal(''), rules: signal('') };
  const others = place.environments.peek().filter((one) => one.id !== environment.id && all.get(one.id)?.targeting_rules.length);
  const rules = () => (given.rules.value === NO_RULES ? [] : asNew(all.get(given.rules.value).targeting_rules));
  return ask(flag, environment, {
    title: `Schedule a change in ${environment.name}`,
    kept: FORM,
    given,
    change: () => ({ ...(given.rules.value ? { targeting_rules: rules() } : {}), ...(given.fallback.value ? { default_variation: given.fallback.value } : {}) }),
    fields: (error) => html`
      ${choice({ id: 'schedule-default', label: 'The default', value: given.fallback.value, options: [LEAVE, ...flag.variations.map((one) => [one.key, `Serve ${one.name || one.key}`])], onChange: (value) => { given.fallback.value = value; }, help: 'What is served where no rule decides.', error: error?.field?.('change.default_variation') })}
      ${choice({ id: 'schedule-rules', label: 'The rules', value: given.rules.value, options: [['', 'Leave as they are then'], ...others.map((one) => [one.id, `As ${one.name} has them now: ${ruleCount(all.get(one.id).targeting_rules)}`]), [NO_RULES, 'Remove all rules']], onChange: (value) => { given.rules.value = value; },
        help: 'For other rules, change them under Targeting and schedule that.', error: error?.fields?.find((one) => one.field.startsWith('change.targeting_rules'))?.message })}`,
  });
}

/** What was drafted, at a moment to come. `change` is what a request says of it, and `text` says it in words. */
export function scheduleDraft(flag, environment, { change, text }) {
  const fault = ({ field: path, message }) => html`<p class="fault wrap">${icon('warn')}<span>${path.replace(/^change\./, '')} ${message}</span></p>`;
  return ask(flag, environment, {
    title: `Schedule the changes in ${environment.name}`,
    intro: html`<div class="stack tight">${text}${change.targeting_rules ? html`<p class="muted">All of the rules are as you see them from then on, whatever anybody makes of them until then.</p>` : nothing}</div>`,
    wide: true,
    kept: DRAFT_FORM,
    given: { at: signal(nextHour()), enabled: signal('') },
    change: () => change,
    fields: (error) => html`${error?.fields?.filter((one) => /^change\../.test(one.field) && one.field !== 'change.enabled').map(fault) ?? nothing}`,
  });
}
