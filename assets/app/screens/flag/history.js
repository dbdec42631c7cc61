// History: who changed what and when in the environment that is looked at, and the way back to any of it. Going back makes a new
// revision, so that it is undone by going back once more.
import { html, nothing, computed, effect, signal, track, repeat, untracked } from '../../kit.js';
import { onChange, onFocus } from '../../live.js';
import * as place from '../../store/place.js';
import { differences, readHistory, rollBack } from '../../store/history.js';
import { askedAbout, permission, refusal } from '../../store/switching.js';
import { button } from '../../parts/button.js';
import { chip, environment as environmentView } from '../../parts/chip.js';
import { resource, shown } from '../../parts/resource.js';
import { empty, skeleton } from '../../parts/state.js';
import { ago } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { changesView, reachesOthers, touchesShared, withPast } from './changes.js';

const DONE = {
  'flag.created': 'Made', 'environment.created': 'Made', 'flag.updated': 'Changed', 'flag.promoted': 'Promoted from another environment', 'flag.archived': 'Archived',
  'flag.restored': 'Restored', 'flag.rolled_back': 'Rolled back', 'flag.ramp_rolled_back': 'Ramp rolled back', 'flag.scheduled': 'Change scheduled', 'flag.schedule_cancelled': 'Scheduled change cancelled',
  'flag.schedule_failed': 'Scheduled change failed', 'flag.ramp_created': 'Ramp made', 'flag.ramp_paused': 'Ramp paused', 'flag.ramp_resumed': 'Ramp resumed', 'flag.ramp_cancelled': 'Ramp cancelled',
};
const MADE = ['flag.created', 'environment.created'];

const title = (entry) => {
  if (entry.action === 'flag.toggled') return entry.changes?.enabled?.to === false ? 'Turned off' : 'Turned on';
  return entry.back === undefined ? DONE[entry.action] ?? entry.action : `Rolled back to revision ${entry.back}`;
};
const who = ({ actor }) => html`${actor.email}${actor.token_id ? html` <span title="By a personal access token">with a token</span>` : nothing}`;

export function history({ key, flag, show }) {
  const pages = signal(1);
  const entries = resource(() => readHistory(key, place.environment.peek(), pages.peek()));
  let asked = null;
  const stop = effect(() => {
    const id = place.environment.value?.id ?? null;
    if (id === asked) return;
    asked = id;
    untracked(() => {
      pages.value = 1;
      entries.value = null;
      if (id) entries.load();
    });
  });
  const stopLive = onChange((change) => { if (asked && (!change.flag_key || change.flag_key === key)) entries.load(); });
  // What schedules and ramps do to themselves is told by no stream.
  const again = () => { if (asked) entries.load(); };
  const stopFocus = onFocus(again);

  async function back(entry) {
    const environment = place.environment.peek();
    const now = flag.peek();
    const changes = await differences(key, environment, now.revision, entry.revision);
    if (Object.keys(changes).length === 0) {
      toast(`The flag is what it was at revision ${entry.revision}: there is nothing to roll back.`);
      return;
    }
    const given = await permission(now, askedAbout(environment, reachesOthers(changes)), {
      title: `Roll ${now.name} back to revision ${entry.revision}?`, action: 'Roll back', always: true, wide: true,
      text: html`<p class="wrap">In ${environmentView(environment)} the flag becomes what it was then. It makes a new revision, and you can come back the same way.</p>
        ${touchesShared(changes) ? html`<p class="note warn">Some of it is shared: it changes in all environments.</p>` : nothing}${changesView(seen.peek(), changes)}`,
    });
    if (!given) return;
    const go = async (revision) => show(environment, await rollBack(key, environment, revision, given.reason));
    await go(entry.revision);
    toast(`${now.name} is rolled back to revision ${entry.revision} in ${environment.name}`, { undo: () => go(now.revision).then(again) });
    await entries.load();
  }

  const rollback = (entry, current) => {
    if (entry.revision === undefined) return nothing;
    if (entry.revision === current.revision) return chip('current', 'accent');
    if (refusal(current, place.environment.value)) return nothing;
    return button({ label: html`Roll back<span class="seen-by-ear"> to revision ${entry.revision}</span>`, name: `back ${entry.revision}`, small: true, icon: 'undo', work: () => back(entry) });
  };

  const seen = computed(() => withPast(flag.value, entries.value?.entries.map((one) => one.changes) ?? []));
  const what = (entry) => {
    if (!entry.changes) return html`<p class="muted small">What changed is not known: the revision before it is no longer kept.</p>`;
    const view = changesView(seen.value, entry.changes, { facts: entry.revision === undefined || MADE.includes(entry.action) });
    return MADE.includes(entry.action) ? html`<details><summary>What it began with</summary>${view}</details>` : view;
  };

  const row = (entry) => html`<li><div class="row"><div class="grow"><p class="row"><strong>${title(entry)}</strong>${entry.revision === undefined ? nothing : html`<span class="muted small">revision ${entry.revision}</span>`}</p>
      <p class="small muted wrap">${who(entry)} · ${ago(entry.timestamp)}</p></div>${rollback(entry, flag.value)}</div>${what(entry)}</li>`;

  const more = () => button({ label: 'Show earlier ones', name: 'history more', work: async () => { pages.value += 1; await entries.load(); } });

  const why = () => {
    const text = refusal(flag.value, place.environment.value);
    return text ? html`<p class="note">${text}</p>` : nothing;
  };

  const list = ({ entries: all, rest }) => {
    if (!flag.value) return nothing;
    if (all.length === 0) return empty({ title: 'Nothing was done yet', text: 'Each change of the flag will be told here.' });
    return html`${why()}<ol class="history" aria-label="History">${repeat(all, (entry) => entry.id, row)}</ol>${rest ? html`<div>${more()}</div>` : nothing}`;
  };

  const view = () => (place.environment.value ? html`<section class="stack" aria-label="History in ${place.environment.value.name}"><p>What was done in ${environmentView(place.environment.value)}, newest first.</p>${shown(entries, list)}</section>` : skeleton());
  return {
    view: () => track(view),
    close() {
      stop();
      stopLive();
      stopFocus();
    },
  };
}
