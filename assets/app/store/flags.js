// The flags of a project as a list: as much of it as was looked at, page after page, with the state of each environment. A row
// knows its place before it is there, so that a long list can be scrolled anywhere at once.
import { signal, batch } from '../kit.js';
import * as api from '../api.js';
import * as place from './place.js';

export const PER_PAGE = 100;
/** How many stats requests for sparklines run at the same time. */
const SPARKS_AT_ONCE = 3;

/** A list for these filters: `{ search, status, flag_type, tag, stale, sort, order }`, seen from one environment. */
export function flagList(filters, environment) {
  const total = signal(null);
  const error = signal(null);
  /** Rises when any row changed. */
  const tick = signal(0);
  const rows = [];
  /** Flag key -> environment id -> `{ enabled, revision }`. */
  const states = new Map();
  const pages = new Map();
  const others = place.environments.peek().filter((one) => one.id !== environment.id);
  let closed = false;

  const learn = (item, id) => {
    if (!states.has(item.key)) states.set(item.key, new Map());
    states.get(item.key).set(id, { enabled: item.enabled, revision: item.revision });
  };

  const ask = (page, id, more = {}) => api.get('/flags', { ...filters, environment_id: id, page, per_page: PER_PAGE, ...more });

  async function fetchPage(page) {
    const first = await ask(page, environment.id);
    if (closed) return;
    batch(() => {
      total.value = first.meta.total;
      error.value = null;
      rows.length = first.meta.total;
      first.data.forEach((item, at) => {
        rows[(page - 1) * PER_PAGE + at] = item;
        learn(item, environment.id);
        for (const one of item.environments ?? []) learn({ key: item.key, ...one }, one.environment_id);
      });
      tick.value += 1;
    });
    if (first.data.length === 0 || first.data[0].environments) return;
    // The same page seen from the other environments. Sorted by change they may differ: then by key, which is the same for all.
    await Promise.all(others.map(async (one) => {
      const { data } = await ask(page, one.id);
      for (const item of data) learn(item, one.id);
      const missing = first.data.filter((item) => !states.get(item.key)?.has(one.id));
      for (const item of missing) learn((await api.get(`/flags/${item.key}`, { environment_id: one.id })).data, one.id);
    }));
    if (!closed) tick.value += 1;
  }

  const load = (page) => {
    if (!pages.has(page)) {
      pages.set(page, fetchPage(page).catch((cause) => {
        pages.delete(page);
        if (!closed) error.value = cause;
      }));
    }
    return pages.get(page);
  };

  return {
    total, error, tick, rows, filters, environment,
    /** Fetches what rows `from` to `to` need. */
    need(from, to) {
      for (let page = Math.floor(from / PER_PAGE) + 1; page <= Math.floor(Math.max(from, to - 1) / PER_PAGE) + 1; page += 1) {
        if (page === 1 || total.peek() === null || (page - 1) * PER_PAGE < total.peek()) load(page);
      }
    },
    state: (key, id) => states.get(key)?.get(id) ?? null,
    set(key, id, state) {
      if (!states.has(key)) states.set(key, new Map());
      states.get(key).set(id, { ...states.get(key).get(id), ...state });
      tick.value += 1;
    },
    /** Fetches again, keeping what is shown until the answer is there. */
    reload(from, to) {
      pages.clear();
      this.need(from, to);
    },
    /** Fetches one flag again, after it changed in an environment. Answers false where it is not in the list. */
    async refresh(key, id) {
      const at = rows.findIndex((row) => row?.key === key);
      if (at < 0) return false;
      const { data } = await api.get(`/flags/${encodeURIComponent(key)}`, { environment_id: id });
      learn(data, id);
      const old = rows[at];
      if (old?.key === key) {
        rows[at] = { ...old, name: data.name, tags: data.tags, status: data.status, classification: data.classification, lifecycle: data.lifecycle,
          ...(id === environment.id ? { enabled: data.enabled, revision: data.revision, updated_at: data.updated_at, targeting_rules_count: data.targeting_rules.length } : {}) };
      }
      tick.value += 1;
      return true;
    },
    close() { closed = true; },
  };
}

const sparks = signal(new Map());
const wanted = [];
let running = 0;
const sparkKey = (flag, environment) => `${environment} ${flag}`;

/** Evaluations per hour of the last day, oldest first; null until they are known. */
export const spark = (item, environment) => item.activity ?? sparks.value.get(sparkKey(item.key, environment.id)) ?? null;

/** Asks for the sparklines of these rows, the last asked for first. */
export function wantSparks(keys, environment) {
  wanted.length = 0;
  for (const flag of keys) if (!sparks.peek().has(sparkKey(flag, environment.id))) wanted.push([flag, environment.id]);
  while (running < SPARKS_AT_ONCE && wanted.length) nextSpark();
}

async function nextSpark() {
  const [flag, id] = wanted.shift();
  running += 1;
  try {
    const { data } = await api.get(`/flags/${encodeURIComponent(flag)}/stats`, { environment_id: id, period: '24h' });
    sparks.value = new Map(sparks.peek()).set(sparkKey(flag, id), spread(data));
  } catch {
    sparks.value = new Map(sparks.peek()).set(sparkKey(flag, id), []);
  } finally {
    running -= 1;
    if (wanted.length) nextSpark();
  }
}

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** The points of a day as one number for each hour; hours without any are not in the series. */
export function spread({ series, as_of: until }) {
  const last = Math.floor(new Date(until).getTime() / HOUR_MS);
  const values = new Array(HOURS).fill(0);
  for (const point of series) {
    const at = HOURS - 1 - (last - Math.floor(new Date(point.from).getTime() / HOUR_MS));
    if (at >= 0 && at < HOURS) values[at] += point.evaluations;
  }
  return values;
}
