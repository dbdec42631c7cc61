// Signing in. Leads back to where the reader was.
import { html, nothing, signal, effect } from '../kit.js';
import { go, here } from '../router.js';
import * as api from '../api.js';
import { notice, signIn, status } from '../session.js';
import { button, once } from '../parts/button.js';
import { field } from '../parts/field.js';
import { icon } from '../parts/icon.js';
import { brand } from '../parts/brand.js';

/** Only a path of our own is a way back. */
const next = () => {
  const wanted = here.value.query.get('next') ?? '/';
  return /^\/(?![/\\])/.test(wanted) ? wanted : '/';
};

export function open() {
  const email = signal('');
  const password = signal('');
  const error = signal(null);
  const setup = signal(null);
  api.get('/system/setup').then(({ data }) => { setup.value = data; }, () => {});
  const stop = effect(() => { if (status.value === 'in') queueMicrotask(() => go(next(), { replace: true })); });
  const submit = (event) => {
    event.preventDefault();
    error.value = null;
    if (!email.value.trim() || !password.value) {
      error.value = { message: 'Enter your email and your password.' };
      return;
    }
    once('sign-in', () => signIn(email.value.trim(), password.value), (cause) => { error.value = cause; });
  };
  return {
    title: () => 'Sign in',
    close: stop,
    view: () => html`<div class="gate">${brand()}
      <form class="stack" novalidate @submit=${submit}>
        <h1>Sign in</h1>
        ${notice.value ? html`<p class="note" role="status">${notice.value}</p>` : nothing}
        ${field({ label: 'Email', type: 'email', value: email.value, onInput: (value) => { email.value = value; }, autocomplete: 'username', required: true, autofocus: true })}
        ${field({ label: 'Password', type: 'password', value: password.value, onInput: (value) => { password.value = value; }, autocomplete: 'current-password', required: true })}
        ${error.value ? html`<p class="note danger" role="alert">${icon('warn')}<span>${error.value.message}</span></p>` : nothing}
        ${button({ label: 'Sign in', kind: 'primary', type: 'submit', name: 'sign-in' })}
        ${setup.value?.needs_admin ? html`<p class="muted">This server has no account yet. <a href="/setup">Set it up</a></p>` : nothing}
        <p class="muted small">Forgotten? An admin can set a new password, on the server by <code>phaseflag user reset-password</code>.</p>
      </form></div>`,
  };
}
