// What everybody gets whom no rule serves, and which other flags have to serve what before any rule counts.
import { html, nothing } from '../../../kit.js';
import * as api from '../../../api.js';
import * as place from '../../../store/place.js';
import { button } from '../../../parts/button.js';
import { combobox } from '../../../parts/combobox.js';
import { choice } from '../../../parts/field.js';
import { focusOn } from '../../../parts/focus.js';

const MOST_SUGGESTED = 20;

/** The default, to be chosen. */
export const defaultField = ({ flag, fields, set, complaint }) => choice({
  id: 'default-variation', label: fields.targeting_rules.length ? 'Everybody else gets' : 'Everybody gets', value: fields.default_variation, error: complaint('default_variation'),
  options: fields.variations.map((one) => [one.key, one.name || one.key]), onChange: set('default_variation'), scope: flag.key,
});

const flagsLike = async (search, but) => {
  const { data } = await api.get('/flags', { environment_id: place.environment.peek().id, search, per_page: MOST_SUGGESTED });
  return data.filter((one) => one.key !== but).map((one) => ({ value: one.key, text: one.key, hint: one.name }));
};

/** The prerequisites, to be added and removed. */
export function prerequisitesField({ flag, fields, set, complaint }) {
  const list = fields.prerequisites;
  const change = (at, part) => set('prerequisites')(list.map((one, other) => (other === at ? { ...one, ...part } : one)));
  const remove = (at) => {
    set('prerequisites')(list.filter((_one, other) => other !== at));
    focusOn(`remove-prerequisite-${Math.min(at, list.length - 2)}`, 'add-prerequisite');
  };
  const row = (one, at) => html`<li class="prerequisite">
    ${combobox({ id: `prerequisite-${at}-flag`, label: `Flag of prerequisite ${at + 1}`, hideLabel: true, mono: true, value: one.flag_key, options: (text) => flagsLike(text, flag.key), onInput: (key) => change(at, { flag_key: key }), placeholder: 'Flag', error: complaint(`prerequisites[${at}].flag_key`) })}
    <span class="muted">serves</span>
    ${combobox({ id: `prerequisite-${at}-variation`, label: `Variation of prerequisite ${at + 1}`, hideLabel: true, mono: true, value: one.variation_key, placeholder: 'Variation', error: complaint(`prerequisites[${at}].variation_key`),
      options: async () => (one.flag_key ? (await api.get(`/flags/${encodeURIComponent(one.flag_key)}`, { environment_id: place.environment.peek().id })).data.variations.map((v) => ({ value: v.key, text: v.key, hint: v.name })) : []), onInput: (key) => change(at, { variation_key: key }) })}
    ${button({ id: `remove-prerequisite-${at}`, label: `Remove prerequisite ${at + 1}`, hideLabel: true, kind: 'quiet', icon: 'trash', onClick: () => remove(at) })}</li>`;
  const wrong = complaint('prerequisites');
  return html`<div class="stack tight"><p class="label">Prerequisites</p>
    ${list.length ? html`<ul class="prerequisites stack tight">${list.map(row)}</ul>` : html`<p class="help">The rules count whatever other flags serve.</p>`}
    ${wrong ? html`<p class="fault">${wrong}</p>` : nothing}
    <div>${button({ id: 'add-prerequisite', label: 'Add a prerequisite', small: true, icon: 'plus', onClick: () => set('prerequisites')([...list, { flag_key: '', variation_key: '' }]) })}</div></div>`;
}
