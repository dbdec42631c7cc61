// A list of user keys that may have thousands: as tokens, with a field that finds among many, and pasting adds as many as there
// are lines.
import { html, nothing, signal } from '../../kit.js';
import { button } from '../../parts/button.js';
import { field } from '../../parts/field.js';
import { tokens } from '../../parts/tokens.js';
import { count } from '../../parts/time.js';
import { apply, difference } from './merge.js';

/** From how many on there is a field to find one. */
const MANY = 20;
/** What the server takes in one list. */
const MOST = 5_000;

/** Answers a view: `view({ id, label, help, values, onChange, error, disabled })`. */
export function userKeys() {
  const wanted = signal('');
  return ({ id, label, help, values, onChange, error, disabled }) => {
    const text = values.length > MANY ? wanted.value.trim().toLowerCase() : '';
    const found = text ? values.filter((one) => one.toLowerCase().includes(text)) : values;
    // The tokens know only what is found; what they gained and lost is made to the whole list.
    const change = (next) => onChange(apply(values, difference(found, next)));
    const fault = values.length > MOST ? `A list has at most ${count(MOST)} keys: these are ${count(values.length)}.` : error;
    return html`<section class="stack tight" aria-label=${label}><h3>${label} <span class="muted">${count(values.length)}</span></h3>
      <p class="help">${help}</p>
      ${values.length > MANY ? html`<div class="row segment-find">${field({ id: `${id}-find`, label: `Find in ${label.toLowerCase()}`, hideLabel: true, placeholder: `Find among ${count(values.length)}`, value: wanted.value, onInput: (value) => { wanted.value = value; }, off: true })}
        ${text ? html`<span class="small muted" role="status">${count(found.length)} found</span>` : nothing}
        ${disabled ? nothing : button({ label: text ? `Remove the ${count(found.length)} found` : 'Remove all', kind: 'quiet', small: true, disabled: found.length === 0, onClick: () => { wanted.value = ''; change([]); } })}</div>` : nothing}
      ${disabled && values.length === 0 ? html`<p class="muted">Nobody.</p>` : nothing}
      ${tokens({ id, label: `Add to ${label.toLowerCase()}`, hideLabel: true, values: found, onChange: change, placeholder: 'Add a user key, or paste many', error: fault, disabled })}</section>`;
  };
}
