// How often a flag was served, in each environment.
import * as api from '../api.js';
import { path } from '../router.js';

/** How far back: the name, and what is said after “the last”. */
export const PERIODS = [['1h', 'Hour'], ['24h', '24 hours'], ['7d', '7 days'], ['30d', '30 days']];

/** The statistics by the environment's id. */
export async function readStats(key, environments, period) {
  const answers = await Promise.all(environments.map((one) => api.get(path`/flags/${key}/stats`, { environment_id: one.id, period })));
  return { period, of: new Map(environments.map((one, at) => [one.id, answers[at].data])) };
}
