// The dialog that makes an environment or changes one: its name, what it is for and its colour. The key follows the name until
// it is typed itself, and stays for good.
import { html, nothing, css, signal } from '../../kit.js';
import * as api from '../../api.js';
import { path } from '../../router.js';
import { inProject, keep } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { form } from '../../parts/dialog.js';
import { choice, field } from '../../parts/field.js';
import { keyOf } from '../flags/new-flag.js';

const TYPES = [['development', 'Development: work in progress'], ['staging', 'Staging: a rehearsal of production'], ['production', 'Production: real users']];
/** Colours to choose from; they are data that the server keeps, and no part of the page's own. */
const COLORS = [['Green', '#16a34a'], ['Blue', '#2563eb'], ['Violet', '#7c3aed'], ['Pink', '#db2777'], ['Red', '#dc2626'], ['Amber', '#d97706'], ['Grey', '#64748b']];

/** A row of colours, and a field for any other one. */
const colors = (value, onChange, error) => html`<fieldset class="stack tight"><legend class="label">Colour</legend>
  <div class="row colors">${COLORS.map(([name, code]) => html`<label class="color" title=${name}><input type="radio" name="color" class="seen-by-ear" .checked=${value === code} @change=${() => onChange(code)}>
    <span class="seen-by-ear">${name}</span><span class="color-dot" ${css({ background: code })}></span></label>`)}
    <label class="color-other"><span class="small">Other</span><input type="color" .value=${value} @input=${(event) => onChange(event.target.value)}></label></div>
  ${error ? html`<p class="fault">${error}</p>` : nothing}</fieldset>`;

/** Answers the environment that was made or changed; undefined where the reader left. */
export async function environmentForm(environment = null) {
  const unused = COLORS.find(([, code]) => !place.environments.peek().some((one) => one.color.toLowerCase() === code)) ?? COLORS.at(-1);
  const given = { name: signal(environment?.name ?? ''), key: signal(null), type: signal(environment?.type ?? 'development'), color: signal(environment?.color.toLowerCase() ?? unused[1]) };
  const key = () => given.key.value ?? keyOf(given.name.value);
  /** What is no production any more is changed without being asked: that is asked once. */
  const typed = signal('');
  const lessCareful = () => environment?.type === 'production' && given.type.value !== 'production';
  const body = () => ({ name: given.name.value.trim(), type: given.type.value, color: given.color.value });
  return form({
    title: environment ? `Change ${environment.name}` : 'New environment',
    submit: environment ? 'Save' : 'Create the environment',
    kept: keep(environment ? `environment ${environment.id}` : inProject('environment'), given, { changes: environment !== null }),
    ready: () => given.name.value.trim() !== '' && (environment || key() !== '') && (!lessCareful() || typed.value.trim() === environment.key),
    intro: environment ? undefined : html`<p class="muted">Every flag of the project is off and without rules in it.</p>`,
    fields: (error) => html`
      ${field({ id: 'environment-name', label: 'Name', value: given.name.value, onInput: (value) => { given.name.value = value; }, error: error?.field?.('name'), max: 200, required: true, autofocus: true, off: true })}
      ${environment ? nothing : field({ id: 'environment-key', label: 'Key', value: key(), onInput: (value) => { given.key.value = value; }, error: error?.field?.('key'), mono: true, required: true, max: 128, help: 'What documents and addresses call it. It cannot be changed later.' })}
      ${choice({ id: 'environment-type', label: 'What it is for', value: given.type.value, options: TYPES, onChange: (value) => { given.type.value = value; }, error: error?.field?.('type'), help: 'Changes of a production environment ask first. The beginning of new API keys tells it.' })}
      ${lessCareful() ? field({ id: 'environment-typed', label: html`Changes of it will no longer ask first. Type <code class="wrap">${environment.key}</code> to go on`, mono: true, value: typed.value, onInput: (value) => { typed.value = value; }, off: true }) : nothing}
      ${colors(given.color.value, (value) => { given.color.value = value; }, error?.field?.('color'))}`,
    work: async () => (environment
      ? (await api.put(path`/environments/${environment.id}`, body(), { ifMatch: environment.revision })).data
      : (await api.post('/environments', { key: key(), ...body() }, { query: { project_id: place.project.peek().id } })).data),
  });
}
