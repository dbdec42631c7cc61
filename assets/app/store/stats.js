// How often a flag was served, in each environment.
import * as api from '../api.js';
import { path } from '../router.js';

/** How far back: the name, and what is said. */
export const PERIODS = [['1h', 'Last hour'], ['24h', 'Last 24 hours'], ['7d', 'Last 7 days'], ['30d', 'Last 30 days']];

/** The statistics by the environment's id. */
export async function readStats(key, environments, period) {
  const answers = await Promise.all(environments.map((one) => api.get(path`/flags/${key}/stats`, { environment_id: one.id, period })));
  return { period, of: new Map(environments.map((one, at) => [one.id, answers[at].data])) };
}
