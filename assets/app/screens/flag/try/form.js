// The form of a context: the user's key, and a row for each attribute.
import { html, repeat, track } from '../../../kit.js';
import { button } from '../../../parts/button.js';
import { focusOn } from '../../../parts/focus.js';
import { combobox } from '../../../parts/combobox.js';
import { choice, field } from '../../../parts/field.js';
import { icon } from '../../../parts/icon.js';
import { KINDS, row, rowFault } from './context.js';

const TRUTHS = [['', 'Choose…'], ['true', 'true'], ['false', 'false']];
const nameId = (one) => `try-name-${one.id}`;
const ADD = 'try-add';

/** `state()` answers `{ user, form }`, `change({ user?, form? })` takes the new ones, `names()` suggests names of attributes. */
export function contextForm({ state, change, names }) {
  const set = (one, parts) => change({ form: state().form.map((other) => (other === one ? { ...one, ...parts } : other)) });

  const add = () => {
    const made = row();
    change({ form: [...state().form, made] });
    focusOn(nameId(made));
  };

  const remove = (one) => {
    const { form } = state();
    const next = form[form.indexOf(one) + 1];
    change({ form: form.filter((other) => other !== one) });
    focusOn(next ? nameId(next) : ADD);
  };

  const value = (one, error) => {
    const given = { id: `try-value-${one.id}`, label: `Value of ${one.name || 'the attribute'}`, hideLabel: true, value: one.value, error };
    if (one.kind === 'boolean') return choice({ ...given, options: TRUTHS, onChange: (text) => set(one, { value: text }) });
    return field({ ...given, mono: one.kind === 'json', inputmode: one.kind === 'number' ? 'decimal' : undefined, placeholder: 'left out', off: true, onInput: (text) => set(one, { value: text }) });
  };

  const line = (one) => html`<li class="try-row">
    ${combobox({ id: nameId(one), label: 'Name of the attribute', hideLabel: true, mono: true, placeholder: 'name', value: one.name, options: names().filter((name) => !state().form.some((other) => other.name === name)), onInput: (name) => set(one, { name }) })}
    ${choice({ id: `try-kind-${one.id}`, label: `Kind of ${one.name || 'the attribute'}`, hideLabel: true, value: one.kind, options: KINDS, onChange: (kind) => set(one, { kind, value: kind === 'boolean' && !['true', 'false'].includes(one.value) ? '' : one.value }) })}
    ${value(one, rowFault(one, state().form))}
    <button type="button" class="button quiet square" aria-label="Remove ${one.name || 'this attribute'}" @click=${() => remove(one)}>${icon('close')}</button></li>`;

  return track(() => {
    const { user, form } = state();
    return html`${field({ id: 'try-user', label: 'User key', mono: true, off: true, value: user, onInput: (text) => change({ user: text }), help: 'Who asks. Shares of a rollout go by it.' })}
      <fieldset class="stack tight"><legend>Attributes</legend>
        ${form.length ? html`<ul class="try-rows">${repeat(form, (one) => one.id, line)}</ul>` : html`<p class="muted small">None. Rules on attributes will not match.</p>`}
        <div>${button({ id: ADD, label: 'Add an attribute', kind: 'quiet', icon: 'plus', small: true, onClick: add })}</div></fieldset>`;
  });
}
