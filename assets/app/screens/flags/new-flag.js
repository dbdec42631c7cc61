// The dialog that makes a flag. The key follows the name until it is typed itself; the variations follow the type.
import { html, nothing, signal } from '../../kit.js';
import * as api from '../../api.js';
import { inProject, keep } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { purposes } from '../../parts/chip.js';
import { form } from '../../parts/dialog.js';
import { choice, field } from '../../parts/field.js';
import { button } from '../../parts/button.js';
import { icon } from '../../parts/icon.js';
import { checkValue, fromText, valueField } from '../../parts/json.js';
import { toast } from '../../parts/toast.js';
import { tokens } from '../../parts/tokens.js';

const TYPES = [['boolean', 'Boolean: on or off'], ['string', 'String'], ['number', 'Number'], ['json', 'JSON']];
const FIRST = {
  boolean: [['on', 'On', 'true'], ['off', 'Off', 'false']],
  string: [['control', 'Control', 'control'], ['treatment', 'Treatment', 'treatment']],
  number: [['low', 'Low', '10'], ['high', 'High', '100']],
  json: [['standard', 'Standard', '{}'], ['other', 'Other', '{}']],
};

export const keyOf = (name) => name.toLowerCase().normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/[^a-z0-9._]+/g, '-').replace(/^[^a-z0-9]+|-+$/g, '').slice(0, 128);

/** The next key that no variation has. */
export function freshKey(list) {
  let number = list.length + 1;
  while (list.some((one) => one.key === `v${number}`)) number += 1;
  return `v${number}`;
}

const variations = (type) => FIRST[type].map(([key, name, text]) => ({ key, name, text }));

/** Answers the flag that was made, or undefined. `known` are tags to suggest. */
export async function newFlag(known = []) {
  const name = signal('');
  const key = signal(null);
  const description = signal('');
  const type = signal('boolean');
  const kind = signal('release');
  const tags = signal([]);
  const list = signal(variations('boolean'));
  const otherwise = signal('off');
  const keyText = () => key.value ?? keyOf(name.value);
  const change = (at, part) => { list.value = list.value.map((one, place_) => (place_ === at ? { ...one, ...part } : one)); };

  const rows = (error) => html`<fieldset class="stack tight"><legend class="label">Variations</legend>
    ${list.value.map((one, at) => html`<div class="variation-row"><span class="swatch c${at % 8}"></span>
      ${field({ id: `variation-key-${at}`, label: `Key of variation ${at + 1}`, hideLabel: true, mono: true, value: one.key, onInput: (value) => change(at, { key: value }), error: error?.field?.(`variations[${at}].key`), placeholder: 'key' })}
      ${type.value === 'boolean' ? html`<code class="grow">${one.text}</code>` : valueField({ id: `variation-value-${at}`, label: `Value of variation ${at + 1}`, hideLabel: true, text: one.text, type: type.value, onInput: (text) => change(at, { text }), error: error?.field?.(`variations[${at}].value`) })}
      ${type.value !== 'boolean' && list.value.length > 1 ? html`<button type="button" class="button quiet square" aria-label="Remove variation ${at + 1}" @click=${() => { list.value = list.value.filter((_one, other) => other !== at); }}>${icon('trash')}</button>` : nothing}</div>`)}
    ${type.value === 'boolean' ? nothing : html`<div>${button({ label: 'Add a variation', kind: 'quiet', small: true, icon: 'plus', onClick: () => { list.value = [...list.value, { key: freshKey(list.value), name: '', text: type.value === 'json' ? '{}' : '' }]; } })}</div>`}
    ${choice({ id: 'otherwise', label: 'While it is off, everybody gets', value: otherwise.value, options: list.value.map((one) => [one.key, one.key]), onChange: (value) => { otherwise.value = value; } })}</fieldset>`;

  const made = await form({
    title: 'New flag',
    submit: 'Create the flag',
    kept: keep(inProject('flag'), { name, key, description, type, kind, tags, list, otherwise }),
    fields: (error) => html`
      ${field({ label: 'Name', value: name.value, onInput: (value) => { name.value = value; }, error: error?.field?.('name'), max: 200, required: true, autofocus: true })}
      ${field({ label: 'Key', value: keyText(), onInput: (value) => { key.value = value; }, error: error?.field?.('key') ?? (error?.code === 'FLAG_KEY_CONFLICT' ? error.message : null), mono: true, required: true, max: 128, help: 'What programs ask for. It cannot be changed later.' })}
      ${choice({ label: 'Type', value: type.value, options: TYPES, onChange: (value) => { type.value = value; list.value = variations(value); otherwise.value = value === 'boolean' ? 'off' : list.value[0].key; } })}
      ${rows(error)}
      ${choice({ label: 'Purpose', value: kind.value, options: purposes(), onChange: (value) => { kind.value = value; } })}
      ${field({ label: 'Description', optional: true, rows: 2, value: description.value, onInput: (value) => { description.value = value; }, max: 2000, error: error?.field?.('description') })}
      ${tokens({ id: 'new-tags', label: 'Tags', values: tags.value, options: known, onChange: (value) => { tags.value = value; }, mono: false, error: error?.field?.('tags') })}`,
    ready: () => name.value.trim() !== '' && keyText() !== '' && list.value.every((one) => checkValue(one.text, type.value) === null),
    async work() {
      const { data } = await api.post('/flags', {
        key: keyText(), name: name.value.trim(), description: description.value.trim() || null, flag_type: type.value, classification: kind.value, tags: tags.value,
        variations: list.value.map((one) => ({ key: one.key, ...(one.name ? { name: one.name } : {}), value: fromText(one.text, type.value) })),
        default_variation: list.value.some((one) => one.key === otherwise.value) ? otherwise.value : list.value[0].key,
      }, { query: { environment_id: place.environment.value.id } });
      return data;
    },
  });
  if (made) toast(`${made.name} was created. It is off everywhere.`);
  return made;
}
