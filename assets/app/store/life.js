// What follows in a flag's life: a copy of it, its archiving, its coming back, and its end.
import * as api from '../api.js';
import { path } from '../router.js';

const options = (environment, headers = {}, more = {}) => ({ query: { environment_id: environment.id, ...more }, headers });

/** The flags that require this one, directly or through others, in any environment. */
export const dependents = (key, environment) => api.all(path`/flags/${key}/dependents`, { environment_id: environment.id });
export const archive = (key, environment, headers) => api.del(path`/flags/${key}`, options(environment, headers));
export const restore = async (key, environment, headers) => (await api.post(path`/flags/${key}/restore`, undefined, options(environment, headers))).data;
export const remove = (key, environment, headers) => api.del(path`/flags/${key}`, options(environment, headers, { permanent: true }));
export const copy = async (key, environment, body) => (await api.post(path`/flags/${key}/clone`, body, options(environment))).data;
