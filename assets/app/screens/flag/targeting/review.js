// What a draft changes, as sentences to read before it is saved, or when somebody else was faster.
import { html, nothing } from '../../../kit.js';
import { chip, purpose, variation } from '../../../parts/chip.js';
import { brief } from '../../../parts/json.js';
import { sayDay } from '../../../parts/time.js';
import { ruleSentence } from '../sentence.js';
import { changes, ruleChanges, SHARED, WORDS } from './merge.js';

const nobody = html`<span class="muted">none</span>`;
const lines = (list) => (list.length ? html`<ul class="stack tight">${list.map((one) => html`<li>${one}</li>`)}</ul>` : nobody);

/** How the value of a field is said; those of no row are texts. */
const SAY = {
  classification: (_flag, kind) => purpose(kind) ?? null,
  expires_at: (_flag, at) => (at ? sayDay(at) : null),
  tags: (_flag, tags) => (tags.length ? tags.map((tag) => chip(tag)) : nobody),
  variations: (_flag, list) => lines(list.map((one) => html`${one.name || one.key} <code>${one.key}</code>: <code>${brief(one.value, 120)}</code>`)),
  default_variation: variation,
  prerequisites: (_flag, list) => lines(list.map((one) => html`<code>${one.flag_key}</code> serves <code>${one.variation_key}</code>`)),
};
/** The value of a field in words. */
export const said = (flag, name, value) => SAY[name]?.(flag, value) ?? (value === '' ? html`<span class="muted">empty</span>` : value);
const ORDER = { added: 'Rule added', removed: 'Rule removed', changed: 'Rule changed', moved: 'Order of the rules' };

const line = (words, before, after) => html`<div class="change"><dt>${words}</dt><dd class="wrap">
  ${before === undefined ? nothing : html`<del><span class="seen-by-ear">before: </span>${before}</del>`}
  ${after === undefined ? nothing : html`<ins><span class="seen-by-ear">now: </span>${after}</ins>`}</dd></div>`;

/** The flag with the variations that these fields say, for sentences about them. */
export const seenWith = (flag, { variations }) => ({ ...flag, variations: variations.map((one) => ({ ...one, name: one.name || one.key })) });

/** The changes from `before` to `after`, which are fields of `flag`. */
export function differences(flag, before, after) {
  const [was, is] = [seenWith(flag, before), seenWith(flag, after)];
  const rules = () => ruleChanges(before.targeting_rules, after.targeting_rules).map(({ kind, before: old, after: next }) => (kind === 'moved'
    ? line(ORDER.moved, undefined, next.map((rule, at) => `${at ? ', ' : ''}${rule.name || `rule ${at + 1}`}`))
    : line(ORDER[kind], old && ruleSentence(was, old), next && ruleSentence(is, next))));
  return html`<dl class="changes">${changes(before, after).map((name) => (name === 'targeting_rules' ? rules()
    : line(WORDS[name], said(was, name, before[name]), said(is, name, after[name]))))}</dl>`;
}

/** Whether a change reaches environments besides the one that is looked at. */
export const reachesAll = (before, after) => changes(before, after).some((name) => SHARED.includes(name));
