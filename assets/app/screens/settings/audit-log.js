// The audit log: who did what, newest first. What narrows it is in the address; the whole of what is found can be taken along.
import { html, effect, signal, track, repeat, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { onChange, onFocus } from '../../live.js';
import { path, setQuery } from '../../router.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { resource, shown } from '../../parts/resource.js';
import { empty, skeleton } from '../../parts/state.js';
import { toast } from '../../parts/toast.js';
import { checkLog } from './audit-check.js';
import { auditEntry } from './audit-entry.js';
import { clear, filters, narrowed, parameters } from './audit-filters.js';
import { download } from './download.js';
import { names } from './names.js';
import { more, paged } from './paged.js';

/** What changes often is fetched again at most this often. */
const PAUSE_MS = 400;

export function auditLog() {
  const called = names();
  const open = signal(new Set());
  let timer = null;
  let asked = null;
  const list = paged((page) => api.get('/audit-logs', { ...parameters(), ...page }));
  const people = resource(() => api.all(path`/organizations/${place.project.peek().organization_id}/members`, {}, 5000));
  const stop = effect(() => {
    const wanted = place.project.value && place.environments.value ? JSON.stringify(parameters()) : null;
    if (wanted === asked) return;
    asked = wanted;
    untracked(() => {
      list.value = null;
      if (!wanted) return;
      list.load();
      if (!people.peek()) people.load();
    });
  });
  const stopNames = effect(() => { const rows = list.value?.rows; if (rows) untracked(() => called.read(rows)); });
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (asked) list.load(); }, PAUSE_MS);
  };
  const stopLive = onChange(again);
  const stopFocus = onFocus(again);

  const toggle = (entry) => {
    const next = new Set(open.peek());
    if (!next.delete(entry.id)) next.add(entry.id);
    open.value = next;
  };
  const one = (entry) => auditEntry(entry, {
    open: open.value.has(entry.id), named: called.of(entry), onToggle: () => toggle(entry),
    onlyThing: () => setQuery({ thing: entry.resource_id, kind: null, action: null }), onlyPerson: () => setQuery({ who: entry.actor.id }),
  });
  const none = () => (narrowed() ? empty({ title: 'Nothing is found', text: 'No entry fits all filters.', action: button({ label: 'Clear the filters', onClick: clear }) }) : empty({ title: 'Nothing was done yet', text: 'Every change is told here, with who made it.' }));
  const rows = ({ rows: all }) => (all.length ? html`<ul class="settings-list" aria-label="Audit log">${repeat(all, (entry) => entry.id, one)}</ul>${more(list, 'entries')}` : none());

  async function take() {
    const { name } = await download('/audit-logs', { query: { ...parameters(), format: 'ndjson' }, name: 'audit-log.ndjson', type: 'application/x-ndjson' });
    toast(`${name} is saved.`);
  }

  const doers = () => (people.value ?? []).map((one) => [one.user_id, one.full_name ? `${one.full_name} (${one.email})` : one.email]);
  const view = () => {
    if (!place.environments.value) return skeleton();
    return html`<div class="row"><p class="grow">Everything that was done, newest first.</p>
      ${place.isAdmin.value ? button({ label: 'Check the log', onClick: checkLog }) : ''}${button({ label: 'Export', title: 'All that is found, as JSON lines', name: 'export audit log', work: take })}</div>
      ${track(() => filters(doers(), list.error))}${shown(list, rows)}`;
  };
  return {
    view: () => track(view),
    close() {
      clearTimeout(timer);
      called.close();
      [stop, stopNames, stopLive, stopFocus].forEach((end) => end());
    },
  };
}
