// The API keys of the environment that is looked at: what programs show to ask for its flags. A key is shown once, when it is
// made; afterwards there is only its beginning to tell it by.
import { html, nothing, effect, signal, track, repeat, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { path } from '../../router.js';
import { inEnvironment, keep, reopens } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { chip, environment as environmentView } from '../../parts/chip.js';
import { copyBlock } from '../../parts/copy.js';
import { confirm, form } from '../../parts/dialog.js';
import { choice, field } from '../../parts/field.js';
import { resource, shown } from '../../parts/resource.js';
import { empty, skeleton } from '../../parts/state.js';
import { ago, sayAgo, sayDay, sayExactly } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { snippet } from '../setup/snippets.js';
import { onlyAdmins } from './admins.js';
import { keepPlace, of, row as settingsRow } from './rows.js';
import { LIFETIMES, endOf, secrets } from './secret.js';

const KINDS = [['server', 'Server: reads the whole ruleset, must stay secret'], ['client', 'Client: for browsers and apps, only evaluates']];
const GRACES = [['0', 'ends at once'], ['3600', 'works for one more hour'], ['86400', 'works for one more day'], ['604800', 'works for 7 more days'], ['2592000', 'works for 30 more days']];
const SOON_MS = 7 * 86_400_000;

const left = (key) => (key.expires_at ? new Date(key.expires_at).getTime() - Date.now() : Infinity);
const curl = (key) => snippet('curl', window.location.origin, key);

const state = (key) => {
  if (left(key) <= 0) return chip('expired', 'danger');
  if (key.replaced_by) return chip('replaced', 'warn', 'It was rotated: another key takes its place.');
  return left(key) < SOON_MS ? chip('expires soon', 'warn') : nothing;
};

const end = (key) => {
  if (!key.expires_at) return 'never expires';
  return html`${left(key) <= 0 ? 'expired' : 'expires'} <time datetime=${key.expires_at} title=${sayExactly(key.expires_at)}>${sayDay(key.expires_at)}</time>`;
};

export function apiKeys() {
  const secret = secrets();
  let asked = null;
  const keys = resource(() => api.all('/api-keys', { environment_id: place.environment.peek().id }));
  const stop = effect(() => {
    const id = place.isAdmin.value ? place.environment.value?.id ?? null : null;
    if (id === asked) return;
    asked = id;
    untracked(() => {
      keys.value = null;
      if (id) keys.load();
    });
  });

  const stopFocus = place.onNewsAfterRole(() => { if (asked) keys.load(); });

  async function create() {
    const environment = place.environment.value;
    const given = { name: signal(''), kind: signal('server'), days: signal('') };
    const made = await form({
      title: `New API key for ${environment.name}`,
      submit: 'Create the key',
      kept: keep(inEnvironment('key'), given),
      ready: () => given.name.value.trim() !== '',
      fields: (error) => html`
        ${field({ label: 'Name', value: given.name.value, onInput: (value) => { given.name.value = value; }, error: error?.field?.('name'), help: 'Which program uses it.', max: 200, required: true, autofocus: true, off: true })}
        ${choice({ label: 'Kind', value: given.kind.value, options: KINDS, onChange: (value) => { given.kind.value = value; }, error: error?.field?.('kind') })}
        ${choice({ label: 'Expires', value: given.days.value, options: LIFETIMES, onChange: (value) => { given.days.value = value; }, error: error?.field?.('expires_at') })}`,
      work: async () => (await api.post('/api-keys', { name: given.name.value.trim(), kind: given.kind.value, expires_at: endOf(given.days.value) }, { query: { environment_id: environment.id } })).data,
    });
    if (!made) return;
    secret.give({
      title: `The new key ${made.name}`, secret: made.key, label: 'Copy the key', example: curl(made.key),
      text: `This key for ${environment.name} is shown only now: the server keeps no copy. Store it where you keep secrets.`,
    });
    await keys.load();
  }

  async function rotate(key) {
    const grace = signal('86400');
    const made = await form({
      title: `Rotate ${key.name}?`,
      intro: html`<p class="wrap">You get a new key of the same name and kind. Give it to the programs that use <code>${key.prefix}</code> before that one ends.</p>`,
      submit: 'Rotate',
      fields: (error) => choice({ label: 'The old key', value: grace.value, options: GRACES, onChange: (value) => { grace.value = value; }, error: error?.field?.('grace_seconds') }),
      work: async () => (await api.post(path`/api-keys/${key.id}/rotate`, { grace_seconds: Number(grace.value) })).data,
    });
    if (!made) return;
    secret.give({
      title: `The new key ${made.new.name}`, secret: made.new.key, label: 'Copy the key', example: curl(made.new.key),
      text: `This key is shown only now: the server keeps no copy. Store it where you keep secrets. ${left(made.old) > 0 ? `The old one, ${made.old.prefix}, works until ${sayExactly(made.old.expires_at)}.` : `The old one, ${made.old.prefix}, has ended.`}`,
    });
    await keys.load();
  }

  async function revoke(key) {
    const stay = keepPlace();
    const done = await confirm({
      title: `Revoke ${key.name}?`,
      text: html`<p class="wrap">Programs that use <code>${key.prefix}</code> are refused from then on. This cannot be undone. ${key.last_used_at ? `It was last used ${sayAgo(key.last_used_at)}.` : 'It was never used.'}</p>`,
      action: 'Revoke the key',
      danger: true,
      typed: place.environment.peek().type === 'production' && left(key) > 0 ? key.name.trim() : undefined,
      work: () => api.del(path`/api-keys/${key.id}`),
    });
    if (!done) return;
    toast(`The key ${key.name} is revoked.`);
    await keys.load();
    stay();
  }

  const stopReopen = reopens(() => place.isAdmin.value && inEnvironment('key'), create);

  const row = (key) => settingsRow({
    title: html`<strong class="wrap">${key.name}</strong>${chip(key.kind, key.kind === 'server' ? 'accent' : 'plain')}${state(key)}`,
    detail: html`<code>${key.prefix}</code> · made ${ago(key.created_at)} · ${key.last_used_at ? html`last used ${ago(key.last_used_at)}` : 'never used'} · ${end(key)}`,
    actions: html`${left(key) > 0 && !key.replaced_by ? button({ label: of('Rotate', key.name, key.prefix), name: `rotate ${key.id}`, small: true, onClick: () => rotate(key) }) : nothing}
      ${button({ label: of('Revoke', key.name, key.prefix), name: `revoke ${key.id}`, small: true, onClick: () => revoke(key) })}`,
  });

  const none = () => empty({
    title: `No API keys for ${place.environment.value?.name ?? 'this environment'}`,
    text: 'A program shows a key to ask for its flags. Make one, then ask:',
    action: html`<div class="stack grow">${copyBlock(curl('YOUR_KEY'), 'Copy the command')}<div>${button({ label: 'New API key', kind: 'primary', icon: 'plus', onClick: create })}</div></div>`,
  });

  const list = (all) => (all.length === 0 ? none() : html`<ul class="settings-list" aria-label="API keys">${repeat(all, (key) => key.id, row)}</ul>`);

  const view = () => {
    if (!place.environment.value || !place.role.value) return skeleton();
    if (!place.isAdmin.value) return onlyAdmins('API keys let programs read the flags of an environment.');
    return html`<div class="row"><p class="grow">Keys for ${environmentView(place.environment.value)}. <span class="muted">Another environment is chosen in the menu.</span></p>
      ${track(() => (keys.value?.length ? button({ label: 'New API key', kind: 'primary', icon: 'plus', onClick: create }) : nothing))}</div>
      ${secret.view()}${shown(keys, list)}`;
  };
  return { view: () => track(view), close() { stop(); stopFocus(); stopReopen(); } };
}
