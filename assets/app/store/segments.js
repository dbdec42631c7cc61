// The segments of the project that is shown, and what uses them. Nothing tells where a segment is used, so it is read from the
// export of the project; that comes after the list, which does not wait for it.
import { effect, untracked } from '../kit.js';
import * as api from '../api.js';
import { onChange } from '../live.js';
import * as place from './place.js';
import { permission } from './switching.js';
import { resource } from '../parts/resource.js';

/** How long changes of flags are collected before the usage is read again. */
const USAGE_MS = 500;

export const inProject = () => ({ project_id: place.project.peek().id });
export const address = (key) => `/segments/${encodeURIComponent(key)}`;

const namesOf = (conditions = []) => conditions
  .filter((one) => one.operator === 'in_segment' || one.operator === 'not_in_segment')
  .flatMap((one) => [one.value].flat());

/** Segment key -> `{ flags: [{ key, name, archived, environments: [key] }], segments: [{ key, name }] }`, from an export. */
export function usageOf(document) {
  const usage = new Map();
  const of = (key) => {
    if (!usage.has(key)) usage.set(key, { flags: [], segments: [] });
    return usage.get(key);
  };
  for (const { key, name, conditions } of document.segments ?? []) {
    for (const used of new Set(namesOf(conditions))) of(used).segments.push({ key, name });
  }
  for (const { key, name, status, environments } of document.flags ?? []) {
    const places = new Map();
    for (const [environment, { targeting_rules: rules = [] }] of Object.entries(environments ?? {})) {
      for (const used of new Set(rules.flatMap((rule) => namesOf(rule.conditions)))) places.set(used, [...(places.get(used) ?? []), environment]);
    }
    for (const [used, list] of places) of(used).flags.push({ key, name, archived: status === 'archived', environments: list });
  }
  return usage;
}

/** The attributes that conditions of the project name: what a new one probably names. */
export function attributesOf(document) {
  const rules = (document.flags ?? []).flatMap((flag) => Object.values(flag.environments ?? {})).flatMap((one) => one.targeting_rules ?? []);
  const names = [...(document.segments ?? []), ...rules].flatMap((one) => one.conditions ?? []).map((one) => one.attribute);
  return [...new Set(names.filter(Boolean))].sort();
}

export const NO_USE = { flags: [], segments: [] };

/** The keys of the environments in which people feel a change of this segment, also by way of other segments. */
export function feltIn(users, key, seen = new Set()) {
  if (seen.has(key)) return new Set();
  seen.add(key);
  const { flags, segments } = users.get(key) ?? NO_USE;
  const mine = flags.filter((flag) => !flag.archived).flatMap((flag) => flag.environments);
  return new Set([...mine, ...segments.flatMap((one) => [...feltIn(users, one.key, seen)])]);
}

/** Asks what must be asked before a segment changes: it changes every environment of its project at once. Without
 *  `users` it is not known what uses it. Answers as `permission`. */
export function allowed(users, segment, words) {
  const all = place.environments.peek() ?? [];
  const felt = users ? feltIn(users, segment.key) : null;
  const production = all.filter((one) => one.type === 'production' && (!felt || felt.has(one.key)));
  const frozen = all.filter((one) => one.frozen);
  const places = [...new Set([...production, ...frozen])].map((one) => one.name).join(', ');
  return permission(segment, {
    name: places, type: production.length ? 'production' : 'staging', frozen: frozen.length > 0, frozen_reason: frozen[0]?.frozen_reason,
  }, words);
}

/** Why the reader may not change segments; null: they may. */
export function refusal() {
  if (!place.mayEdit.value) return 'Your role is viewer: it may look, not change.';
  const frozen = place.environments.value?.find((one) => one.frozen);
  if (frozen && !place.isAdmin.value) return `A segment changes every environment, and ${frozen.name} is frozen: ${frozen.frozen_reason ?? 'no reason given'}.`;
  return null;
}

export const breakGlass = (given) => (given.reason ? { 'X-PhaseFlag-Break-Glass': given.reason } : {});

/** What uses the segments of the project, by their keys, and what their conditions can name; kept up to date until `stop()`.
 *  The resource is of `{ users, attributes, segments }`. */
export function followUsage() {
  const usage = resource(async () => {
    const { data } = await api.get(`/projects/${place.project.peek().id}/export`);
    return { users: usageOf(data), attributes: attributesOf(data), segments: (data.segments ?? []).map(({ key, name }) => ({ value: key, text: key, hint: name })) };
  });
  return { usage, stop: followProject(usage, (change) => change.event !== 'flag.toggled', USAGE_MS) };
}

/** Loads this resource for the project that is shown, and again after the changes that concern it. Answers what ends that. */
export function followProject(source, concerns, pause = 0) {
  let timer = null;
  const stopLoad = effect(() => {
    if (place.project.value) untracked(() => { source.value = null; source.load(); });
  });
  const stopLive = onChange((change) => {
    if (!concerns(change)) return;
    clearTimeout(timer);
    timer = setTimeout(() => source.load(), pause);
  });
  const focused = () => source.load();
  window.addEventListener('focus', focused);
  return () => {
    clearTimeout(timer);
    stopLoad();
    stopLive();
    window.removeEventListener('focus', focused);
  };
}
