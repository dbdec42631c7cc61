// A list that is fetched page by page, by cursors. Fetching it again brings as many rows as were shown.
import { html, nothing } from '../../kit.js';
import { button } from '../../parts/button.js';
import { resource } from '../../parts/resource.js';

const PER_PAGE = 50;
const MOST_PER_PAGE = 200;

/** `ask({ cursor, per_page })` answers `{ data, meta }`. The value is `{ rows, next }`. */
export function paged(ask) {
  const list = resource(async () => {
    const wanted = Math.max(PER_PAGE, list.peek()?.rows.length ?? 0);
    const rows = [];
    let cursor;
    do {
      const { data, meta } = await ask({ cursor, per_page: Math.min(MOST_PER_PAGE, wanted - rows.length) });
      rows.push(...data);
      cursor = meta.next_cursor;
    } while (cursor && rows.length < wanted);
    return { rows, next: cursor };
  });
  list.more = async () => {
    const { rows, next } = list.peek();
    const { data, meta } = await ask({ cursor: next, per_page: PER_PAGE });
    if (list.peek()?.next === next) list.value = { rows: [...rows, ...data], next: meta.next_cursor };
  };
  return list;
}

/** The button below a list that goes on. */
export const more = (list, name) => (list.value?.next ? html`<div>${button({ label: 'Show more', name: `more ${name}`, work: list.more })}</div>` : nothing);
