// A change that is to be made later: the switch, the default, and the rules, as another environment has them now.
import { html, signal } from '../../../kit.js';
import { inEnvironment, keep } from '../../../store/kept.js';
import * as place from '../../../store/place.js';
import { schedule } from '../../../store/schedules.js';
import { consent } from '../../../parts/consent.js';
import { form } from '../../../parts/dialog.js';
import { choice, field } from '../../../parts/field.js';
import { fromLocal, isLocal, nextHour, toLocal, zone } from '../../../parts/moment.js';

const LEAVE = ['', 'Leave as it is then'];
const NO_RULES = 'none';

const ruleCount = (rules) => (rules.length === 1 ? '1 rule' : `${rules.length} rules`);
/** Rules for another environment: they get identities and places of their own. */
const asNew = (rules) => [...rules].sort((a, b) => a.priority - b.priority).map(({ id: _id, priority: _place, ...rule }) => rule);

/** Asks, and schedules. `all` is the flag by the environment's id. Answers the schedule, or nothing where it was dismissed. */
export function newSchedule(flag, environment, all) {
  const given = { at: signal(nextHour()), enabled: signal(String(!flag.enabled)), fallback: signal(''), rules: signal('') };
  const others = place.environments.peek().filter((one) => one.id !== environment.id && all.get(one.id)?.targeting_rules.length);
  const rules = () => (given.rules.value === NO_RULES ? [] : asNew(all.get(given.rules.value).targeting_rules));
  const asks = consent(flag, environment);
  const change = () => ({ ...(given.rules.value ? { targeting_rules: rules() } : {}), ...(given.enabled.value ? { enabled: given.enabled.value === 'true' } : {}), ...(given.fallback.value ? { default_variation: given.fallback.value } : {}) });
  return form({
    title: `Schedule a change in ${environment.name}`,
    submit: 'Schedule',
    kept: keep(`${inEnvironment('schedule')} ${flag.id}`, given),
    ready: () => isLocal(given.at.value) && Object.keys(change()).length > 0 && asks.ready(),
    fields: (error) => html`
      ${field({ id: 'schedule-at', label: 'When', type: 'datetime-local', min: toLocal(Date.now()), value: given.at.value, onInput: (text) => { given.at.value = text; }, help: `In your time zone, ${zone}.`, error: error?.field?.('at'), autofocus: true })}
      ${choice({ id: 'schedule-enabled', label: 'The switch', value: given.enabled.value, options: [LEAVE, ['true', 'Turn on'], ['false', 'Turn off']], onChange: (value) => { given.enabled.value = value; }, error: error?.field?.('change') ?? error?.field?.('change.enabled') })}
      ${choice({ id: 'schedule-default', label: 'The default', value: given.fallback.value, options: [LEAVE, ...flag.variations.map((one) => [one.key, `Serve ${one.name || one.key}`])], onChange: (value) => { given.fallback.value = value; }, help: 'What is served where no rule decides.', error: error?.field?.('change.default_variation') })}
      ${choice({ id: 'schedule-rules', label: 'The rules', value: given.rules.value, options: [['', 'Leave as they are then'], ...others.map((one) => [one.id, `As ${one.name} has them now: ${ruleCount(all.get(one.id).targeting_rules)}`]), [NO_RULES, 'Remove all rules']], onChange: (value) => { given.rules.value = value; }, error: error?.fields?.find((one) => one.field.startsWith('change.targeting_rules'))?.message })}
      ${asks.fields()}`,
    work: () => schedule(flag.key, environment, { at: fromLocal(given.at.value), change: change() }, asks.headers()),
  });
}
