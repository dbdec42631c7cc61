// Short messages at the bottom: what was done, with a way back where there is one, and what failed.
import { html, nothing, repeat, signal, track, uid } from '../kit.js';
import { sentenceCase } from '../api.js';
import { icon } from './icon.js';

/** How long a message stays; one that can be undone stays longer, one that tells of a failure until it is closed. */
const STAY_MS = 5_000;
const STAY_UNDO_MS = 10_000;
const MOST = 4;

const toasts = signal([]);
const timers = new Map();

const close = (id) => {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

const stay = (toast) => {
  if (toast.kind === 'error') return;
  timers.set(toast.id, setTimeout(() => close(toast.id), toast.undo ? STAY_UNDO_MS : STAY_MS));
};

/** Shows a message. `undo` is run by its button. */
export function toast(text, { undo, kind = 'done', action = 'Undo' } = {}) {
  const shown = { id: uid('toast'), text, undo, kind, action };
  // What goes wrong the same way again is told anew, not twice.
  for (const old of toasts.value) if (kind === 'error' && old.kind === kind && old.text === text) close(old.id);
  for (const old of toasts.value.slice(0, Math.max(0, toasts.value.length - MOST + 1))) close(old.id);
  toasts.value = [...toasts.value, shown];
  stay(shown);
}

/** Tells of an error; one that was asked for (an aborted request) is nothing to tell. */
export function failed(error) {
  if (error?.name === 'AbortError') return;
  const fields = error?.fields?.map((fault) => `${fault.field}: ${fault.message}`).join('; ');
  toast(sentenceCase(fields ? `${error.message} (${fields})` : error?.message ?? String(error)), { kind: 'error' });
  if (error?.name !== 'ApiError') console.error(error);
}

const one = (shown) => html`<li class="toast ${shown.kind}"
    @pointerenter=${() => clearTimeout(timers.get(shown.id))} @pointerleave=${() => stay(shown)}
    @focusin=${() => clearTimeout(timers.get(shown.id))} @focusout=${() => stay(shown)}>
  ${icon(shown.kind === 'error' ? 'warn' : 'check')}
  <span class="grow wrap">${shown.text}</span>
  ${shown.undo ? html`<button class="button quiet small" @click=${() => { close(shown.id); Promise.resolve(shown.undo()).catch(failed); }}>${shown.action}</button>` : nothing}
  <button class="button quiet small square" aria-label="Close this message" @click=${() => close(shown.id)}>${icon('close')}</button>
</li>`;

/** The place where they appear; once on the page, and inside each open dialog, since what is outside of it cannot be reached. */
export const messages = () => html`<ol class="toasts" aria-live="polite" aria-label="Messages">${track(() => repeat(toasts.value, (shown) => shown.id, one))}</ol>`;
