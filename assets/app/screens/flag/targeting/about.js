// What all environments share of a flag: what it is called, and what it can serve. Values are checked while they are typed.
import { html, nothing, repeat, signal, track } from '../../../kit.js';
import { button } from '../../../parts/button.js';
import { purposes, variation } from '../../../parts/chip.js';
import { choice, field } from '../../../parts/field.js';
import { focusOn } from '../../../parts/focus.js';
import { checkValue, fromText, pretty, toText, valueField } from '../../../parts/json.js';
import { fromLocal, toLocal } from '../../../parts/moment.js';
import { tokens } from '../../../parts/tokens.js';
import { freshKey } from '../../flags/new-flag.js';
import { freshId, rowOf } from './merge.js';
import { unfinished } from './unfinished.js';

/** A moment as a field of the kind `date` has it. */
const toDay = (at) => (at ? toLocal(at).slice(0, 10) : '');

const FIRST = { json: {}, number: 0, string: '' };
const nameOf = (one, at) => one.name || one.key || `variation ${at + 1}`;

/** Answers `{ begin(name), view({ flag, fields, set, complaint, disabled }), wrong(list), toUnfinished, forget, close }`; `wrong(list)` says whether a
 *  text of these variations is no value yet, `toUnfinished()` goes to the first, `forget()` drops them all; `begin` takes up those that
 *  were left under this name. */
export function about() {
  const open = signal(false);
  const texts = unfinished();

  const variations = ({ flag, fields, set, complaint }) => {
    const list = fields.variations;
    const change = (at, part) => set('variations')(list.map((one, other) => (other === at ? { ...one, ...part } : one)));
    const type = flag.flag_type;
    const typed = (one, at) => (text) => {
      if (checkValue(text, type) === null) {
        texts.drop(rowOf(one));
        change(at, { value: fromText(text, type) });
      } else texts.set(one, text, nameOf(one, at));
    };
    const remove = (one, at) => {
      texts.drop(rowOf(one));
      set('variations')(list.filter((_one, other) => other !== at));
      focusOn(`remove-variation-${Math.min(at, list.length - 2)}`, 'add-variation');
    };
    const value = (one, at) => valueField({
      id: `variation-${at}-value`, label: `Value of variation ${at + 1}`, hideLabel: true, text: texts.of(one) ?? toText(one.value, type), type, onInput: typed(one, at),
      error: complaint(`variations[${at}].value`), help: texts.meanwhile(one),
    });
    const row = (one, at) => html`<li class="variation-row"><span class="swatch c${at % 8}"></span>
      ${one.id ? field({ id: `variation-${at}-key`, label: `Key of variation ${at + 1}`, hideLabel: true, mono: true, value: one.key, onInput: (key) => change(at, { key }), error: complaint(`variations[${at}].key`), placeholder: 'key', off: true }) : html`<code class="variation-key">${one.key}</code>`}
      ${field({ id: `variation-${at}-name`, label: `Name of variation ${at + 1}`, hideLabel: true, value: one.name, onInput: (name) => change(at, { name }), error: complaint(`variations[${at}].name`), placeholder: 'Name', max: 200, off: true })}
      ${type === 'boolean' ? html`<code class="grow">${String(one.value)}</code>` : value(one, at)}
      ${type === 'boolean' || list.length < 2 ? nothing : button({ id: `remove-variation-${at}`, label: `Remove variation ${one.name || one.key}`, hideLabel: true, kind: 'quiet', icon: 'trash', onClick: () => remove(one, at) })}</li>`;
    return html`<div class="stack tight"><p class="label">Variations</p><ul class="variation-rows stack tight">${repeat(list, rowOf, row)}</ul>
      ${complaint('variations') ? html`<p class="fault">${complaint('variations')}</p>` : nothing}${texts.left(list, () => focusOn('add-variation'))}
      ${type === 'boolean' ? nothing : html`<div>${button({ id: 'add-variation', label: 'Add a variation', small: true, icon: 'plus', onClick: () => set('variations')([...list, { id: freshId(), key: freshKey(list), name: '', value: FIRST[type] }]) })}</div>`}</div>`;
  };

  const shown = (flag) => html`<ul class="flag-variations">${flag.variations.map((one) => html`<li class="stack">
    <span class="row">${variation(flag, one.key)}<span class="muted small mono wrap">${one.key}</span></span><pre class="code" tabindex="0"><code>${pretty(one.value)}</code></pre></li>`)}</ul>`;

  const fieldsView = (given) => html`<p class="help">These are the same in all environments.</p>
    ${variations(given)}
    ${field({ id: 'flag-name', label: 'Name', value: given.fields.name, onInput: given.set('name'), max: 200, error: given.fields.name.trim() ? given.complaint('name') : 'A name is needed.' })}
    ${field({ id: 'flag-description', label: 'Description', optional: true, value: given.fields.description, onInput: given.set('description'), rows: 2, max: 2000, error: given.complaint('description') })}
    <div class="fields">${choice({ id: 'flag-purpose', label: 'Purpose', value: given.fields.classification, options: [['', 'Not said'], ...purposes()], onChange: given.set('classification'), error: given.complaint('classification') })}
      ${field({ id: 'flag-owner', label: 'Owner', optional: true, value: given.fields.owner, onInput: given.set('owner'), max: 200, off: true, help: 'Who answers for it.', error: given.complaint('owner') })}
      ${field({ id: 'flag-end', label: 'Planned end', optional: true, type: 'date', value: toDay(given.fields.expires_at), onChange: (day) => given.set('expires_at')(day ? fromLocal(`${day}T00:00`) : ''), help: 'From that day on it counts as stale.', error: given.complaint('expires_at') })}</div>
    ${tokens({ id: 'flag-tags', label: 'Tags', mono: false, values: given.fields.tags, onChange: given.set('tags'), error: given.complaint('tags') })}`;

  return {
    begin(name) {
      if (texts.begin(name)) open.value = true;
    },
    wrong: texts.any,
    forget: texts.forget,
    toUnfinished() {
      open.value = true;
      requestAnimationFrame(() => document.querySelector('.variation-rows [aria-invalid=true]')?.focus());
    },
    close: texts.close,
    view: (given) => track(() => html`<section class="stack"><div class="row"><h2>Variations and name</h2>
      ${given.disabled ? nothing : html`<span class="push">${button({ id: 'edit-about', label: open.value ? 'Done' : 'Edit', name: 'edit-about', title: 'Edit the variations, the name and the tags', small: true, expanded: open.value, onClick: () => { open.value = !open.value; } })}</span>`}</div>
      ${open.value && !given.disabled ? fieldsView(given) : shown({ ...given.flag, variations: given.fields.variations })}</section>`),
  };
}
