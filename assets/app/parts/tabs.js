// Tabs that are addresses: each is a link, so that it can be opened beside, and the step back works.
import { html, nothing, opened } from '../kit.js';

// The one that is looked at is moved into sight where there is no room for all of them.
const intoSight = (element) => element.scrollIntoView({ block: 'nearest', inline: 'nearest' });

/** `items`: `{ href, label, current, hint? }`. */
export const tabs = (items, label) => html`<nav class="tabs" aria-label=${label}><ul>${items.map((item) => html`<li><a href=${item.href} aria-current=${item.current ? 'page' : nothing} ${item.current ? opened(intoSight) : nothing}>${item.label}${item.hint ?? nothing}</a></li>`)}</ul></nav>`;
