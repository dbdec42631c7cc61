// The menu at a flag's name: a copy of it, archiving and restoring it, and deleting it for good. All of that is of all
// environments, so it asks for the flag's key, or for what stands in the way.
import { html, nothing, signal } from '../../kit.js';
import { go, staying } from '../../router.js';
import { keep, ofFlag } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { archive, copy, dependents, remove, restore } from '../../store/life.js';
import { once } from '../../parts/button.js';
import { environment as environmentView } from '../../parts/chip.js';
import { form, show } from '../../parts/dialog.js';
import { field } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { menu } from '../../parts/menu.js';
import { toast } from '../../parts/toast.js';
import { keyOf } from '../flags/new-flag.js';

const MENU = 'flag-life';

/** The flags that require this one: nothing can be done until they do not. */
const inTheWay = (flag, list, words) => show({
  title: `${flag.name} cannot be ${words}`,
  body: (close) => html`<div class="stack"><p>Other flags require it. Take that prerequisite away from them first.</p>
    <ul class="settings-list" aria-label="Flags that require it">${list.map((one) => html`<li class="settings-row"><div class="grow"><a class="strong wrap" href="${place.to`flags/${one.key}`}?env=${encodeURIComponent(one.environment_key)}" @click=${() => close()}>${one.name}</a>
      <p class="small muted wrap"><code>${one.key}</code> in ${environmentView(place.byId(one.environment_id) ?? { name: one.environment_key })}, ${one.relation === 'direct' ? html`has to serve <code>${one.variation_key}</code>` : html`through ${one.through.map((other, at) => html`${at ? ', ' : ''}<code>${other.flag_key}</code>`)}`}</p></div></li>`)}</ul></div>`,
});

/** Asks for the flag's key, and for a reason where an environment is frozen, and does it. Answers whether it was done. */
function ask(flag, { title, text, submit, danger = false, work }) {
  const typed = signal('');
  const why = signal('');
  const frozen = place.environments.peek().filter((one) => one.frozen);
  return form({
    title, submit, danger, intro: html`<div class="stack tight">${text}</div>`,
    ready: () => typed.value.trim() === flag.key && (!frozen.length || why.value.trim() !== ''),
    fields: () => html`${field({ id: 'life-key', label: html`Type <code class="wrap">${flag.key}</code> to go on`, mono: true, off: true, autofocus: true, value: typed.value, onInput: (value) => { typed.value = value; } })}
      ${frozen.length ? field({ id: 'life-reason', label: 'Why this cannot wait', help: `Frozen: ${frozen.map((one) => one.name).join(', ')}. The audit log will say why.`, value: why.value, onInput: (value) => { why.value = value; } }) : nothing}`,
    work: async () => {
      await work(frozen.length ? { 'X-PhaseFlag-Break-Glass': why.value.trim() } : {});
      return true;
    },
  });
}

/** What the form of a copy of this flag is kept under; null until that is known. */
export const copyName = (flag) => (place.mayEdit.value ? ofFlag('copy', flag) : null);

/** Asks what a copy of this flag is called, makes it and goes there. */
export async function copyFlag(flag) {
  const first = `${flag.name} copy`.slice(0, 200);
  const name = signal(first);
  const key = signal(null);
  const keyText = () => key.value ?? (name.value === first ? `${flag.key}-copy`.slice(0, 128) : keyOf(name.value));
  const made = await form({
    title: `Copy ${flag.name}`, submit: 'Make the copy', kept: keep(copyName(flag), { name, key }),
    intro: html`<p class="wrap muted">With the variations, rules and prerequisites of all environments. It is off everywhere.</p>`,
    ready: () => name.value.trim() !== '' && keyText().trim() !== '',
    fields: (error) => html`${field({ id: 'copy-name', label: 'Name', value: name.value, max: 200, autofocus: true, onInput: (value) => { name.value = value; }, error: error?.field?.('name') })}
      ${field({ id: 'copy-key', label: 'Key', mono: true, value: keyText(), max: 128, onInput: (value) => { key.value = value; }, help: 'What programs ask for. It cannot be changed later.', error: error?.field?.('key') ?? (error?.code === 'FLAG_KEY_CONFLICT' ? error.message : null) })}`,
    work: () => copy(flag.key, place.environment.peek(), { key: keyText().trim(), name: name.value.trim() }),
  });
  if (!made) return;
  toast(`${made.name} is made. It is off everywhere.`);
  go(`${place.to`flags/${made.key}`}${place.query()}`);
}

/** Why nobody of this role may do it; undefined: they may. */
const noEditor = () => (place.mayEdit.value ? undefined : 'Your role is viewer: it may look, not change.');
const noAdmin = () => (place.isAdmin.value ? undefined : 'Only an admin may delete a flag for good.');
const frozenFor = () => {
  const frozen = place.environments.value.find((one) => one.frozen);
  return frozen && !place.isAdmin.value ? `${frozen.name} is frozen: ${frozen.frozen_reason ?? 'no reason given'}` : undefined;
};

/** `load()` fetches the flag again. */
export function life(flag, load) {
  const environment = () => place.environment.peek();

  async function toArchive() {
    const stayed = staying();
    const list = await dependents(flag.key, environment());
    if (!stayed()) return;
    if (list.length) {
      await inTheWay(flag, list, 'archived');
      return;
    }
    const done = await ask(flag, {
      title: `Archive ${flag.name}?`, submit: 'Archive', danger: true, work: (headers) => archive(flag.key, environment(), headers),
      text: html`<p class="wrap">Programs in all environments are no longer told of it, and get what they say themselves where a flag is missing. It keeps its key, its rules and its history, and can be restored.</p>`,
    });
    if (!done) return;
    toast(`${flag.name} is archived.`);
    await load();
  }

  async function toRestore() {
    const done = await ask(flag, {
      title: `Restore ${flag.name}?`, submit: 'Restore', work: (headers) => restore(flag.key, environment(), headers),
      text: html`<p class="wrap">It is active again in all environments, on where it was on, with the rules that it had.</p>`,
    });
    if (!done) return;
    toast(`${flag.name} is active again.`);
    await load();
  }

  async function toDelete() {
    const done = await ask(flag, {
      title: `Delete ${flag.name} for good?`, submit: 'Delete for good', danger: true, work: (headers) => remove(flag.key, environment(), headers),
      text: html`<p class="wrap">Its rules, its history and its statistics go with it, and its key is free again. Only the audit log remembers it. This cannot be undone.</p>`,
    });
    if (!done) return;
    toast(`${flag.name} is deleted.`);
    go(`${place.to`flags`}${place.query()}`);
  }

  const item = (label, work, why, more = {}) => ({ label, disabled: Boolean(why), why, hint: why ? html`<span class="seen-by-ear">${why}</span>${icon('lock')}` : undefined, onClick: () => once(MENU, work), ...more });
  const items = () => [
    item('Copy…', () => copyFlag(flag), noEditor(), { icon: 'copy' }),
    { line: true },
    ...(flag.status === 'archived'
      ? [item('Restore…', toRestore, noEditor() ?? frozenFor(), { icon: 'undo' }), item('Delete for good…', toDelete, noAdmin(), { icon: 'trash', danger: true })]
      : [item('Archive…', toArchive, noEditor() ?? frozenFor(), { icon: 'trash', danger: true })]),
  ];
  return menu({ id: MENU, label: `More about ${flag.name}`, view: icon('more'), kind: 'button quiet square', side: 'right', items });
}
