// A difference between two environments as words: a short sentence for the list, and both sides for who wants to see all of it.
import { html, nothing } from '../../kit.js';
import { variation } from '../../parts/chip.js';
import { ruleSentence } from '../flag/sentence.js';

const rules = (number) => (number === 1 ? '1 rule' : `${number} rules`);
/** A rule without what says nothing about what it does. */
const meaning = ({ id: _id, priority: _priority, ...rest }) => JSON.stringify(rest);
const inOrder = (list) => [...list].sort((a, b) => a.priority - b.priority);

/** Of two lists of rules: those that only one of them has. */
function apart(before, after) {
  const [was, is] = [new Set(before.map(meaning)), new Set(after.map(meaning))];
  return { removed: before.filter((rule) => !is.has(meaning(rule))), added: after.filter((rule) => !was.has(meaning(rule))) };
}

function sayRules({ from, to }) {
  const { removed, added } = apart(from, to);
  if (removed.length + added.length === 0) return 'rules in another order';
  return [added.length ? `${rules(added.length)} added` : null, removed.length ? `${rules(removed.length)} removed` : null].filter(Boolean).join(', ');
}

const prerequisite = (one) => html`<code>${one.flag_key}</code> serves <code>${one.variation_key}</code>`;
const sayPrerequisites = (list) => (list.length ? list.map((one, at) => html`${at ? ' and ' : ''}${prerequisite(one)}`) : 'none');

/** What would change, in a line. */
export function summary({ enabled, default_variation: otherwise, targeting_rules: list, prerequisites }) {
  const parts = [
    enabled && html`<strong>${enabled.to ? 'turned on' : 'turned off'}</strong>`,
    otherwise && html`default <code>${otherwise.from}</code> <span aria-label="becomes">→</span> <code>${otherwise.to}</code>`,
    list && sayRules(list),
    prerequisites && 'other prerequisites',
  ].filter(Boolean);
  return parts.map((part, at) => html`${at ? ' · ' : ''}${part}`);
}

const ruleList = (flag, list, marked, Mark) => (list.length === 0 ? html`<p class="muted">No rules.</p>` : html`<ol class="compare-rules">${inOrder(list).map((rule) => html`<li class="wrap">${marked.has(meaning(rule)) ? Mark(ruleSentence(flag, rule)) : ruleSentence(flag, rule)}</li>`)}</ol>`);
const gone = (words) => html`<del>${words}</del>`;
const fresh = (words) => html`<ins>${words}</ins>`;

/** One side of a difference: what it says of everything that differs. */
function half(flag, changes, end) {
  const { enabled, default_variation: otherwise, targeting_rules: list, prerequisites } = changes;
  const mark = end === 'from' ? gone : fresh;
  const only = list && apart(list.from, list.to);
  const marked = list && new Set((end === 'from' ? only.removed : only.added).map(meaning));
  return html`<div class="stack tight">${enabled ? html`<p>${mark(enabled[end] ? 'On' : 'Off')}</p>` : nothing}
    ${prerequisites ? html`<p class="wrap">Prerequisites: ${mark(sayPrerequisites(prerequisites[end]))}</p>` : nothing}
    ${list ? ruleList(flag, list[end], marked, mark) : nothing}
    ${otherwise ? html`<p>Everybody else gets ${mark(variation(flag, otherwise[end]))}</p>` : nothing}</div>`;
}

/** Both sides: what `target` says now, and what it would say. */
export const sides = (flag, changes, source, target) => html`<div class="compare-sides">
  <section aria-label="Now"><p class="small muted">${target.name} now</p>${half(flag, changes, 'from')}</section>
  <section aria-label="After"><p class="small muted">As in ${source.name}</p>${half(flag, changes, 'to')}</section></div>`;
