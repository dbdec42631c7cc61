// One's own account: its name, its password, and the personal access tokens with which scripts act for it.
import { html, nothing, signal, track, repeat } from '../kit.js';
import * as api from '../api.js';
import { onFocus } from '../live.js';
import { path } from '../router.js';
import { account, reload } from '../session.js';
import { keep, reopens } from '../store/kept.js';
import { button, once } from '../parts/button.js';
import { chip } from '../parts/chip.js';
import { form } from '../parts/dialog.js';
import { choice, field } from '../parts/field.js';
import { icon } from '../parts/icon.js';
import { resource, shown } from '../parts/resource.js';
import { ago, sayDay } from '../parts/time.js';
import { toast } from '../parts/toast.js';
import { choices } from './settings/roles.js';
import { keepPlace, of as named, row as settingsRow } from './settings/rows.js';
import { LIFETIMES, endOf, secrets } from './settings/secret.js';

const alert = (error) => (error && !error.fields?.length ? html`<p class="note danger" role="alert">${icon('warn')}<span>${error.message}</span></p>` : nothing);

/** The roles that the account has somewhere, and those below: a token can have no other. */
const possible = () => {
  const highest = Math.max(0, ...(account.value?.organizations ?? []).map((one) => choices.findIndex(([role]) => role === one.role)));
  return choices.slice(0, highest + 1);
};

/** A form on the page: what was typed, what failed, and what submits it. `kept` says what of it a reload must not lose. */
function section(name, given, work, kept) {
  const error = signal(null);
  const submit = (event) => {
    event.preventDefault();
    error.value = null;
    once(name, async () => {
      await work();
      kept?.end();
      kept?.begin();
    }, (cause) => { error.value = cause; });
  };
  const of = (key, more) => field({ value: given[key].value, onInput: (value) => { given[key].value = value; }, error: error.value?.field?.(key), ...more });
  kept?.begin();
  return { error, submit, of, close: () => kept?.stop() };
}

export function open() {
  const secret = secrets();
  const tokens = resource(() => api.all('/auth/tokens'));
  tokens.load();
  const stopFocus = onFocus(tokens.load);

  const names = { full_name: signal(account.value?.full_name ?? '') };
  const name = section('profile-name', names, async () => {
    await api.patch('/auth/me', { full_name: names.full_name.value.trim() });
    await reload();
    toast('Your name is saved.');
  }, keep('profile', names));
  const passwords = { current_password: signal(''), new_password: signal('') };
  const password = section('profile-password', passwords, async () => {
    await api.post('/auth/change-password', { current_password: passwords.current_password.value, new_password: passwords.new_password.value });
    passwords.current_password.value = '';
    passwords.new_password.value = '';
    toast('Your password is changed. Your other sessions have ended.');
  });

  async function create() {
    const given = { name: signal(''), role: signal('viewer'), days: signal('90') };
    const made = await form({
      title: 'New personal access token',
      submit: 'Create the token',
      kept: keep('token', given),
      ready: () => given.name.value.trim() !== '',
      fields: (error) => html`
        ${field({ id: 'token-name', label: 'Name', value: given.name.value, onInput: (value) => { given.name.value = value; }, error: error?.field?.('name'), help: 'Which script uses it.', max: 200, required: true, autofocus: true, off: true })}
        ${choice({ label: 'Role', value: given.role.value, options: possible(), onChange: (value) => { given.role.value = value; }, error: error?.field?.('role') })}
        ${choice({ label: 'Expires', value: given.days.value, options: LIFETIMES, onChange: (value) => { given.days.value = value; }, error: error?.field?.('expires_at') })}`,
      work: async () => (await api.post('/auth/tokens', { name: given.name.value.trim(), role: given.role.value, expires_at: endOf(given.days.value) })).data,
    });
    if (!made) return;
    secret.give({ title: `The new token ${made.name}`, secret: made.token, label: 'Copy the token', text: 'This token is shown only now: the server keeps no copy. Whoever has it acts as you. Store it where you keep secrets.' });
    await tokens.load();
  }

  const stopReopen = reopens(() => tokens.value && 'token', create);

  async function revoke(token) {
    const stay = keepPlace();
    const done = await form({
      title: `Revoke ${token.name}?`,
      intro: html`<p class="wrap">Scripts that use <code>${token.prefix}</code> are refused from then on. This cannot be undone.</p>`,
      submit: 'Revoke the token',
      danger: true,
      fields: () => nothing,
      work: () => api.del(path`/auth/tokens/${token.id}`),
    });
    if (!done) return;
    toast(`The token ${token.name} is revoked.`);
    await tokens.load();
    stay();
  }

  const row = (token) => settingsRow({
    title: html`<strong class="wrap">${token.name}</strong>${chip(token.role)}`,
    detail: html`<code>${token.prefix}</code> · made ${ago(token.created_at)} · ${token.expires_at ? `${new Date(token.expires_at) < new Date() ? 'expired' : 'expires'} ${sayDay(token.expires_at)}` : 'never expires'}`,
    actions: button({ label: named('Revoke', token.name, token.prefix), name: `revoke ${token.id}`, small: true, onClick: () => revoke(token) }),
  });
  const list = (all) => (all.length ? html`<ul class="settings-list" aria-label="Personal access tokens">${repeat(all, (token) => token.id, row)}</ul>` : html`<p class="muted">You have no tokens.</p>`);

  return {
    title: () => 'Profile',
    close() { stopFocus(); stopReopen(); name.close(); },
    view: () => html`<div class="page settings stack wide"><div><h1>Profile</h1><p class="muted wrap">${account.value?.email}</p></div>
      ${track(() => html`<form class="stack profile-form" novalidate @submit=${name.submit}><h2>Name</h2>${name.of('full_name', { label: 'Your name', autocomplete: 'name', max: 200 })}${alert(name.error.value)}
        <div>${button({ label: 'Save the name', type: 'submit', name: 'profile-name' })}</div></form>`)}
      ${track(() => html`<form class="stack profile-form" novalidate @submit=${password.submit}><h2>Password</h2>
        ${password.of('current_password', { label: 'Current password', type: 'password', autocomplete: 'current-password' })}
        ${password.of('new_password', { label: 'New password', type: 'password', autocomplete: 'new-password', help: 'At least 8 characters. Your other sessions end; your tokens stay.' })}${alert(password.error.value)}
        <div>${button({ label: 'Change the password', type: 'submit', name: 'profile-password' })}</div></form>`)}
      <section class="stack" aria-labelledby="tokens-title"><div class="row"><h2 id="tokens-title" class="grow">Personal access tokens</h2>${button({ label: 'New token', icon: 'plus', onClick: create })}</div>
        <p class="muted">With a token a script acts for you, with at most your own role.</p>${secret.view()}${shown(tokens, list, { rows: 3 })}</section></div>`,
  };
}
