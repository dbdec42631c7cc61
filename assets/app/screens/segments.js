// The segments of a project: the groups of people that rules refer to by name, how many are in them, and what uses them.
import { html, nothing, live, repeat, track } from '../kit.js';
import * as api from '../api.js';
import { addKeys } from '../keys.js';
import { go, here, setQuery } from '../router.js';
import { inProject as named, reopens } from '../store/kept.js';
import * as place from '../store/place.js';
import { NO_USE, followProject, followUsage, inProject, refusal } from '../store/segments.js';
import { button } from '../parts/button.js';
import { icon } from '../parts/icon.js';
import { resource, shown } from '../parts/resource.js';
import { empty } from '../parts/state.js';
import { ago, count } from '../parts/time.js';
import { newSegment } from './segments/new-segment.js';

/** How many rows are on the page before the reader asks for all. */
const SHOWN = 200;

const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Who is in a segment, in one line. */
export const sayMembers = (segment) => [
  segment.included.length ? `${count(segment.included.length)} included` : null,
  segment.excluded.length ? `${count(segment.excluded.length)} excluded` : null,
  segment.conditions.length ? plural(segment.conditions.length, 'condition') : null,
].filter(Boolean).join(' · ') || 'nobody';

const sayUse = ({ flags, segments }) => [
  flags.length ? plural(flags.length, 'flag') : null,
  segments.length ? plural(segments.length, 'segment') : null,
].filter(Boolean).join(' · ') || 'nothing';

export function open() {
  const segments = resource(() => api.all('/segments', inProject()));
  const stopList = followProject(segments, (change) => change.event === 'changed' || change.event.startsWith('segment.'));
  const { usage, stop: stopUsage } = followUsage();
  let searching = null;

  const search = () => here.value.query.get('search') ?? '';
  const everything = () => here.value.query.get('all') === 'true';
  const found = (all) => {
    const wanted = search().toLowerCase();
    return all.filter((one) => one.name.toLowerCase().includes(wanted) || one.key.includes(wanted));
  };
  const create = () => {
    if (!refusal()) newSegment().then((made) => { if (made) go(place.to`segments/${made.key}` + place.query()); });
  };
  const stopReopen = reopens(() => place.role.value && named('segment'), create);
  const stopKeys = addKeys('Segments', [
    { keys: '/', says: 'Search', run: () => document.getElementById('search')?.focus() },
    { keys: 'n', says: 'New segment', run: create },
  ]);

  const row = (segment) => html`<tr><td class="segment-name"><a class="strong wrap" href=${place.to`segments/${segment.key}` + place.query()}>${segment.name}</a><code class="small muted wrap">${segment.key}</code></td>
    <td class="segment-members">${sayMembers(segment)}</td>
    <td class="segment-use">${track(() => (usage.value ? sayUse(usage.value.users.get(segment.key) ?? NO_USE) : usage.error ? html`<span class="muted" title=${usage.error.message}>unknown</span>` : html`<div class="bone w1"></div>`))}</td>
    <td class="segment-changed muted small">${ago(segment.updated_at)}</td></tr>`;

  const table = (rows) => html`<table class="segments-table"><thead><tr><th>Segment</th><th>Who is in it</th><th>Used by</th><th>Changed</th></tr></thead>
    <tbody>${repeat(rows.slice(0, everything() ? rows.length : SHOWN), (segment) => segment.id, row)}</tbody></table>
    ${rows.length > SHOWN && !everything() ? html`<div class="row">${button({ label: `Show all ${count(rows.length)}`, onClick: () => setQuery({ all: 'true' }) })}</div>` : nothing}`;

  const newButton = () => (refusal() ? nothing : button({ label: 'New segment', kind: 'primary', icon: 'plus', onClick: create }));
  const none = () => empty({
    title: 'No segments yet',
    text: 'A segment is a named group of people, such as beta testers. Rules of all flags refer to it by its name, so that who belongs to it is said in one place.',
    action: newButton(),
  });
  const clear = () => setQuery({ search: '' });
  const type = (event) => {
    clearTimeout(searching);
    const { value } = event.target;
    searching = setTimeout(() => setQuery({ search: value.trim() }), 150);
  };
  const list = (all) => {
    if (all.length === 0) return none();
    const rows = found(all);
    return html`<div class="filters"><div class="search"><label class="seen-by-ear" for="search">Search segments</label>${icon('search')}<input id="search" type="search" placeholder="Search by name or key"
        autocomplete="off" spellcheck="false" .value=${live(search())} @input=${type} @keydown=${(event) => { if (event.key === 'Escape') clear(); }}></div></div>
      ${rows.length ? table(rows) : empty({ title: 'No segment is like that', text: html`No name or key contains <code class="wrap">${search()}</code>.`, action: button({ label: 'Clear the search', onClick: clear }) })}`;
  };
  const total = () => (segments.value?.length ? html`<span class="muted" role="status">${search() ? `${count(found(segments.value).length)} found` : count(segments.value.length)}</span>` : nothing);

  return {
    title: () => 'Segments',
    close() {
      stopList();
      stopUsage();
      stopKeys();
      stopReopen();
      clearTimeout(searching);
    },
    view: () => html`<div class="page segments"><div class="page-head"><h1>Segments</h1>${track(total)}<span class="push">${track(() => (segments.value?.length ? newButton() : nothing))}</span></div>
      ${shown(segments, list)}</div>`,
  };
}
