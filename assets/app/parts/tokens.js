// A list of words: each can be taken away, new ones are typed or pasted, one per line or with commas.
import { html, nothing } from '../kit.js';
import { icon } from './icon.js';
import { combobox } from './combobox.js';

const SHOWN = 100;

/** `values` a list of strings, `onChange(list)`. Where it is `disabled` they are only shown. */
export const tokens = ({ id, label, values, onChange, options = [], placeholder = 'Add…', mono = true, hideLabel = false, disabled = false, error }) => {
  const add = (text) => {
    const parts = text.split(/[\n,]/).map((part) => part.trim()).filter(Boolean);
    onChange([...new Set([...values, ...parts])]);
  };
  // The focus goes to what took the place of the one that is gone.
  const remove = (event, value, at) => {
    const list = event.currentTarget.closest('.tokens');
    onChange(values.filter((one) => one !== value));
    requestAnimationFrame(() => (list.querySelectorAll('.token button')[Math.min(at, values.length - 2)] ?? list.querySelector('input'))?.focus());
  };
  const paste = (event) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/[\n,]/.test(text)) return;
    event.preventDefault();
    add(text);
  };
  const left = (event) => {
    const text = event.target.value?.trim();
    if (event.target.id === id && text) {
      event.target.value = '';
      add(text);
    }
  };
  return html`<div class="tokens" @paste=${paste} @focusout=${left}>
    ${disabled ? nothing : combobox({ id, label, value: '', options, onChoose: add, placeholder, mono, hideLabel, clearAfter: true, error })}
    ${values.length ? html`<ul class="token-list" aria-label=${typeof label === 'string' ? label : nothing}>${values.slice(0, SHOWN).map((value, at) => html`<li class="token"><span class="cut ${mono ? 'mono' : ''}">${String(value)}</span>
      ${disabled ? nothing : html`<button type="button" aria-label="Remove ${String(value)}" @click=${(event) => remove(event, value, at)}>${icon('close')}</button>`}</li>`)}
      ${values.length > SHOWN ? html`<li class="muted small">and ${values.length - SHOWN} more</li>` : nothing}</ul>` : nothing}</div>`;
};
