// Buttons. One that starts something waits for it: it shows that it is busy and takes no second press.
import { html, nothing, signal, track } from '../kit.js';
import { icon as draw } from './icon.js';
import { failed } from './toast.js';

const busy = signal(new Set());

/** Runs `work` once at a time for this name, and tells the reader where it fails (unless `onError` does). */
export async function once(name, work, onError = failed) {
  if (busy.value.has(name)) return undefined;
  busy.value = new Set(busy.value).add(name);
  try {
    return await work();
  } catch (error) {
    onError(error);
    return undefined;
  } finally {
    const rest = new Set(busy.value);
    rest.delete(name);
    busy.value = rest;
  }
}

export const isBusy = (name) => busy.value.has(name);

/** `kind`: `primary`, `plain`, `quiet` or `danger`. With `work` it is busy while that promise runs. */
export function button({
  label, kind = 'plain', icon, onClick, work, name = label, disabled = false, type = 'button', title, small = false, hideLabel = false, pressed, expanded, id,
}) {
  return track(() => {
    const waiting = busy.value.has(name);
    return html`<button type=${type} id=${id ?? nothing} class="button ${kind} ${small ? 'small' : ''} ${hideLabel ? 'square' : ''}"
      ?disabled=${disabled} aria-busy=${waiting ? 'true' : nothing} aria-label=${hideLabel ? label : nothing} title=${title ?? (hideLabel ? label : nothing)}
      aria-pressed=${pressed === undefined ? nothing : String(pressed)} aria-expanded=${expanded === undefined ? nothing : String(expanded)}
      @click=${work ? (event) => once(name, () => work(event)) : onClick ?? nothing}>
      ${icon ? draw(icon) : nothing}${hideLabel ? nothing : html`<span>${label}</span>`}</button>`;
  });
}
