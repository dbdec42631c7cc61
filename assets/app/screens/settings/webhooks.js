// The webhooks of this project: where its events are sent. Each is made, changed, tried, paused and deleted here; what became of
// its events is shown by `deliveries.js`, at the same address with `?webhook=`.
import { html, nothing, effect, signal, track, repeat, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { go, here, path } from '../../router.js';
import { inProject, reopens, reopensOne } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { button, once } from '../../parts/button.js';
import { confirm } from '../../parts/dialog.js';
import { icon } from '../../parts/icon.js';
import { menu } from '../../parts/menu.js';
import { resource, shown } from '../../parts/resource.js';
import { empty, skeleton } from '../../parts/state.js';
import { ago, count } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { onlyAdmins } from './admins.js';
import { deliveries } from './deliveries.js';
import { ALL, stateOf } from './events.js';
import { keepPlace, of, row, toContent } from './rows.js';
import { secrets } from './secret.js';
import { webhookForm } from './webhook-form.js';

const address = (webhook) => `${place.to`settings/webhooks`}?${new URLSearchParams({ ...(place.environment.value ? { env: place.environment.value.key } : {}), ...(webhook ? { webhook: webhook.id } : {}) })}`;
const chosen = () => here.value?.query.get('webhook') ?? null;

const scope = (webhook) => {
  const names = webhook.environment_ids.map((id) => place.byId(id)?.name ?? 'one that is gone').join(', ');
  return `${ALL.every((event) => webhook.events.includes(event)) ? 'all events' : `${count(webhook.events.length)} of ${ALL.length} events`} · ${names || 'all environments'}`;
};

export function webhooks() {
  const secret = secrets();
  let asked = null;
  const all = resource(() => api.all('/webhooks', { project_id: place.project.peek().id }));
  const stop = effect(() => {
    const id = place.isAdmin.value ? place.project.value.id : null;
    if (id === asked) return;
    asked = id;
    untracked(() => { all.value = null; if (id) all.load(); });
  });
  const stopFocus = place.onNewsAfterRole(() => { if (asked) all.load(); });
  const stopReopen = [reopens(() => all.value && inProject('webhook'), () => create()), reopensOne(() => all.value, (one) => `webhook ${one.id}`, (one) => edit(one))];

  const reveal = (webhook, title) => secret.give({
    title, secret: webhook.secret, label: 'Copy the secret',
    text: `Events to ${webhook.url} are signed with this secret, so that the receiver can tell that they are real. It is shown only now.`,
  });

  async function create() {
    const made = await webhookForm();
    if (!made) return;
    reveal(made, 'The secret of the new webhook');
    await all.load();
  }
  async function edit(webhook) {
    if (!await webhookForm(webhook)) return;
    await all.load();
    toast('The webhook is saved.');
  }
  async function put(webhook, active) {
    await api.put(path`/webhooks/${webhook.id}`, { active });
    await all.load();
  }
  const pause = (webhook) => once(`pause ${webhook.id}`, async () => {
    await put(webhook, !webhook.active);
    toast(webhook.active ? 'Nothing is sent until you turn it on again. What waits is kept.' : 'The webhook is on. What waited is sent now.', { undo: () => put(webhook, webhook.active) });
  });
  const test = (webhook) => once(`test ${webhook.id}`, async () => {
    await api.post(path`/webhooks/${webhook.id}/test`);
    toast(webhook.active ? 'A test is on its way.' : 'A test waits until the webhook is on.');
    go(address(webhook));
  });
  async function rotate(webhook) {
    let made;
    const done = await confirm({
      title: 'Rotate the secret?', action: 'Rotate', danger: true,
      text: html`<p class="wrap">From then on everything to <code>${webhook.url}</code> is signed with a new secret, what waits included. The receiver refuses it until it knows the new one.</p>`,
      work: async () => { made = (await api.post(path`/webhooks/${webhook.id}/rotate-secret`)).data; },
    });
    if (!done) return;
    reveal(made, 'The new secret');
    await all.load();
  }
  async function remove(webhook) {
    const stay = keepPlace();
    const done = await confirm({
      title: 'Delete the webhook?', action: 'Delete the webhook', danger: true,
      text: html`<p class="wrap">Nothing is sent to <code>${webhook.url}</code> any more${webhook.pending_deliveries ? html`, and <strong>${count(webhook.pending_deliveries)}</strong> that wait are lost` : nothing}. Its deliveries go too. This cannot be undone.</p>`,
      work: () => api.del(path`/webhooks/${webhook.id}`),
    });
    if (!done) return;
    toast('The webhook is deleted.');
    if (chosen() === webhook.id) go(address(null));
    await all.load();
    stay();
  }

  const acts = (webhook) => menu({
    id: `acts-${webhook.id}`, kind: 'button plain small square', side: 'right', label: `More for ${webhook.url}`, view: icon('more'),
    items: [
      { label: 'Edit', icon: 'edit', onClick: () => edit(webhook) },
      { label: 'Send a test', icon: 'play', onClick: () => test(webhook) },
      { label: webhook.active ? 'Turn off' : 'Turn on', icon: webhook.active ? 'close' : 'check', onClick: () => pause(webhook) },
      { label: 'Rotate the secret', icon: 'lock', onClick: () => rotate(webhook) },
      { line: true },
      { label: 'Delete', icon: 'trash', danger: true, onClick: () => remove(webhook) },
    ],
  });

  const health = (webhook) => html`${webhook.pending_deliveries ? html` · ${count(webhook.pending_deliveries)} waiting` : nothing}${webhook.failing_since ? html` · nothing arrived since ${ago(webhook.failing_since)}` : nothing}`;
  const paused = (webhook) => (webhook.paused_reason ? html`<p class="note warn settings-more">${icon('warn')}<span class="wrap">The server stopped sending ${ago(webhook.paused_at)}: ${webhook.paused_reason} Turn it on again when the receiver works.</span></p>` : nothing);
  const one = (webhook) => row({
    title: html`<strong class="wrap mono">${webhook.url}</strong>${stateOf(webhook)}`,
    detail: html`${webhook.description ? html`${webhook.description} · ` : nothing}${scope(webhook)}${health(webhook)}`,
    actions: html`<a class="button plain small" href=${address(webhook)}>${of('Deliveries', webhook.url)}</a>${acts(webhook)}`,
    more: paused(webhook),
  });
  const fresh = () => button({ label: 'New webhook', kind: 'primary', icon: 'plus', onClick: create });
  const list = (rows) => (rows.length ? html`<ul class="settings-list" aria-label="Webhooks">${repeat(rows, (webhook) => webhook.id, one)}</ul>` : empty({
    title: 'No webhooks yet', text: 'A webhook tells another program, such as a team chat, when a flag or a segment changes.', action: fresh(),
  }));

  /** The deliveries of the webhook of the address: `{ id, part }`. */
  const open = signal(null);
  const stopOpen = effect(() => {
    const id = place.isAdmin.value ? chosen() : null;
    untracked(() => {
      if (open.value?.id === id) return;
      open.value?.part.close();
      if (!id) toContent();
      open.value = id ? { id, part: deliveries(id, { back: () => address(null), acts, test, secret, paused, known: () => all.value?.find((one) => one.id === id) }) } : null;
    });
  });

  const view = () => {
    if (!place.role.value) return skeleton();
    if (!place.isAdmin.value) return onlyAdmins('Webhooks tell other programs of changes.');
    if (open.value) return open.value.part.view();
    return html`<div class="row"><p class="grow">Events of this project, sent to other programs as they happen.</p>${track(() => (all.value?.length ? fresh() : nothing))}</div>
      ${secret.view()}${shown(all, list)}`;
  };
  return { view: () => track(view), close() { stop(); stopFocus(); stopOpen(); stopReopen.forEach((end) => end()); open.peek()?.part.close(); } };
}
