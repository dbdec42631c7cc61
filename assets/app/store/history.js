// What was done with a flag in an environment: its revisions, to which one can go back, and what makes none (schedules and
// ramps, which only the history tells of), as one list, newest first.
import * as api from '../api.js';
import { path } from '../router.js';

/** How many rows more each time. */
const STEP = 30;
const MOST_OF_PAGE = 200;
/** What the history tells of and no revision does. */
const ALONE = ['flag.scheduled', 'flag.schedule_cancelled', 'flag.schedule_failed', 'flag.ramp_created', 'flag.ramp_paused', 'flag.ramp_resumed', 'flag.ramp_cancelled'];

const rows = (key, what, environment, wanted) => api.all(path`/flags/${key}/${what}`, { environment_id: environment.id, per_page: Math.min(wanted, MOST_OF_PAGE) }, wanted);

/** Both lists in one, down to the moment to which both are known; `rest` says whether there is more. Moments are whole seconds:
 *  within one, the order is that of the history, which has an entry for each revision too. */
export function merged(revisions, events, wanted) {
  const known = [revisions, events].filter((list) => list.length >= wanted).map((list) => list.at(-1).timestamp).sort().at(-1) ?? '';
  const left = events.map((event, place) => ({ event, place }));
  const told = (revision) => {
    const at = left.findIndex(({ event }) => event.action === revision.action && event.timestamp === revision.timestamp);
    return at < 0 ? { place: events.length } : left.splice(at, 1)[0];
  };
  const ofRevisions = revisions.map((one) => {
    const { event, place } = told(one);
    return { ...one, id: `revision ${one.revision}`, place, back: event?.changes.rolled_back_to?.to };
  });
  const alone = events.map((event, place) => ({ ...event, place })).filter((one) => ALONE.includes(one.action));
  const entries = [...ofRevisions, ...alone].filter((one) => one.timestamp >= known);
  return { entries: entries.sort((a, b) => b.timestamp.localeCompare(a.timestamp) || a.place - b.place), rest: known !== '' };
}

/** The newest entries: `{ entries, rest }`. `pages` of them were asked for. */
export async function readHistory(key, environment, pages) {
  const wanted = pages * STEP;
  const [revisions, events] = await Promise.all(['revisions', 'history'].map((what) => rows(key, what, environment, wanted)));
  return { environment, ...merged(revisions, events, wanted) };
}

/** What differs between two revisions, by the names of the fields. */
export const differences = async (key, environment, from, to) => (await api.get(path`/flags/${key}/revisions/diff`, { environment_id: environment.id, from, to })).data.changes;

/** Goes back to a revision; answers the flag as it is then. `reason` is for a frozen environment. */
export const rollBack = async (key, environment, revision, reason) => (await api.post(path`/flags/${key}/rollback`, { revision }, {
  query: { environment_id: environment.id }, headers: reason ? { 'X-PhaseFlag-Break-Glass': reason } : {},
})).data;
