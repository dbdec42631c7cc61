// A text field that suggests: attributes, tags, flags, segments. What is typed counts even where nothing suggests it.
import { html, nothing, noChange, signal, track, live } from '../kit.js';

const MOST = 50;
const open = signal(null);
const active = signal(0);

/** With `onChoose` what is typed belongs to the field until it is chosen, whatever is drawn anew meanwhile; without it each letter goes to
 *  `onInput`, and `value` is shown. `options`: a list, or a function from the text to one (may be async), of strings or `{ value, text, hint }`. */
export function combobox({ id, label, value, options, onInput, onChoose, placeholder, mono, error, hideLabel, disabled, clearAfter = false }) {
  const choose = (option) => {
    open.value = null;
    (onChoose ?? onInput)(option.value);
    if (clearAfter) {
      const input = document.getElementById(id);
      if (input) input.value = '';
    }
  };
  const suggest = async (text) => {
    const all = typeof options === 'function' ? await options(text) : options;
    const wanted = text.toLowerCase();
    const found = all.map((option) => (typeof option === 'string' ? { value: option, text: option } : option))
      .filter((option) => typeof options === 'function' || option.text.toLowerCase().includes(wanted) || option.value.toLowerCase().includes(wanted))
      .slice(0, MOST);
    if (document.activeElement?.id !== id) return;
    active.value = -1;
    open.value = found.length > 0 ? { id, found } : null;
  };
  const keys = (event) => {
    const mine = open.value?.id === id ? open.value.found : null;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!mine) suggest(event.target.value);
      else active.value = (active.value + (event.key === 'ArrowDown' ? 1 : -1) + mine.length) % mine.length;
    } else if (event.key === 'Enter' && mine && active.value >= 0) {
      event.preventDefault();
      choose(mine[active.value]);
    } else if (event.key === 'Enter' && onChoose && event.target.value.trim()) {
      event.preventDefault();
      choose({ value: event.target.value.trim() });
    } else if (event.key === 'Escape' && mine) {
      event.preventDefault();
      event.stopPropagation();
      open.value = null;
    }
  };
  return track(() => {
    const mine = open.value?.id === id ? open.value.found : null;
    return html`<div class="field combobox"><label for=${id} class=${hideLabel ? 'seen-by-ear' : ''}>${label}</label>
      <input id=${id} class=${mono ? 'mono' : ''} role="combobox" autocomplete="off" autocapitalize="none" spellcheck="false" aria-autocomplete="list" aria-expanded=${String(Boolean(mine))}
        aria-controls="${id}-list" aria-activedescendant=${mine && active.value >= 0 ? `${id}-${active.value}` : nothing} aria-invalid=${error ? 'true' : nothing}
        aria-describedby=${error ? `${id}-fault` : nothing} placeholder=${placeholder ?? nothing} ?disabled=${disabled} .value=${onChoose ? noChange : live(value)}
        @input=${(event) => { if (!onChoose) onInput(event.target.value); suggest(event.target.value); }}
        @focus=${(event) => suggest(event.target.value)} @blur=${() => { if (open.value?.id === id) open.value = null; }} @keydown=${keys}>
      ${mine ? html`<ul class="options" role="listbox" id="${id}-list" aria-label=${typeof label === 'string' ? label : 'Suggestions'}>${mine.map((option, at) => html`<li role="option" id="${id}-${at}" class="option"
        aria-selected=${String(at === active.value)} @pointerdown=${(event) => { event.preventDefault(); choose(option); }}>
        <span class="cut grow ${mono ? 'mono' : ''}">${option.text}</span>${option.hint ? html`<span class="muted small cut">${option.hint}</span>` : nothing}</li>`)}</ul>` : nothing}
      ${error ? html`<p class="fault" id="${id}-fault">${error}</p>` : nothing}</div>`;
  });
}
