// The form of one rule: its name, who it is for, and what they get. It holds nothing itself.
import { html, nothing } from '../../../kit.js';
import { choice, field } from '../../../parts/field.js';
import { conditionEditor } from '../../conditions/editor.js';
import { everybody, rolloutEditor } from './rollout.js';

/** What is chosen where a rule serves shares and not one variation. No variation can have this key. */
const SHARES = '';

const serve = (rule, key) => {
  const { variation: _one, percentage_rollout: _shares, ...rest } = rule;
  return key === SHARES ? { ...rest, percentage_rollout: everybody(rule.variation) } : { ...rest, variation: key };
};

/** `onChange(rule)`; `complaint(part)` answers what is wrong with `conditions[0].value` and such; `known` are the attributes
 *  and segments of the project. */
export function ruleForm({ id, flag, rule, onChange, complaint, known }) {
  const options = [...flag.variations.map((one) => [one.key, `Serve ${one.name || one.key}`]), [SHARES, 'Serve shares of several']];
  return html`<div class="rule-form stack">
    ${field({ id: `${id}-name`, label: 'Name', optional: true, value: rule.name, max: 200, off: true, onInput: (name) => onChange({ ...rule, name }), error: complaint('name') })}
    <div class="stack tight"><p class="label">Who</p>${rule.conditions.length ? nothing : html`<p class="help">Without conditions the rule is for everybody.</p>`}
      ${conditionEditor({ id: `${id}-condition`, list: rule.conditions, onChange: (conditions) => onChange({ ...rule, conditions }), attributes: known?.attributes, segments: known?.segments, complaint: (place) => complaint(`conditions${place}`) })}
      ${complaint('conditions') ? html`<p class="fault">${complaint('conditions')}</p>` : nothing}</div>
    <div class="stack tight">${choice({ id: `${id}-serve`, label: 'What they get', value: rule.percentage_rollout ? SHARES : rule.variation, options, onChange: (key) => onChange(serve(rule, key)), error: complaint('variation') })}
      ${rule.percentage_rollout ? rolloutEditor({ id: `${id}-share`, flag, rollout: rule.percentage_rollout, onChange: (shares) => onChange({ ...rule, percentage_rollout: shares }), error: complaint('percentage_rollout', { inside: true }) }) : nothing}</div></div>`;
}
