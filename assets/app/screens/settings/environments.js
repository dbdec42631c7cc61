// The environments of this project: made, renamed, frozen and deleted.
import { html, nothing, track, repeat, signal } from '../../kit.js';
import * as api from '../../api.js';
import { path } from '../../router.js';
import { inProject, keep, reopens, reopensOne } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { chip, environment as environmentView } from '../../parts/chip.js';
import { confirm, form } from '../../parts/dialog.js';
import { field } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { fault, skeleton } from '../../parts/state.js';
import { ago, count } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { environmentForm } from './environment-form.js';
import { keepPlace, of, row } from './rows.js';

const many = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;

/** What an environment holds, as a sentence; what cannot be counted is left out. */
async function contents(environment) {
  const total = (address) => api.get(address, { environment_id: environment.id, per_page: 1 }).then(({ meta }) => meta.total, () => null);
  const [flags, keys] = await Promise.all([total('/flags'), total('/api-keys')]);
  return [flags === null ? null : `what it says of ${many(flags, 'flag')}`, keys === null ? null : many(keys, 'API key')].filter(Boolean);
}

async function edit(environment) {
  const done = await environmentForm(environment);
  if (!done) return;
  await place.loadEnvironments();
  toast(`${done.name} is saved.`);
}

async function create() {
  const made = await environmentForm();
  if (!made) return;
  await place.loadEnvironments();
  toast(`${made.name} is there. It has no API key yet.`, { kind: 'done' });
}

const freezeName = (environment) => `freeze ${environment.id}`;

async function freeze(environment) {
  const reason = signal('');
  const done = await form({
    title: `Freeze ${environment.name}?`,
    submit: 'Freeze',
    kept: keep(freezeName(environment), { reason }),
    ready: () => reason.value.trim() !== '',
    intro: html`<p class="muted">Changes in it are refused until it is unfrozen. An admin who says why can still make one, and the audit log tells of it.</p>`,
    fields: (error) => field({ id: 'freeze-reason', label: 'Reason', rows: 2, max: 2000, value: reason.value, onInput: (value) => { reason.value = value; }, error: error?.field?.('reason'), autofocus: true, help: 'What those are told whose changes are refused.' }),
    work: () => api.post(path`/environments/${environment.id}/freeze`, { reason: reason.value.trim() }),
  });
  if (!done) return;
  await place.loadEnvironments();
  toast(`${environment.name} is frozen.`);
}

async function unfreeze(environment) {
  const done = await confirm({
    title: `Unfreeze ${environment.name}?`,
    text: html`<p class="wrap">It is frozen because: ${environment.frozen_reason}</p><p class="muted">From then on editors can change it again.</p>`,
    action: 'Unfreeze',
    typed: environment.type === 'production' ? environment.key : undefined,
    work: () => api.post(path`/environments/${environment.id}/unfreeze`),
  });
  if (!done) return;
  await place.loadEnvironments();
  toast(`${environment.name} can be changed again.`);
}

async function remove(environment) {
  const stay = keepPlace();
  const held = await contents(environment);
  const done = await confirm({
    title: `Delete ${environment.name}?`,
    text: html`<p class="wrap">It goes with everything in it${held.length ? html`: <strong>${held.join(' and ')}</strong>,` : ','} and its statistics. Programs that use its keys are refused at once. Nothing brings it back, except a backup.</p>`,
    action: 'Delete the environment',
    danger: true,
    typed: environment.key,
    reason: environment.frozen ? 'It is frozen. Why this cannot wait' : undefined,
    work: (reason) => api.del(path`/environments/${environment.id}`, { headers: environment.frozen ? { 'X-PhaseFlag-Break-Glass': reason } : {} }),
  });
  if (!done) return;
  toast(`${environment.name} is deleted.`);
  await place.loadEnvironments();
  stay();
}

export function environments() {
  const mayChange = () => (place.isAdmin.value ? place.environments.value : null);
  const stopReopen = [reopens(() => mayChange() && inProject('environment'), create),
    reopensOne(mayChange, (one) => `environment ${one.id}`, edit), reopensOne(() => mayChange()?.filter((one) => !one.frozen), freezeName, freeze)];
  const controls = (one, last) => html`${button({ label: of('Edit', one.name), name: `edit ${one.id}`, small: true, onClick: () => edit(one) })}
    ${button({ label: of(one.frozen ? 'Unfreeze' : 'Freeze', one.name), name: `freeze ${one.id}`, small: true, onClick: () => (one.frozen ? unfreeze(one) : freeze(one)) })}
    ${button({ label: of('Delete', one.name), name: `delete ${one.id}`, small: true, disabled: last, title: last ? 'The last environment of a project stays.' : undefined, work: () => remove(one) })}`;

  const view = () => {
    const all = place.environments.value;
    if (!all) return place.error.value ? fault(place.error.value, () => place.loadEnvironments()) : skeleton();
    const admin = place.isAdmin.value;
    const one = (environment) => row({
      title: html`<strong class="wrap">${environmentView(environment)}</strong>${chip(environment.type, environment.type === 'production' ? 'accent' : 'plain')}`,
      detail: html`<code>${environment.key}</code> · made ${ago(environment.created_at)} · changed ${ago(environment.updated_at)}`,
      actions: admin ? controls(environment, all.length === 1) : nothing,
      more: environment.frozen ? html`<p class="note warn settings-more">${icon('lock')}<span class="wrap">Frozen: ${environment.frozen_reason ?? 'no reason given'}</span></p>` : nothing,
    });
    return html`<div class="row"><p class="grow">Each environment has its own state and rules of every flag, and its own API keys. <span class="muted">${admin ? nothing : 'Only admins can change environments.'}</span></p>
      ${admin ? button({ label: 'New environment', kind: 'primary', icon: 'plus', onClick: create }) : nothing}</div>
      <ul class="settings-list" aria-label="Environments">${repeat(all, (environment) => environment.id, one)}</ul>`;
  };
  return { view: () => track(view), close: () => stopReopen.forEach((end) => end()) };
}
