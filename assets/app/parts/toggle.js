// A switch. It says what it switches; colour is never the only sign.
import { html, nothing } from '../kit.js';

/** `label` is for those who do not see the table it is in. `why` explains a disabled one. */
export const toggle = ({ on, label, onToggle, disabled = false, pending = false, why, id, tabindex }) => html`<button
  type="button" role="switch" class="toggle" id=${id ?? nothing} aria-checked=${String(on)} aria-label=${label} aria-busy=${pending ? 'true' : nothing}
  aria-disabled=${disabled ? 'true' : nothing} title=${why ?? nothing} tabindex=${tabindex ?? nothing}
  @click=${(event) => { event.stopPropagation(); if (!disabled && !pending) onToggle(!on); }}><span class="knob"></span></button>`;
