// What changed about a segment, as lines to read before it is saved, or when somebody else was faster.
import { html, nothing } from '../../kit.js';
import { count } from '../../parts/time.js';
import { condition } from '../flag/sentence.js';
import { WORDS, changes, difference } from './merge.js';

/** How many user keys a line names. */
const NAMED = 12;

const keys = (list, words) => (list.length === 0 ? nothing : html`<li class="wrap">${words} ${list.slice(0, NAMED).map((one, at) => html`${at ? ', ' : ''}<code>${one}</code>`)}${list.length > NAMED ? ` and ${count(list.length - NAMED)} more` : ''}</li>`);

export const joined = (conditions, match) => (conditions.length === 0 ? 'no conditions'
  : conditions.map((one, at) => html`${at ? (match === 'any' ? ' or ' : ' and ') : ''}${condition(one)}`));

const SAY = {
  match: (value) => (value === 'any' ? 'any condition is enough' : 'all conditions must hold'),
  conditions: (value, segment) => joined(value, segment.match),
};

const line = (name, before, after) => {
  if (name === 'included' || name === 'excluded') {
    const { added, removed } = difference(before[name], after[name]);
    return html`${keys(added, `${WORDS[name]}: added`)}${keys(removed, `${WORDS[name]}: removed`)}`;
  }
  const say = (segment) => SAY[name]?.(segment[name], segment) ?? (segment[name] === '' ? 'nothing' : `“${segment[name]}”`);
  return html`<li class="wrap">${WORDS[name]}: <del>${say(before)}</del> <span aria-hidden="true">→</span> <ins>${say(after)}</ins></li>`;
};

/** The changes from one to the other, a line each. */
export const changeList = (before, after, label) => html`<ul class="segment-changes" aria-label=${label}>${changes(before, after).map((name) => line(name, before, after))}</ul>`;
