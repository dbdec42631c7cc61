// Differences: what it was and what it is, field by field. `changes` has the shape of the API's: `{ name: { from, to } }`.
import { html, nothing } from '../kit.js';
import { pretty } from './json.js';

const WORDS = {
  enabled: 'On', default_variation: 'Otherwise serve', targeting_rules: 'Rules', prerequisites: 'Prerequisites', name: 'Name', description: 'Description', tags: 'Tags', classification: 'Kind',
  variations: 'Variations', status: 'Status', owner: 'Owner', expires_at: 'Expires', bucketing: 'Bucketing',
};

const simple = (value) => value === null || value === undefined || typeof value !== 'object';
const text = (value) => (value === null || value === undefined ? '' : typeof value === 'string' ? value : pretty(value));

/** The lines of two texts beside each other: `[kind, line]`, kind ' ', '-' or '+'. */
export function lines(from, to) {
  const a = from === '' ? [] : from.split('\n');
  const b = to === '' ? [] : to.split('\n');
  if (a.length * b.length > 1_000_000) return [...a.map((line) => ['-', line]), ...b.map((line) => ['+', line])];
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  }
  const out = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push([' ', a[i]]);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) {
      out.push(['-', a[i]]);
      i += 1;
    } else {
      out.push(['+', b[j]]);
      j += 1;
    }
  }
  return out;
}

const block = (from, to) => html`<pre class="diff-lines" tabindex="0" role="group" aria-label="Differences">${lines(text(from), text(to)).map(([kind, line]) => html`<span class="diff-line ${kind === '+' ? 'added' : kind === '-' ? 'removed' : ''}"><span class="diff-sign">${kind}</span>${line}
</span>`)}</pre>`;

const side = (value, kind) => html`<span class="diff-value ${kind}"><span class="seen-by-ear">${kind === 'removed' ? 'was ' : 'becomes '}</span>${value === null || value === undefined || value === '' ? 'nothing' : String(value)}</span>`;

/** `changes` as a list; `name(field)` may say a field otherwise, `view(field, value)` may show a value otherwise (or answer undefined). */
export function diff(changes, { name = () => undefined, view = () => undefined } = {}) {
  const entries = Object.entries(changes);
  if (entries.length === 0) return html`<p class="muted">No differences.</p>`;
  return html`<dl class="diff">${entries.map(([field, { from, to }]) => {
    const was = from === null || from === undefined ? undefined : view(field, from);
    const is = to === null || to === undefined ? undefined : view(field, to);
    const words = was !== undefined || is !== undefined;
    return html`<div class="diff-field"><dt>${name(field) ?? WORDS[field] ?? field}</dt><dd>${words
      ? html`${was !== undefined ? html`<div class="diff-value removed"><span class="seen-by-ear">was </span>${was}</div>` : nothing}${is !== undefined ? html`<div class="diff-value added"><span class="seen-by-ear">becomes </span>${is}</div>` : nothing}`
      : simple(from) && simple(to) ? html`<div class="row">${side(from, 'removed')}<span aria-hidden="true">→</span>${side(to, 'added')}</div>` : block(from, to)}</dd></div>`;
  })}</dl>`;
}
