// Form fields: a label that is always visible, help below it, and what is wrong where it is wrong.
import { html, nothing, live, opened, uid } from '../kit.js';
import { sentenceCase } from '../api.js';
import { icon } from './icon.js';

const ids = new WeakMap();
// A field keeps its id while the same handler object draws it; otherwise it is made of its label.
const idOf = (given) => given.id ?? (typeof given.label === 'string' ? `f-${given.label.toLowerCase().replace(/[^a-z0-9]+/g, '-')}${given.scope ?? ''}` : ids.get(given) ?? uid('f'));

const notes = (id, { help, error }) => html`
  ${help ? html`<p class="help" id="${id}-help">${help}</p>` : nothing}
  ${error ? html`<p class="fault" id="${id}-fault">${icon('warn')}<span>${typeof error === 'string' ? sentenceCase(error) : error}</span></p>` : nothing}`;

const described = (id, { help, error }) => [help && `${id}-help`, error && `${id}-fault`].filter(Boolean).join(' ') || nothing;

const labelled = (id, given, control) => html`<div class="field ${given.inline ? 'inline' : ''}">
  <label for=${id} class=${given.hideLabel ? 'seen-by-ear' : ''}>${given.label}${given.optional ? html` <span class="muted">optional</span>` : nothing}</label>
  ${control}${notes(id, given)}</div>`;

/** One line of text (or `type`), or several with `rows`. `onInput(text)`. */
export function field(given) {
  const { value = '', type = 'text', onInput, onChange, placeholder, mono, rows, required, autofocus, disabled, autocomplete, off, max, min, step, list, inputmode } = given;
  const id = idOf(given);
  const input = (event) => onInput?.(event.target.value);
  const change = (event) => onChange?.(event.target.value);
  const focus = autofocus ? opened((element) => element.focus()) : nothing;
  const control = rows
    ? html`<textarea id=${id} rows=${rows} class=${mono ? 'mono' : ''} placeholder=${placeholder ?? nothing} ?disabled=${disabled} ?required=${required} maxlength=${max ?? nothing}
        aria-invalid=${given.error ? 'true' : nothing} aria-describedby=${described(id, given)} spellcheck=${mono ? 'false' : nothing}
        .value=${live(value)} @input=${input} @change=${change} ${focus}></textarea>`
    : html`<input id=${id} type=${type} class=${mono ? 'mono' : ''} placeholder=${placeholder ?? nothing} ?disabled=${disabled} ?required=${required}
        min=${min ?? nothing} max=${type === 'number' ? max ?? nothing : nothing} maxlength=${type === 'number' ? nothing : max ?? nothing} step=${step ?? nothing}
        list=${list ?? nothing} inputmode=${inputmode ?? nothing} autocomplete=${off ? 'off' : autocomplete ?? nothing} spellcheck=${mono ? 'false' : nothing}
        autocapitalize=${mono || type === 'email' ? 'none' : nothing}
        aria-invalid=${given.error ? 'true' : nothing} aria-describedby=${described(id, given)} .value=${live(value)} @input=${input} @change=${change} ${focus}>`;
  return labelled(id, given, control);
}

/** A choice of a few: `options` are `[value, text]`. */
export function choice(given) {
  const { value, options, onChange, disabled } = given;
  const id = idOf(given);
  return labelled(id, given, html`<select id=${id} ?disabled=${disabled} aria-invalid=${given.error ? 'true' : nothing} aria-describedby=${described(id, given)}
    @change=${(event) => onChange(event.target.value)}>
    ${options.map(([key, text]) => html`<option value=${key} .selected=${key === value}>${text}</option>`)}</select>`);
}

/** A box to tick. */
export function tick(given) {
  const id = idOf(given);
  return html`<div class="field"><div class="tick"><input id=${id} type="checkbox" .checked=${live(Boolean(given.value))} ?disabled=${given.disabled}
    aria-describedby=${described(id, given)} @change=${(event) => given.onChange(event.target.checked)}><label for=${id}>${given.label}</label></div>${notes(id, given)}</div>`;
}
