// Tabs that are addresses: each is a link, so that it can be opened beside, and the step back works.
import { html, nothing } from '../kit.js';

/** `items`: `{ href, label, current, hint? }`. */
export const tabs = (items, label) => html`<nav class="tabs" aria-label=${label}><ul>${items.map((item) => html`<li><a href=${item.href} aria-current=${item.current ? 'page' : nothing}>${item.label}${item.hint ?? nothing}</a></li>`)}</ul></nav>`;
