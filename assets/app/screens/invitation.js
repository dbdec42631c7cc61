// An invitation: `/invitation#token=...`. Who is signed in accepts it; who is not makes an account with it, or signs in first.
import { html, nothing, signal } from '../kit.js';
import { go, here } from '../router.js';
import * as api from '../api.js';
import { account, reload, signIn, signOut, status } from '../session.js';
import { loadProjects } from '../store/place.js';
import { brand } from '../parts/brand.js';
import { button, once } from '../parts/button.js';
import { field } from '../parts/field.js';
import { failed, toast } from '../parts/toast.js';
import { icon } from '../parts/icon.js';

const alert = (error) => (error ? html`<p class="note danger" role="alert">${icon('warn')}<span>${error.message}</span></p>` : nothing);

export function open() {
  const token = new URLSearchParams((here.value.hash ?? '').slice(1)).get('token');
  const given = { full_name: signal(''), email: signal(''), password: signal('') };
  const known = signal(false);
  const error = signal(null);
  const work = (name, run) => once(name, async () => { error.value = null; await run(); }, (cause) => { error.value = cause; });

  const accept = async () => {
    const { data } = await api.post('/auth/invitations/accept', { invitation_token: token });
    await reload();
    await loadProjects();
    toast(`You are in ${data.name} now, as ${data.role}.`);
    go('/');
  };
  const enter = async () => {
    const email = given.email.value.trim();
    if (known.value) {
      await signIn(email, given.password.value);
      await accept();
    } else {
      await api.post('/auth/register', { email, password: given.password.value, full_name: given.full_name.value.trim() || null, invitation_token: token }, { bare: true });
      await signIn(email, given.password.value);
      go('/');
    }
  };
  const of = (name, more) => field({ value: given[name].value, onInput: (value) => { given[name].value = value; }, error: error.value?.field?.(name), ...more });

  const inside = () => html`<div class="stack"><div><h1>You are invited</h1><p class="muted">You are signed in as <strong class="wrap">${account.value.email}</strong>. The invitation must be for this address.</p></div>
    ${alert(error.value)}<div class="row">${button({ label: 'Accept', kind: 'primary', work: () => work('accept', accept) })}
    ${button({ label: 'Use another account', work: () => signOut().catch(failed) })}</div></div>`;

  const outside = () => html`<form class="stack" novalidate @submit=${(event) => { event.preventDefault(); work('enter', enter); }}>
    <div><h1>You are invited</h1><p class="muted">${known.value ? 'Sign in with the address that the invitation is for.' : 'Make an account with the address that the invitation is for.'}</p></div>
    ${known.value ? nothing : of('full_name', { label: 'Name', optional: true, autocomplete: 'name' })}
    ${of('email', { label: 'Email', type: 'email', autocomplete: 'username', required: true })}
    ${of('password', { label: 'Password', type: 'password', autocomplete: known.value ? 'current-password' : 'new-password', required: true, help: known.value ? undefined : 'At least 8 characters.' })}
    ${error.value?.fields?.length ? nothing : alert(error.value)}
    <div class="row">${button({ label: known.value ? 'Sign in and accept' : 'Create the account', kind: 'primary', type: 'submit', name: 'enter' })}
    ${button({ label: known.value ? 'I have no account yet' : 'I have an account', kind: 'quiet', onClick: () => { known.value = !known.value; error.value = null; } })}</div></form>`;

  const none = () => html`<div class="stack"><h1>Not an invitation</h1><p class="muted">This address lacks its token. Open the whole link that you were sent.</p><a class="button plain" href="/">Go to the dashboard</a></div>`;

  return {
    title: () => 'Invitation',
    view: () => html`<div class="gate">${brand()}${!token ? none() : status.value === 'in' ? inside() : outside()}</div>`,
  };
}
