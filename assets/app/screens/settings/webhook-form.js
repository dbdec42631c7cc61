// The dialog that makes a webhook or changes one: where events go, which ones, and of which environments.
import { html, nothing, signal } from '../../kit.js';
import * as api from '../../api.js';
import { path } from '../../router.js';
import { inProject, keep } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { form } from '../../parts/dialog.js';
import { choice, field, tick } from '../../parts/field.js';
import { ALL, EVENTS } from './events.js';

const has = (list, value, on) => (on ? [...list, value] : list.filter((one) => one !== value));
const faultOf = (error, name) => error?.fields?.find((fault) => fault.field.startsWith(name))?.message;

const events = (given, error) => html`<fieldset class="stack tight"><legend class="label">Events</legend>
  ${EVENTS.map(([title, list]) => html`<div role="group" aria-label=${title} class="ticks"><p class="small muted">${title}</p>${list.map(([event, words]) => tick({
    id: `event-${event}`, label: html`${words} <code class="muted small">${event}</code>`, value: given.value.includes(event),
    onChange: (on) => { given.value = has(given.value, event, on); },
  }))}</div>`)}
  ${error ? html`<p class="fault">${error}</p>` : nothing}</fieldset>`;

const places = (some, given, error) => html`${choice({ id: 'webhook-places', label: 'Environments', value: some.value ? 'some' : 'all', options: [['all', 'All, also those to come'], ['some', 'Only some']], onChange: (value) => { some.value = value === 'some'; }, error })}
  ${some.value ? html`<div role="group" aria-label="Which environments" class="ticks">${(place.environments.value ?? []).map((one) => tick({
    id: `webhook-${one.id}`, label: one.name, value: given.value.includes(one.id), onChange: (on) => { given.value = has(given.value, one.id, on); },
  }))}</div>` : nothing}`;

/** Answers the webhook that was made (with its secret) or changed; undefined where the reader left. */
export async function webhookForm(webhook = null) {
  const given = {
    url: signal(webhook?.url ?? ''), description: signal(webhook?.description ?? ''), events: signal(webhook?.events ?? ALL),
    some: signal(Boolean(webhook?.environment_ids.length)), environments: signal(webhook?.environment_ids ?? []),
  };
  const body = () => ({
    url: given.url.value.trim(), description: given.description.value.trim() || null, events: given.events.value,
    environment_ids: given.some.value ? given.environments.value : [],
  });
  return form({
    title: webhook ? 'Change the webhook' : 'New webhook',
    submit: webhook ? 'Save' : 'Create the webhook',
    kept: keep(webhook ? `webhook ${webhook.id}` : inProject('webhook'), given, { changes: webhook !== null }),
    ready: () => given.url.value.trim() !== '' && given.events.value.length > 0 && (!given.some.value || given.environments.value.length > 0),
    intro: webhook ? undefined : html`<p class="muted">The server sends events there by <code>POST</code>, signed with a secret that you get next.</p>`,
    fields: (error) => html`
      ${field({ id: 'webhook-url', label: 'Address', type: 'url', mono: true, value: given.url.value, onInput: (value) => { given.url.value = value; }, error: error?.field?.('url'), max: 2048, required: true, autofocus: true, off: true, placeholder: 'https://' })}
      ${field({ id: 'webhook-description', label: 'What it is for', optional: true, value: given.description.value, onInput: (value) => { given.description.value = value; }, error: error?.field?.('description'), max: 2000, off: true })}
      ${events(given.events, faultOf(error, 'events'))}
      ${places(given.some, given.environments, faultOf(error, 'environment_ids'))}`,
    work: async () => (webhook
      ? (await api.put(path`/webhooks/${webhook.id}`, body(), { ifMatch: webhook.revision })).data
      : (await api.post('/webhooks', body(), { query: { project_id: place.project.peek().id } })).data),
  });
}
