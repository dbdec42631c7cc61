// A change that is to be made later: the switch, the default, or both.
import { html, signal } from '../../../kit.js';
import { schedule } from '../../../store/schedules.js';
import { consent } from '../../../parts/consent.js';
import { form } from '../../../parts/dialog.js';
import { choice, field } from '../../../parts/field.js';
import { fromLocal, isLocal, nextHour, toLocal, zone } from '../../../parts/moment.js';

const LEAVE = ['', 'Leave as it is then'];

/** Asks, and schedules. Answers the schedule, or nothing where it was dismissed. */
export function newSchedule(flag, environment) {
  const given = { at: signal(nextHour()), enabled: signal(String(!flag.enabled)), fallback: signal('') };
  const asks = consent(flag, environment);
  const change = () => ({ ...(given.enabled.value ? { enabled: given.enabled.value === 'true' } : {}), ...(given.fallback.value ? { default_variation: given.fallback.value } : {}) });
  return form({
    title: `Schedule a change in ${environment.name}`,
    submit: 'Schedule',
    ready: () => isLocal(given.at.value) && Object.keys(change()).length > 0 && asks.ready(),
    fields: (error) => html`
      ${field({ id: 'schedule-at', label: 'When', type: 'datetime-local', min: toLocal(Date.now()), value: given.at.value, onInput: (text) => { given.at.value = text; }, help: `In your time zone, ${zone}.`, error: error?.field?.('at'), autofocus: true })}
      ${choice({ id: 'schedule-enabled', label: 'The switch', value: given.enabled.value, options: [LEAVE, ['true', 'Turn on'], ['false', 'Turn off']], onChange: (value) => { given.enabled.value = value; }, error: error?.field?.('change') ?? error?.field?.('change.enabled') })}
      ${choice({ id: 'schedule-default', label: 'The default', value: given.fallback.value, options: [LEAVE, ...flag.variations.map((one) => [one.key, `Serve ${one.name || one.key}`])], onChange: (value) => { given.fallback.value = value; }, help: 'What is served where no rule decides.', error: error?.field?.('change.default_variation') })}
      ${asks.fields()}`,
    work: () => schedule(flag.key, environment, { at: fromLocal(given.at.value), change: change() }, asks.headers()),
  });
}
