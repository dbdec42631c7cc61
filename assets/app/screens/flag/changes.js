// What changed, field by field: what it was, and what it is. Rules are sentences, variations have their names.
import { html, nothing } from '../../kit.js';
import { chip, variation } from '../../parts/chip.js';
import { brief, pretty } from '../../parts/json.js';
import { sayMoment } from '../../parts/moment.js';
import { sayExactly } from '../../parts/time.js';
import { condition, ruleSentence } from './sentence.js';

const NAMES = {
  enabled: 'Switch', default_variation: 'Default', name: 'Name', description: 'Description', tags: 'Tags', owner: 'Owner', expires_at: 'Expires', status: 'Status', classification: 'Classification',
  flag_type: 'Type', key: 'Key', targeting_rules: 'Rules', variations: 'Variations', prerequisites: 'Requires', bucketing: 'Bucketing', at: 'When', steps: 'Steps', variation: 'Variation',
  'change.enabled': 'Switch', 'change.default_variation': 'Default', 'change.targeting_rules': 'Rules', code: 'Failure', reason: 'Why',
};
/** Names of things that say nothing to a reader. */
const SILENT = ['schedule', 'ramp', 'rule_id', 'rolled_back_to'];
/** What all environments share. */
const SHARED = ['name', 'description', 'tags', 'owner', 'expires_at', 'classification', 'variations', 'bucketing', 'status'];

/** The parts of a field's name: `targeting_rules[rule_1].name` is the list, the element and what of it. */
export const parse = (field) => {
  const [, list, element, part] = /^([^[]*)\[([^\]]*)\](?:\.(.*))?$/.exec(field) ?? [null, field];
  return { list, element, part };
};

/** Whether one of the changes is of something that all environments share. */
export const touchesShared = (changes) => Object.keys(changes).some((field) => SHARED.includes(parse(field).list));

/** Whether it may change what people in another environment get. */
export const reachesOthers = (changes) => Object.keys(changes).map(parse).some(({ list, part }) => list === 'bucketing' || (list === 'variations' && !['name', 'description'].includes(part)));

const lines = (all) => html`<ul class="stack tight">${all.map((one) => html`<li>${one}</li>`)}</ul>`;
const json = (value) => (typeof value === 'object' && value !== null && JSON.stringify(value).length > 60 ? html`<pre class="code" tabindex="0"><code>${pretty(value)}</code></pre>` : html`<code class="wrap">${brief(value, 400)}</code>`);
const bucketing = ({ algorithm, by, salt }) => html`<code>${algorithm}</code> by <code>${by}</code>${salt === null ? '' : html`, salt <code>${salt}</code>`}`;
const share = (flag) => (one) => html`${one.percentage} % ${variation(flag, one.variation)}`;
const requires = (one) => html`<code>${one.flag_key}</code> serves <code>${one.variation_key}</code>`;

/** How values of a field are shown; those of no row are JSON. Each takes the flag and the value. */
const SHOW = {
  enabled: (_flag, value) => (value ? 'on' : 'off'),
  default_variation: variation,
  variation,
  tags: (_flag, value) => (value.length ? html`<span class="row tight">${value.map((tag) => chip(tag))}</span>` : 'none'),
  bucketing: (_flag, value) => bucketing(value),
  expires_at: (_flag, value) => sayExactly(value),
  at: (_flag, value) => sayMoment(value),
  targeting_rules: (flag, value) => (Array.isArray(value) ? (value.length ? lines(value.map((rule) => ruleSentence(flag, rule))) : 'none') : ruleSentence(flag, value)),
  variations: (_flag, value) => (Array.isArray(value) ? lines(value.map((one) => html`${one.name || one.key}: ${json(one.value)}`)) : html`${value.name || value.key}: ${json(value.value)}`),
  prerequisites: (_flag, value) => (Array.isArray(value) ? (value.length ? lines(value.map(requires)) : 'none') : requires(value)),
  conditions: (_flag, value) => (value.length ? value.map((one, at) => html`${at ? ' and ' : 'if '}${condition(one)}`) : 'for everybody'),
  percentage_rollout: (flag, value) => value.map((one, at) => html`${at ? ', ' : ''}${share(flag)(one)}`),
  // Steps of a ramp are told as texts with a moment in them.
  steps: (_flag, value) => lines(value.map((text) => text.replace(/\d{4}-\S+Z/, sayMoment))),
  code: (_flag, value) => html`<code>${value}</code>`,
};
const PARTS = { conditions: 'conditions', percentage_rollout: 'shares', variation: 'serves', name: 'name', value: 'value', priority: 'place', description: 'description', variation_key: 'must serve' };

