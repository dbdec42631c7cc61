// What a form asks besides its own fields: the flag's key for a production environment, a reason for a frozen one.
import { html, nothing, signal } from '../kit.js';
import { field } from './field.js';

/** `fields()` are drawn at the form's end; `ready()` says whether they are answered; `headers()` go with the request. */
export function consent(flag, environment) {
  const typed = signal('');
  const why = signal('');
  const production = environment.type === 'production';
  return {
    ready: () => (!production || typed.value.trim() === flag.key) && (!environment.frozen || why.value.trim() !== ''),
    fields: () => html`${production ? field({
      id: 'consent-key', label: html`Type <code class="wrap">${flag.key}</code> to change what people in ${environment.name} get`, mono: true, off: true, value: typed.value, onInput: (text) => { typed.value = text; },
    }) : nothing}${environment.frozen ? field({
      id: 'consent-reason', label: `${environment.name} is frozen. Why this cannot wait`, help: environment.frozen_reason ?? undefined, value: why.value, onInput: (text) => { why.value = text; },
    }) : nothing}`,
    headers: () => (why.value.trim() ? { 'X-PhaseFlag-Break-Glass': why.value.trim() } : {}),
  };
}
