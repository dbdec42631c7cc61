// The flags of a project as a list: as much of it as was looked at, page after page, with the state of each environment. A row
// knows its place before it is there, so that a long list can be scrolled anywhere at once.
import { signal, batch } from '../kit.js';
import * as api from '../api.js';

export const PER_PAGE = 100;

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
  let closed = false;

  const learn = (item, id) => {
    if (!states.has(item.key)) states.set(item.key, new Map());
    states.get(item.key).set(id, { enabled: item.enabled, revision: item.revision });
  };

  const ask = (page) => api.get('/flags', { ...filters, environment_id: environment.id, include: 'environments,activity', page, per_page: PER_PAGE });

  async function fetchPage(page) {
    const first = await ask(page);
    if (closed) return;
    batch(() => {
      total.value = first.meta.total;
      error.value = null;
      rows.length = first.meta.total;
      first.data.forEach((item, at) => {
        rows[(page - 1) * PER_PAGE + at] = item;
        for (const one of item.environments) learn({ key: item.key, ...one }, one.environment_id);
      });
      tick.value += 1;
    });
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
