// A button with a list of things to do or to choose from. Arrow keys, Home, End and letters move; Escape closes.
import { html, nothing, signal, track, opened } from '../kit.js';
import { icon } from './icon.js';

const open = signal(null);

const items = (list) => [...list.querySelectorAll('[role^=menuitem]:not([aria-disabled=true])')];

function keys(event, id) {
  const all = items(event.currentTarget);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  } else if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation();
    shut(id);
  } else if (event.key === 'Tab') {
    open.value = null;
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
    event.stopPropagation();
    const letter = event.key.toLowerCase();
    [...all.slice(at + 1), ...all].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
  }
}

function shut(id) {
  open.value = null;
  document.getElementById(id)?.focus();
}

document.addEventListener('pointerdown', (event) => {
  if (open.value && !event.target.closest?.('.menu')) open.value = null;
});

const row = (id) => (item) => {
  if (item.line) return html`<li role="separator" class="menu-line"></li>`;
  if (item.heading) return html`<li role="presentation" class="menu-heading">${item.heading}</li>`;
  const role = item.checked === undefined ? 'menuitem' : 'menuitemradio';
  const inside = html`${item.checked === undefined ? nothing : html`<span class="menu-check">${item.checked ? icon('check') : nothing}</span>`}
    ${item.icon ? icon(item.icon) : nothing}<span class="grow cut">${item.view ?? item.label}</span>${item.hint ? html`<span class="muted small">${item.hint}</span>` : nothing}`;
  const checked = item.checked === undefined ? nothing : String(item.checked);
  return html`<li role="none">${item.href
    ? html`<a role=${role} aria-checked=${checked} tabindex="-1" class="menu-item" href=${item.href} @click=${() => { open.value = null; }}>${inside}</a>`
    : html`<button type="button" role=${role} aria-checked=${checked} tabindex="-1" class="menu-item ${item.danger ? 'danger' : ''}" aria-disabled=${item.disabled ? 'true' : nothing} title=${item.why ?? nothing}
        @click=${() => { if (item.disabled) return; shut(id); item.onClick(); }}>${inside}</button>`}</li>`;
};

/** `items`: `{ label, onClick | href, icon?, checked?, danger?, disabled?, hint? }`, `{ heading }` or `{ line: true }`. `view` is the button's content. */
export const menu = ({ id, label, view, items: list, kind = 'button quiet', side = 'left', up = false }) => track(() => html`<div class="menu">
  <button type="button" id=${id} class=${kind} aria-haspopup="menu" aria-expanded=${String(open.value === id)} aria-label=${label ?? nothing}
    @click=${() => { open.value = open.value === id ? null : id; }}
    @keydown=${(event) => { if (event.key === 'ArrowDown') { event.preventDefault(); open.value = id; } }}>${view}</button>
  ${open.value === id ? html`<ul role="menu" aria-labelledby=${id} class="menu-list ${side} ${up ? 'up' : ''}" @keydown=${(event) => keys(event, id)}
    ${opened((element) => (items(element).find((item) => item.getAttribute('aria-checked') === 'true') ?? items(element)[0])?.focus())}>
    ${(typeof list === 'function' ? list() : list).map(row(id))}</ul>` : nothing}</div>`);
