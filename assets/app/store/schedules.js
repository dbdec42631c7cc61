// What is to be done with a flag in an environment, and what became of it: schedules and ramps. What is cancelled stays in the
// list as such.
import * as api from '../api.js';
import { path } from '../router.js';

const options = (environment, headers = {}) => ({ query: { environment_id: environment.id }, headers });
const glass = (reason) => (reason ? { 'X-PhaseFlag-Break-Glass': reason } : {});

/** `{ environment, schedules, ramps }`; steps of ramps are with their ramps alone. */
export async function readSchedules(key, environment) {
  const read = (what) => api.all(path`/flags/${key}/${what}`, { environment_id: environment.id });
  const [schedules, ramps] = await Promise.all([read('schedules'), read('ramps')]);
  return { environment, schedules: schedules.filter((one) => !one.change.ramp), ramps };
}

export const schedule = async (key, environment, body, headers) => (await api.post(path`/flags/${key}/schedules`, body, options(environment, headers))).data;
export const cancelSchedule = (key, environment, id, reason) => api.del(path`/flags/${key}/schedules/${id}`, options(environment, glass(reason)));

export const makeRamp = async (key, environment, body, headers) => (await api.post(path`/flags/${key}/ramps`, body, options(environment, headers))).data;
/** `what`: `pause`, `resume` or `rollback`. */
export const handleRamp = async (key, environment, id, what, reason) => (await api.post(path`/flags/${key}/ramps/${id}/${what}`, undefined, options(environment, glass(reason)))).data;
export const cancelRamp = (key, environment, id, reason) => api.del(path`/flags/${key}/ramps/${id}`, options(environment, glass(reason)));

/** Whether something is still to come of it. */
export const isAhead = (one) => ['pending', 'paused', 'running'].includes(one.status ?? one.state);
