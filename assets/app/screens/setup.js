// The first run: the account of the admin, then the first API key with what to paste where. Three steps, one column.
import { html, nothing, signal } from '../kit.js';
import { go } from '../router.js';
import * as api from '../api.js';
import { signIn, status } from '../session.js';
import * as place from '../store/place.js';
import { brand } from '../parts/brand.js';
import { button, once } from '../parts/button.js';
import { copyLine, copyBlock } from '../parts/copy.js';
import { field, choice } from '../parts/field.js';
import { fault, skeleton } from '../parts/state.js';
import { resource, shown } from '../parts/resource.js';
import { icon } from '../parts/icon.js';
import { LANGUAGES, snippet } from './setup/snippets.js';

const steps = (at) => html`<ol class="steps" aria-label="Steps">${['Account', 'API key', 'First evaluation'].map((name, number) => html`<li aria-current=${number === at ? 'step' : nothing} class=${number < at ? 'done' : ''}>
  <span class="step-number">${number < at ? icon('check') : number + 1}</span>${name}</li>`)}</ol>`;

function account() {
  const given = { full_name: signal(''), email: signal(''), password: signal('') };
  const error = signal(null);
  const submit = (event) => {
    event.preventDefault();
    error.value = null;
    once('set-up', async () => {
      const email = given.email.value.trim();
      await api.post('/auth/register', { email, password: given.password.value, full_name: given.full_name.value.trim() || null }, { bare: true });
      await signIn(email, given.password.value);
    }, (cause) => { error.value = cause; });
  };
  const of = (name, more) => field({ value: given[name].value, onInput: (value) => { given[name].value = value; }, error: error.value?.field?.(name), ...more });
  return () => html`<form class="stack" novalidate @submit=${submit}>
    <div><h1>Create the admin account</h1><p class="muted">This server is new. The first account is its admin, and gets a project with three environments.</p></div>
    ${of('full_name', { label: 'Name', optional: true, autocomplete: 'name', autofocus: true })}
    ${of('email', { label: 'Email', type: 'email', autocomplete: 'username', required: true })}
    ${of('password', { label: 'Password', type: 'password', autocomplete: 'new-password', required: true, help: 'At least 8 characters.' })}
    ${error.value && !error.value.fields?.length ? html`<p class="note danger" role="alert">${icon('warn')}<span>${error.value.message}</span></p>` : nothing}
    ${button({ label: 'Create the account', kind: 'primary', type: 'submit', name: 'set-up' })}</form>`;
}

function key(made) {
  const name = signal('First key');
  const environment = signal(null);
  const create = async () => {
    const id = environment.value ?? place.environments.value[0].id;
    const { data } = await api.post('/api-keys', { name: name.value.trim() || 'First key', kind: 'server' }, { query: { environment_id: id } });
    made.value = { ...data, environment: place.byId(id) };
  };
  return () => {
    if (place.error.value) return fault(place.error.value, place.loadProjects);
    if (!place.environments.value) return skeleton(4);
    return html`<form class="stack" @submit=${(event) => { event.preventDefault(); once('make-key', create); }}>
      <div><h1>Make an API key</h1><p class="muted">A program shows it to be answered. It belongs to one environment; make others for the others.</p></div>
      ${field({ label: 'Name', value: name.value, onInput: (value) => { name.value = value; }, max: 200, autofocus: true })}
      ${choice({ label: 'Environment', value: environment.value ?? place.environments.value[0].id, options: place.environments.value.map((one) => [one.id, one.name]), onChange: (value) => { environment.value = value; } })}
      <div class="row">${button({ label: 'Make the key', kind: 'primary', type: 'submit', name: 'make-key' })}<a class="button quiet" href="/">Later</a></div></form>`;
  };
}

function paste(made) {
  const language = signal(LANGUAGES[0][0]);
  const answer = resource(async () => {
    const { data } = await api.request('POST', '/evaluate', { bare: true, headers: { 'X-API-Key': made.value.key }, body: { flags: ['*'], context: { user_key: 'somebody' } } });
    return data;
  });
  const tried = signal(false);
  return () => html`<div class="stack">
    <div><h1>Ask for your flags</h1><p class="muted">This is the only time that the key is shown. Keep it where your program's secrets are.</p></div>
    <div class="field"><span class="label">Key for ${made.value.environment.name}</span>${copyLine(made.value.key, 'Copy the key')}</div>
    ${choice({ label: 'From', value: language.value, options: LANGUAGES, onChange: (value) => { language.value = value; } })}
    ${copyBlock(snippet(language.value, window.location.origin, made.value.key), 'Copy the example')}
    ${tried.value ? shown(answer, (value) => html`<p class="note" role="status">${icon('check')}<span>The server answered with ${Object.keys(value.evaluations).length} flags${Object.keys(value.evaluations).length ? '' : ': there is none yet'}.</span></p>`, { rows: 1 }) : nothing}
    <div class="row">${button({ label: 'Go to the flags', kind: 'primary', onClick: () => go('/') })}
      ${button({ label: 'Try the key here', work: async () => { tried.value = true; await answer.load(); } })}</div></div>`;
}

export function open() {
  const setup = resource(async () => (await api.get('/system/setup')).data);
  setup.load();
  const made = signal(null);
  const views = [account(), key(made), paste(made)];
  // Who is signed in already before this began has no need of the first step; who came by mistake signs in.
  const view = () => shown(setup, ({ needs_admin: fresh }) => {
    const step = made.value ? 2 : status.value === 'in' ? 1 : 0;
    if (!fresh && step === 0) {
      return html`<div class="stack"><h1>This server is set up</h1><p class="muted">It has an account already. Sign in, or ask an admin for an invitation.</p><a class="button primary" href="/sign-in">Sign in</a></div>`;
    }
    return html`${steps(step)}${views[step]()}`;
  }, { rows: 4 });
  return { title: () => 'Set up', view: () => html`<div class="gate wide">${brand()}${view()}</div>` };
}
