// What became of the events of one webhook: each with its attempts, the answer, and a way to send it again.
import { html, nothing, effect, opened, signal, track, repeat, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { onFocus } from '../../live.js';
import { path } from '../../router.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { chip, environment as environmentView } from '../../parts/chip.js';
import { copyBlock } from '../../parts/copy.js';
import { choice } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { pretty } from '../../parts/json.js';
import { resource, shown } from '../../parts/resource.js';
import { ago, count, sayExactly } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { stateOf, why } from './events.js';
import { more, paged } from './paged.js';

const STATES = { pending: ['waiting', 'warn'], delivered: ['arrived', 'accent'], failed: ['failed', 'danger'] };
const FILTERS = [['', 'All deliveries'], ['pending', 'Waiting'], ['delivered', 'Arrived'], ['failed', 'Failed']];
/** What is about to be tried is asked for again this soon, if it is tried within the other. */
const AGAIN_MS = 1_000;
const SOON_MS = 40_000;

const due = (delivery) => delivery.next_attempt_at && new Date(delivery.next_attempt_at).getTime() - Date.now() < SOON_MS;
const readable = (text) => {
  try {
    return pretty(JSON.parse(text));
  } catch {
    return text;
  }
};

/** `of` has what the list of webhooks knows and can do: `{ back, acts, test, secret, paused, known }`. */
export function deliveries(id, of) {
  const status = signal('');
  const unfolded = signal(new Map());
  const webhook = resource(async () => (await api.get(path`/webhooks/${id}`)).data);
  const list = paged((page) => api.get(path`/webhooks/${id}/deliveries`, { status: status.peek(), ...page }));
  let timer = null;
  const load = () => Promise.all([webhook.load(), list.load()]);
  const stopLoad = effect(() => { if (status.value !== null) untracked(() => { list.value = null; load(); }); });
  const stopKnown = effect(() => { if (of.known()) webhook.value = of.known(); });
  // No stream tells of deliveries: those that are tried soon are looked for until they are over.
  const stopSoon = effect(() => {
    clearTimeout(timer);
    if (webhook.value?.active && list.value?.rows.some(due)) timer = setTimeout(() => { if (!document.hidden) load(); }, AGAIN_MS);
  });
  const stopFocus = onFocus(load);

  function unfold(delivery) {
    const next = new Map(unfolded.peek());
    if (next.delete(delivery.id)) {
      unfolded.value = next;
      return;
    }
    const body = resource(async () => (await api.get(path`/webhooks/${id}/deliveries/${delivery.id}`)).data.request_body);
    unfolded.value = next.set(delivery.id, body);
    body.load();
  }

  async function again(delivery) {
    await api.post(path`/webhooks/${id}/deliveries/${delivery.id}/redeliver`);
    toast(delivery.status === 'pending' ? 'It is tried now.' : 'It is sent once more.');
    await load();
  }

  const inside = (delivery, body) => html`<div class="delivery-more stack tight" id="more-${delivery.id}">
    ${delivery.error ? html`<p class="note ${delivery.status === 'delivered' ? '' : 'danger'}">${icon('warn')}<span class="wrap">${why(delivery.error)}</span></p>` : nothing}
    <p class="small muted wrap">Event <code>${delivery.event_id}</code>${delivery.last_attempt_at ? html` · tried last ${sayExactly(delivery.last_attempt_at)}` : nothing}${delivery.next_attempt_at ? html` · tried next ${sayExactly(delivery.next_attempt_at)}` : nothing}${delivery.redelivery_of ? ' · sent once more' : nothing}</p>
    <h3>What is sent</h3>${shown(body, (text) => copyBlock(readable(text), 'Copy the body'), { rows: 3 })}
    <h3>The answer${delivery.response_status ? `: ${delivery.response_status}` : ''}</h3>
    ${delivery.response_body ? copyBlock(readable(delivery.response_body), 'Copy the answer') : html`<p class="muted">${delivery.response_status ? 'It had no content.' : 'There is none yet.'}</p>`}
    <div>${button({ label: delivery.status === 'pending' ? 'Try now' : 'Send again', name: `again ${delivery.id}`, small: true, icon: 'undo', work: () => again(delivery) })}</div></div>`;

  const tried = (delivery) => [
    delivery.response_status && `answered ${delivery.response_status}`,
    delivery.latency_ms !== null && `in ${count(delivery.latency_ms)} ms`,
    delivery.attempts > 1 && `${count(delivery.attempts)} attempts`,
    delivery.attempts === 0 && 'not tried yet',
  ].filter(Boolean).join(' · ');

  const one = (delivery) => {
    const body = unfolded.value.get(delivery.id);
    const where = delivery.environment_id && place.byId(delivery.environment_id);
    return html`<li class="delivery"><button type="button" class="delivery-row" aria-expanded=${String(Boolean(body))} aria-controls=${body ? `more-${delivery.id}` : nothing} @click=${() => unfold(delivery)}>
      ${icon(body ? 'down' : 'right')}${chip(...STATES[delivery.status])}<span class="grow delivery-what"><code>${delivery.event_type}</code>${delivery.flag_key ? html`<strong class="cut">${delivery.flag_key}</strong>` : nothing}${where ? environmentView(where) : nothing}</span>
      <span class="small muted">${tried(delivery)}</span><span class="small muted delivery-when">${ago(delivery.created_at)}</span></button>${body ? inside(delivery, body) : nothing}</li>`;
  };

  const rows = ({ rows: all }) => (all.length
    ? html`<ul class="settings-list" aria-label="Deliveries">${repeat(all, (delivery) => delivery.id, one)}</ul>${more(list, 'deliveries')}`
    : html`<p class="muted">${status.value ? 'None of this kind.' : 'Nothing was sent yet. Send a test, or change a flag.'}</p>`);

  const head = (one) => html`<div class="row top"><div class="grow stack tight"><h2 class="row" tabindex="-1" ${opened((element) => element.focus())}><span class="mono wrap">${one.url}</span>${stateOf(one)}</h2>${one.description ? html`<p class="wrap">${one.description}</p>` : nothing}</div>
    ${button({ label: 'Send a test', name: `test ${id}`, small: true, onClick: async () => { await of.test(one); load(); } })}${track(() => of.acts(one))}</div>${of.paused(one)}`;

  return {
    view: () => html`<p><a href=${of.back()}>All webhooks</a></p>${of.secret.view()}${shown(webhook, (one) => html`${head(one)}
      <div class="row"><h3 class="grow">Deliveries</h3><div class="delivery-filter">${track(() => choice({ id: 'delivery-status', label: 'Status', hideLabel: true, value: status.value, options: FILTERS, onChange: (value) => { status.value = value; } }))}</div></div>
      ${shown(list, rows)}<p class="small muted">Kept for 30 days, the newest 1,000. What fails is tried for about a day.</p>`)}`,
    close() {
      clearTimeout(timer);
      [stopLoad, stopKnown, stopSoon, stopFocus].forEach((end) => end());
    },
  };
}
