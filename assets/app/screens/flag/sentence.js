// A rule as a sentence: "If plan is one of pro, team and country is DE, serve On".
import { html } from '../../kit.js';
import { variation } from '../../parts/chip.js';
import { brief } from '../../parts/json.js';

const SEGMENTS = { in_segment: 'in the segment', not_in_segment: 'not in the segment' };
const ALONE = { exists: 'is known', not_exists: 'is not known' };
/** Words of operators that are no verbs by themselves. */
const WORDS = {
  one_of: 'is one of', not_one_of: 'is not one of', not_contains: 'does not contain', gt: '>', gte: '≥', lt: '<', lte: '≤',
  matches_regex: 'matches', version_gt: 'is a version after', version_gte: 'is a version from', version_lt: 'is a version before',
  version_lte: 'is a version up to', version_eq: 'is the version', before: 'is before', after: 'is after', in_cidr: 'is an address in',
  starts_with: 'starts with', ends_with: 'ends with', is_not: 'is not',
};

/** An operator, as a list of them says it. */
export const sayOperator = (name) => (SEGMENTS[name] ? SEGMENTS[name].replace('the segment', 'a segment') : ALONE[name] ?? WORDS[name] ?? name);

const operand = (value) => (Array.isArray(value) ? value.map((one) => brief(one)).join(', ') : brief(value));

export function condition({ attribute, operator, value, case_insensitive }) {
  if (SEGMENTS[operator]) return html`they are ${SEGMENTS[operator]} <code>${operand(value)}</code>`;
  if (ALONE[operator]) return html`<code>${attribute}</code> ${ALONE[operator]}`;
  return html`<code>${attribute}</code> ${WORDS[operator] ?? operator} <code>${operand(value)}</code>${case_insensitive ? ' in any case' : ''}`;
}

/** What the rule serves: one variation, or shares of several. */
const serve = (flag, rule) => (rule.percentage_rollout
  ? rule.percentage_rollout.map((share, at) => html`${at ? ', ' : ''}${share.percentage} % ${variation(flag, share.variation)}`)
  : variation(flag, rule.variation));

/** The sentence of a rule. */
export function ruleSentence(flag, rule) {
  const when = rule.conditions.map((one, at) => html`${at ? ' and ' : ''}${condition(one)}`);
  return html`${rule.name ? html`<span class="strong">${rule.name}: </span>` : ''}${rule.conditions.length ? html`if ${when}, serve` : 'serve'} ${serve(flag, rule)}`;
}
