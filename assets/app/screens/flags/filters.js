// What the list of flags is narrowed down to: all of it is in the address. In a narrow window only the search is always there;
// the rest unfolds.
import { html, nothing, live, signal, track } from '../../kit.js';
import { here, setQuery } from '../../router.js';
import { button } from '../../parts/button.js';
import { icon } from '../../parts/icon.js';

const SEARCH_MS = 150;

const CHOICES = {
  status: ['Status', [['', 'Any status'], ['active', 'Active'], ['inactive', 'Inactive'], ['archived', 'Archived']]],
  flag_type: ['Type', [['', 'Any type'], ['boolean', 'Boolean'], ['string', 'String'], ['number', 'Number'], ['json', 'JSON']]],
  sort: ['Order', [['', 'Newest first'], ['name', 'By name'], ['key', 'By key'], ['updated_at', 'Last changed first']]],
};
/** Those besides the search; the order hides nothing. */
const NARROWING = ['status', 'flag_type', 'tag', 'stale'];

export const query = (name) => here.value.query.get(name) ?? '';
const active = () => NARROWING.filter((name) => query(name)).length;
export const filtered = () => query('search') !== '' || active() > 0;
export const clear = () => setQuery(Object.fromEntries(['search', ...NARROWING].map((name) => [name, ''])));

/** What the server is asked for. */
export function asked() {
  const sort = query('sort');
  return {
    search: query('search'), status: query('status'), flag_type: query('flag_type'), tag: query('tag'), stale: query('stale'),
    sort, order: sort === 'name' || sort === 'key' ? 'asc' : 'desc',
  };
}

/** `tags()` are suggested, `narrow` is a signal, `onDown` leaves the search for the list. Answers `{ view, close }`. */
export function filters({ tags, narrow, onDown }) {
  const unfolded = signal(false);
  let timer = null;

  const search = (event) => {
    clearTimeout(timer);
    const { value } = event.target;
    timer = setTimeout(() => setQuery({ search: value.trim() }), SEARCH_MS);
  };
  const keys = (event) => {
    if (event.key !== 'Escape' && event.key !== 'Enter' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    if (event.key === 'Escape') {
      event.target.value = '';
      setQuery({ search: '' });
    }
    event.target.blur();
    if (event.key !== 'Escape') onDown();
  };

  const pick = (name) => html`<select class="filter" aria-label=${CHOICES[name][0]} @change=${(event) => setQuery({ [name]: event.target.value })}>
    ${CHOICES[name][1].map(([value, text]) => html`<option value=${value} .selected=${value === query(name)}>${text}</option>`)}</select>`;

  const rest = () => html`${pick('status')}${pick('flag_type')}
    <div class="filter"><label class="seen-by-ear" for="tag">Tag</label><input id="tag" list="tags" placeholder="Any tag" autocomplete="off" .value=${live(query('tag'))} @change=${(event) => setQuery({ tag: event.target.value.trim() })}>
      <datalist id="tags">${track(() => tags().map((tag) => html`<option value=${tag}></option>`))}</datalist></div>
    ${button({ label: 'Stale', pressed: Boolean(query('stale')), onClick: () => setQuery({ stale: query('stale') ? '' : 'true' }), title: 'Only flags that nothing needs any more' })}
    ${pick('sort')}
    ${filtered() ? button({ label: 'Clear', kind: 'quiet', onClick: clear }) : nothing}`;

  const unfold = () => button({
    label: html`Filters${active() ? html`<span class="badge"><span class="seen-by-ear">, active: </span>${active()}</span>` : nothing}`, name: 'filters',
    expanded: unfolded.value, onClick: () => { unfolded.value = !unfolded.value; },
  });

  const view = () => html`<div class="filters">
    <div class="search"><label class="seen-by-ear" for="search">Search flags</label>${icon('search')}<input id="search" type="search" placeholder="Search by name or key" autocomplete="off" spellcheck="false"
      .value=${live(query('search'))} @input=${search} @keydown=${keys}><kbd aria-hidden="true">/</kbd></div>
    ${narrow.value ? unfold() : nothing}${!narrow.value || unfolded.value ? rest() : nothing}</div>`;

  return { view: () => track(view), close: () => clearTimeout(timer) };
}
