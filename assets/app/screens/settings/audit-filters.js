// What narrows the audit log: kept in the address, so that a reload and a link keep it.
import { html, nothing } from '../../kit.js';
import { here, setQuery } from '../../router.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { chip } from '../../parts/chip.js';
import { choice, field } from '../../parts/field.js';
import { fromLocal, isLocal, toLocal } from '../../parts/moment.js';
import { RESOURCES, choices } from './actions.js';

const NAMES = ['where', 'who', 'kind', 'action', 'thing', 'from', 'to'];
/** In place of an environment: all organizations of the reader. No key of an environment begins with a `*`. */
const EVERYWHERE = '*';
export const given = () => Object.fromEntries(NAMES.map((name) => [name, here.value.query.get(name) ?? '']));
export const narrowed = () => NAMES.some((name) => given()[name]);
export const clear = () => setQuery(Object.fromEntries(NAMES.map((name) => [name, null])));

/** The parameters of the API. */
export function parameters() {
  const { who, kind, action, thing, where, from, to } = given();
  return {
    project_id: where === EVERYWHERE ? undefined : place.project.value?.id, environment_id: place.environments.value?.find((one) => one.key === where)?.id,
    actor_id: who, resource_type: kind, resource_id: thing, action, from, to,
  };
}

const valid = (moment) => Boolean(moment) && !Number.isNaN(new Date(moment).getTime());

/** `people`: `[id, name]` of those who may have done something; `error`: what the server said of the filters. */
export function filters(people, error) {
  const now = given();
  const select = (name, label, options, more = {}) => choice({ id: `audit-${name}`, label, value: now[name], options, error: error?.field?.(more.parameter ?? name), onChange: (value) => setQuery({ [name]: value, ...more.also }) });
  const moment = (name, label) => field({ id: `audit-${name}`, label, type: 'datetime-local', value: valid(now[name]) ? toLocal(now[name]) : '', error: error?.field?.(name), onInput: (text) => setQuery({ [name]: isLocal(text) ? fromLocal(text) : null }) });
  return html`<div class="audit-filters" role="group" aria-label="Filters">
    ${select('where', 'Where', [['', 'This project'], ...(place.environments.value ?? []).map((one) => [one.key, `Only ${one.name}`]), [EVERYWHERE, 'All that I see']], { parameter: 'environment_id' })}
    ${select('who', 'Who', [['', 'Everybody'], ...people, ...(now.who && !people.some(([id]) => id === now.who) ? [[now.who, now.who]] : [])], { parameter: 'actor_id' })}
    ${select('kind', 'Kind of thing', [['', 'All'], ...RESOURCES], { parameter: 'resource_type', also: { action: null } })}
    ${select('action', 'Action', [['', 'All'], ...choices(now.kind)])}
    ${moment('from', 'From')}${moment('to', 'To')}
    ${narrowed() ? html`<div class="row audit-clear">${now.thing ? html`<span class="small">Only</span>${chip(now.thing, 'accent')}` : nothing}${button({ label: 'Clear the filters', icon: 'close', onClick: clear })}</div>` : nothing}</div>`;
}
