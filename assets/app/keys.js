// Keys of the whole page. A screen adds its own while it is open; `?` lists them all. None works while somebody types or a
// dialog is open.
import { html, signal } from './kit.js';
import { show, dialogs } from './parts/dialog.js';

const sets = signal([]);

/** `list`: `{ keys: 'n' | 'g f', says: 'New flag', run }`. Answers a function that takes them away. */
export function addKeys(heading, list) {
  const set = { heading, list };
  sets.value = [...sets.value, set];
  return () => { sets.value = sets.value.filter((other) => other !== set); };
}

const typing = (target) => target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio], [type=range]), textarea, select'));

const PAUSE_MS = 900;
let before = { key: '', at: 0 };

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialogs.value > 0 || typing(event.target)) return;
  const now = performance.now();
  const pair = now - before.at < PAUSE_MS ? `${before.key} ${event.key}` : '';
  const all = sets.value.flatMap((set) => set.list);
  const found = all.find((one) => one.keys === pair) ?? all.find((one) => one.keys === event.key);
  before = { key: event.key, at: now };
  if (!found?.run) return;
  event.preventDefault();
  found.run(event);
}

const names = { ' ': 'Space', Enter: 'Enter' };

/** The list of keys. */
export const help = () => show({
  title: 'Keys',
  body: () => html`<div class="stack">${[...sets.value].reverse().map((set) => html`<section><h3>${set.heading}</h3><dl class="keys">${set.list.map((one) => html`
    <div><dt>${one.says}</dt><dd>${(one.shown ?? one.keys).split(' ').map((key) => html`<kbd>${names[key] ?? key}</kbd> `)}</dd></div>`)}</dl></section>`)}</div>`,
});

document.addEventListener('keydown', pressed);
