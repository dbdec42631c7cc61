// Where the reader is: which project and which environment. The project is in the address, the environment too (`?env=`);
// the last ones are remembered by name, which is no secret.
import { signal, computed, effect, batch } from '../kit.js';
import * as api from '../api.js';
import { here, path, setQuery } from '../router.js';
import { account, admitted, reload, roleIn, status } from '../session.js';
import { follow, onNews } from '../live.js';

/** All projects of the account; null until they are known. */
export const projects = signal(null);
/** The environments of the project that is shown; null until they are known. */
export const environments = signal(null);
/** Why one of the two could not be loaded. */
export const error = signal(null);

const remembered = signal(localStorage.getItem('phaseflag.project'));
const lastEnvironment = signal(localStorage.getItem('phaseflag.environment'));

/** How a project is written in an address: its key, or its id where two organizations use the same key. */
export const slug = (one) => ((projects.value ?? []).filter((other) => other.key === one.key).length > 1 ? one.id : one.key);

/** The project of the address, or the last one. */
export const project = computed(() => {
  if (!projects.value) return null;
  const wanted = here.value?.params.project;
  const find = (name) => projects.value.find((one) => one.key === name || one.id === name);
  if (wanted) return find(wanted) ?? null;
  return find(remembered.value) ?? projects.value[0] ?? null;
});

/** The environment that is looked at. */
export const environment = computed(() => {
  const list = environments.value;
  if (!list) return null;
  const wanted = here.value?.query.get('env');
  return list.find((one) => one.key === wanted) ?? list.find((one) => one.key === lastEnvironment.value) ?? list[0] ?? null;
});

export const role = computed(() => (project.value && account.value ? roleIn(project.value.organization_id) : null));
/** May change flags, segments and schedules. */
export const mayEdit = computed(() => role.value === 'editor' || role.value === 'admin');
export const isAdmin = computed(() => role.value === 'admin');

export const byId = (id) => environments.value?.find((one) => one.id === id) ?? null;

/** An address in this project: to`flags/${key}`. */
export const to = (parts, ...values) => `${path`/p/${project.value ? slug(project.value) : ''}/`}${path(parts, ...values)}`;

/** The end of an address that stays in the environment that is looked at. */
export const query = () => (environment.value ? `?env=${encodeURIComponent(environment.value.key)}` : '');

export function chooseEnvironment(key) {
  localStorage.setItem('phaseflag.environment', key);
  lastEnvironment.value = key;
  setQuery({ env: key });
}

/** What is as it was stays the same list, so that nothing that follows it begins anew. */
const alike = (list, known) => JSON.stringify(list) === JSON.stringify(known.peek());

export async function loadProjects() {
  try {
    const list = await api.all('/projects');
    batch(() => { if (!alike(list, projects)) projects.value = list; error.value = null; });
  } catch (cause) {
    error.value = cause;
  }
}

export async function loadEnvironments(id = project.peek()?.id) {
  if (!id) return;
  try {
    const list = await api.all('/environments', { project_id: id });
    if (project.peek()?.id === id) batch(() => { if (!alike(list, environments)) environments.value = list; error.value = null; });
  } catch (cause) {
    error.value = cause;
  }
}

let shown = null;
effect(() => {
  const id = project.value?.id ?? null;
  if (id === shown) return;
  shown = id;
  if (id) {
    localStorage.setItem('phaseflag.project', project.value.key);
    queueMicrotask(() => { environments.value = null; loadEnvironments(id); follow(id); });
  } else {
    queueMicrotask(() => { environments.value = null; follow(null); });
  }
});

effect(() => { if (admitted.value) queueMicrotask(loadProjects); });
effect(() => {
  if (status.value === 'out') queueMicrotask(() => { projects.value = null; });
});

// Somebody else may have changed which projects and environments there are, and what the reader may do.
let told = null;
onNews(() => {
  loadEnvironments();
  loadProjects();
  told = reload().catch(() => {});
});

/** Calls `run` on news (`onNews`), once it is known what the reader may do now: for what only some may ask for. */
export const onNewsAfterRole = (run) => onNews(() => told.then(run));
