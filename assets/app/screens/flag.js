// The page of a flag: what it is, and its tabs, each an address of its own. A tab is a file in `flag/` that exports a function
// which takes the open flag (below) and answers `{ view, close? }`, and a line in TABS. It is fetched when it is looked at.
import { html, nothing, effect, computed, track, untracked } from '../kit.js';
import * as api from '../api.js';
import { onChange } from '../live.js';
import { reopens } from '../store/kept.js';
import * as place from '../store/place.js';
import { chip, purpose } from '../parts/chip.js';
import { copyButton } from '../parts/copy.js';
import { icon } from '../parts/icon.js';
import { resource, shown } from '../parts/resource.js';
import { empty } from '../parts/state.js';
import { tabs } from '../parts/tabs.js';
import { ago, sayDay } from '../parts/time.js';
import { copyFlag, copyName, life } from './flag/life.js';

/** The part of the address, what is said, and what loads it. */
const TABS = [
  ['targeting', 'Targeting', async () => (await import('./flag/targeting.js')).targeting],
  ['try', 'Try it', async () => (await import('./flag/try.js')).tryIt],
  ['history', 'History', async () => (await import('./flag/history.js')).history],
  ['schedules', 'Schedules', async () => (await import('./flag/schedules.js')).schedules],
  ['statistics', 'Statistics', async () => (await import('./flag/statistics.js')).statistics],
];

/** What is known of the flag that is being closed: where another of its tabs is opened at once, that begins with it. */
let known = null;
const remember = (project, key, value) => {
  known = { project, key, value, focused: Boolean(document.activeElement?.closest('.tabs')) };
  queueMicrotask(() => { known = null; });
};

const TYPES = { boolean: 'Boolean', string: 'String', number: 'Number', json: 'JSON' };

/** The flag as each of the environments shows it, by the environment's id. */
async function views(key, environments) {
  const read = (environment) => api.get(`/flags/${encodeURIComponent(key)}`, { environment_id: environment.id });
  const answers = await Promise.all(environments.map(read));
  return new Map(environments.map((environment, at) => [environment.id, answers[at].data]));
}

/** What a reader may want to know of it, besides its name and its key. */
const facts = (flag) => [
  TYPES[flag.flag_type], purpose(flag.classification), flag.owner, flag.expires_at && `planned until ${sayDay(flag.expires_at)}`,
].filter(Boolean);

const head = (flag, load) => html`<header class="flag-head"><div class="page-head"><h1 class="wrap">${flag.name}</h1>
    ${flag.lifecycle?.stage === 'stale' ? chip('stale', 'warn', flag.lifecycle.because) : nothing}${flag.status !== 'active' ? chip(flag.status) : nothing}<span class="push">${life(flag, load)}</span></div>
  <p class="row muted"><a href=${place.to`flags` + place.query()}>Flags</a><span aria-hidden="true">/</span><code class="wrap">${flag.key}</code>${copyButton(flag.key, 'Copy the key')}<span class="small">changed ${ago(flag.updated_at)}</span></p>
  <p class="row muted"><span class="wrap">${facts(flag).join(' · ')}</span>${flag.tags.map((tag) => chip(tag))}</p>
  ${flag.lifecycle?.stage === 'stale' ? html`<p class="small stale">${flag.lifecycle.because}</p>` : nothing}
  ${flag.description ? html`<p class="wrap">${flag.description}</p>` : nothing}</header>`;

/** What is said above a flag that was there, and was deleted meanwhile. */
const gone = (key) => html`<p class="note danger" role="alert">${icon('warn')}<span>The flag <code>${key}</code> was deleted. What is shown here is what it was.</span></p>`;

export function open({ params }) {
  const flags = resource(() => views(params.flag, place.environments.peek()));
  if (known?.key === params.flag && known.project === params.project) {
    flags.value = known.value;
    // Who goes through the tabs by keyboard stays on them.
    if (known.focused) requestAnimationFrame(() => document.querySelector('.tabs [aria-current]')?.focus());
  }
  const stopLoad = effect(() => {
    if (place.environments.value) untracked(() => flags.load());
  });
  const stopLive = onChange((change) => {
    if (!change.flag_key || change.flag_key === params.flag) flags.load();
  });

  /** What a tab is given: the flag of this page. */
  const opened = {
    key: params.flag,
    /** The flag as every environment shows it: a resource of a map by the environment's id. */
    flags,
    /** The flag as the environment that is looked at shows it; null until it is known. */
    flag: computed(() => (place.environment.value && flags.value?.get(place.environment.value.id)) || null),
    /** Shows this in place of what is known of the flag in that environment. */
    show(environment, flag) {
      flags.value = new Map(flags.peek()).set(environment.id, flag);
    },
  };

  const stopReopen = reopens(() => copyName(opened.flag.value), () => copyFlag(opened.flag.peek()));

  const found = TABS.find(([name]) => name === (params.tab ?? TABS[0][0]));
  let closed = false;
  const tab = resource(async () => {
    const part = (await found[2]())(opened);
    if (closed) part.close?.();
    return part;
  });
  if (found) tab.load();
  const address = ([name], at) => `${place.to`flags/${params.flag}`}${at ? `/${name}` : ''}${place.query()}`;
  const bar = () => tabs(TABS.map((one, at) => ({ href: address(one, at), label: one[1], current: one === found })), 'Flag');
  const missing = () => empty({ title: 'Nothing is here', text: `A flag has no part “${params.tab}”.` });

  return {
    title: () => (found === TABS[0] || !found ? '' : `${found[1]} · `) + (flags.value?.values().next().value?.name ?? params.flag),
    close() {
      closed = true;
      tab.peek()?.close?.();
      remember(params.project, params.flag, flags.peek());
      stopLoad();
      stopLive();
      stopReopen();
    },
    view: () => html`<div class="page flag-page">${track(() => (flags.value && flags.error?.status === 404 ? gone(params.flag) : nothing))}${shown(flags, () => html`${track(() => (opened.flag.value ? head(opened.flag.value, flags.load) : nothing))}${track(bar)}${found ? shown(tab, (part) => part.view()) : missing()}`)}</div>`,
  };
}
