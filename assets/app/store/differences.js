// How two environments compare, and taking what one says of some flags to the other.
import * as api from '../api.js';

/** What a promotion takes, by the names of the server. */
export const PARTS = [['enabled', 'On or off'], ['default_variation', 'Default'], ['targeting_rules', 'Rules'], ['prerequisites', 'Prerequisites']];

/** How many flags the server promotes at once. */
export const MOST = 1_000;

/** The flags of which the two do not say the same, and how many are equal. In the changes `from` is what `target` says now, `to`
 *  what it would say after a promotion. */
export async function differences(source, target) {
  const rows = [];
  let meta = null;
  do {
    const page = await api.get(`/environments/${source.id}/diff`, { against: target.id, per_page: 200, cursor: meta?.next_cursor });
    rows.push(...page.data);
    ({ meta } = page);
  } while (meta.next_cursor);
  return { rows, equal: meta.equal };
}

/** Promotes, or with `dry` only tells what would change. Answers `{ changed, equal }`. */
export async function promote(source, target, { flags, include, dry = false, reason }) {
  const { data } = await api.post(`/environments/${target.id}/promote`, {
    from_environment_id: source.id, flags, dry_run: dry, ...(include.length < PARTS.length ? { include } : {}),
  }, { headers: reason ? { 'X-PhaseFlag-Break-Glass': reason } : {} });
  return data;
}
