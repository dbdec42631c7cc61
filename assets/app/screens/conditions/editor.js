// The form of a list of conditions, of a segment or of a rule: an attribute, an operator and what it is compared with, each. It
// holds nothing itself: `list` goes in, `onChange(list)` comes out.
import { html, nothing, track } from '../../kit.js';
import { button } from '../../parts/button.js';
import { combobox } from '../../parts/combobox.js';
import { field, tick } from '../../parts/field.js';
import { brief } from '../../parts/json.js';
import { fault, skeleton } from '../../parts/state.js';
import { tokens } from '../../parts/tokens.js';
import { fresh, grouped, isSegment, operatorNamed, operators, parsed, values, withOperator } from './operators.js';

const OWN = ['user_key'];

function operatorField(id, condition, at, change) {
  return html`<div class="field"><label class="seen-by-ear" for="${id}-operator">How condition ${at + 1} compares</label>
    <select id="${id}-operator" title=${operatorNamed(condition.operator)?.meaning ?? nothing} @change=${(event) => change(withOperator(condition, event.target.value))}>
      ${grouped().map(([group, list]) => html`<optgroup label=${group}>${list.map(([name, words]) => html`<option value=${name} .selected=${name === condition.operator}>${words}</option>`)}</optgroup>`)}</select></div>`;
}

function valueField(id, condition, at, change, { segments, error }) {
  const { operand, example } = operatorNamed(condition.operator) ?? {};
  const set = (value) => change({ ...condition, value });
  const label = `What condition ${at + 1} compares with`;
  const placeholder = example === null || example === undefined ? 'Value' : `such as ${[example].flat()[0]}`;
  if (operand === 'nothing') return nothing;
  if (operand === 'scalars' || operand === 'networks' || operand === 'segments') {
    return tokens({ id: `${id}-value`, label, hideLabel: true, values: values(condition), onChange: set, options: operand === 'segments' ? segments : [], placeholder: values(condition).length ? 'Add…' : placeholder, error });
  }
  return field({ id: `${id}-value`, label, hideLabel: true, mono: true, value: String(condition.value ?? ''), onInput: (text) => set(parsed(operand, text)), inputmode: operand === 'number' ? 'decimal' : undefined, off: true, placeholder, error });
}

/** `id` is unique on the page; `match` says whether all must hold; `attributes` and `segments` are suggested; `complaint(place)`
 *  answers what is wrong with `[0].value` and such. */
export function conditionEditor({ id, list, onChange, match = 'all', attributes = [], segments = [], complaint = () => null }) {
  const change = (at) => (next) => onChange(list.map((one, other) => (other === at ? next : one)));
  const focus = (find) => requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(find())?.focus()));
  const add = () => {
    onChange([...list, fresh()]);
    focus(() => `${id}-${list.length}-attribute`);
  };
  const remove = (at) => {
    onChange(list.filter((_one, other) => other !== at));
    focus(() => (list.length > 1 ? `${id}-${Math.min(at, list.length - 2)}-remove` : `${id}-add`));
  };

  const row = (condition, at) => {
    const one = `${id}-${at}`;
    const wrong = (part) => complaint(`[${at}].${part}`);
    const folds = operatorNamed(condition.operator)?.folds_case;
    return html`<li class="condition"><span class="condition-word muted" aria-hidden="true">${at === 0 ? 'if' : match === 'any' ? 'or' : 'and'}</span>
      ${isSegment(condition) ? html`<p class="condition-they">they are</p>`
        : combobox({ id: `${one}-attribute`, label: `Attribute of condition ${at + 1}`, hideLabel: true, mono: true, value: condition.attribute ?? '', options: [...new Set([...OWN, ...attributes])], onInput: (attribute) => change(at)({ ...condition, attribute }), placeholder: 'Attribute', error: wrong('attribute') })}
      ${operatorField(one, condition, at, change(at))}
      <div class="condition-value stack tight">${valueField(one, condition, at, change(at), { segments, error: wrong('value') ?? wrong('operator') })}
        ${folds ? tick({ id: `${one}-fold`, label: 'in any case', value: condition.case_insensitive, onChange: (on) => { const { case_insensitive: _old, ...rest } = condition; change(at)(on ? { ...rest, case_insensitive: true } : rest); } }) : nothing}</div>
      ${button({ id: `${one}-remove`, label: `Remove condition ${at + 1}${condition.attribute ? `, ${brief(condition.attribute, 40)}` : ''}`, hideLabel: true, kind: 'quiet', icon: 'trash', onClick: () => remove(at) })}</li>`;
  };

  if (operators.value === null && !operators.pending && !operators.error) queueMicrotask(() => operators.load());
  return track(() => {
    if (operators.error && !operators.value) return fault(operators.error, () => operators.load());
    if (!operators.value) return skeleton(2);
    return html`<div class="stack tight">${list.length ? html`<ol class="conditions" aria-label="Conditions">${list.map(row)}</ol>` : nothing}
      <div>${button({ id: `${id}-add`, label: 'Add a condition', small: true, icon: 'plus', onClick: add })}</div></div>`;
  });
}