const ruleName = (flag, id) => {
  const at = flag.targeting_rules.findIndex((one) => one.id === id);
  const name = at < 0 ? flag.past?.get(id) : flag.targeting_rules[at].name;
  return name ? `Rule “${name}”` : at < 0 ? 'A rule that is gone' : `Rule ${at + 1}`;
};

/** The flag with the names that rules had which are gone, as far as these lists of changes tell. */
export const withPast = (flag, all) => {
  const rules = all.flatMap((changes) => Object.entries(changes ?? {})).filter(([field]) => field.startsWith('targeting_rules')).flatMap(([, { from, to }]) => [from, to]).flat();
  return { ...flag, past: new Map(rules.filter((rule) => rule?.id).map((rule) => [rule.id, rule.name])) };
};

function label(flag, { list, element, part }, { from, to }) {
  const kind = part ? `: ${PARTS[part] ?? part}` : from === null ? ' added' : to === null ? ' removed' : '';
  if (element === '') return `Order of ${NAMES[list]?.toLowerCase() ?? list}`;
  if (list === 'targeting_rules' && element) return `${part ? ruleName(flag, element) : 'Rule'}${kind}`;
  if (list === 'variations' && element) return `Variation ${flag.variations.find((one) => one.key === element)?.name || element}${kind}`;
  if (list === 'prerequisites' && element) return `Prerequisite${kind}`;
  return NAMES[list] ?? list;
}

function show(flag, { list, element, part }, value) {
  if (value === null || value === undefined) return html`<span class="muted">nothing</span>`;
  if (element === '') return list === 'targeting_rules' ? value.map((id, at) => `${at ? ', ' : ''}${ruleName(flag, id)}`) : value.join(', ');
  const name = part ?? list.replace(/^change\./, '');
  const known = part ? ['conditions', 'percentage_rollout', 'variation'].includes(name) : Object.hasOwn(SHOW, name);
  if (known) return SHOW[name](flag, value);
  return typeof value === 'string' && part !== 'value' ? value || html`<span class="muted">empty</span>` : json(value);
}

function row(flag, field, change) {
  const name = parse(field);
  const { from, to } = change;
  return html`<div class="change"><dt>${label(flag, name, change)}</dt><dd class="wrap">
    ${from === null ? nothing : html`<del><span class="seen-by-ear">before: </span>${show(flag, name, from)}</del>`}
    ${to === null && from !== null && name.element && !name.part ? nothing : to === null ? html`<ins><span class="seen-by-ear">now: </span><span class="muted">nothing</span></ins>` : html`<ins><span class="seen-by-ear">now: </span>${show(flag, name, to)}</ins>`}</dd></div>`;
}

/** A list of changes (`{ field: { from, to } }`). Names of rules and variations are taken from `flag`. With `facts` they only say
 *  what is so, and nothing was there before. */
export function changesView(flag, changes, { facts = false } = {}) {
  // Places of rules follow from an order that is told, and from rules that came or went.
  const reordered = Object.keys(changes).some((field) => /^targeting_rules\[[^\]]*\]$/.test(field));
  const told = Object.entries(changes).filter(([field, { from, to }]) => !SILENT.includes(field) && !(reordered && field.endsWith('].priority'))
    && !(from === null && (to === null || (Array.isArray(to) && to.length === 0))));
  return told.length ? html`<dl class="changes ${facts ? 'facts' : ''}">${told.map(([field, change]) => row(flag, field, change))}</dl>` : nothing;
}
