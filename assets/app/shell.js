// What is around every screen: where one is, where one can go, whether changes still arrive, and who is signed in.
import { html, nothing, track, signal, computed, effect, opened } from './kit.js';
import { here, go } from './router.js';
import { account, initials, signOut } from './session.js';
import { connection, retry } from './live.js';
import { reopens } from './store/kept.js';
import * as place from './store/place.js';
import { addKeys, help } from './keys.js';
import { button } from './parts/button.js';
import { icon } from './parts/icon.js';
import { menu } from './parts/menu.js';
import { environment } from './parts/chip.js';
import { failed, messages } from './parts/toast.js';
import { fault, skeleton, empty } from './parts/state.js';

/** The places of a project: what is said, the icon, the path below the project, the key after `g`. A screen adds its line here. */
const PLACES = [
  ['Flags', 'flag', 'flags', 'f'],
  ['Segments', 'layers', 'segments', 'e'],
  ['Compare', 'compare', 'compare', 'c'],
  ['Settings', 'gear', 'settings', 's'],
];

const drawer = signal(false);
effect(() => { if (here.value) drawer.value = false; });

const inProject = (name) => (place.project.value ? `/p/${place.slug(place.project.value)}/${name}` : '#');

const nav = () => {
  const at = here.value?.path.split('/')[3];
  return html`<nav class="nav" aria-label="Main"><ul>${PLACES.map(([words, picture, name]) => html`<li>
    <a href=${inProject(name) + place.query()} aria-current=${at === name ? 'page' : nothing}>${icon(picture)}<span>${words}</span></a></li>`)}</ul></nav>`;
};

/** Admins make projects; what asks for one is fetched when it is wanted. */
const mayMake = () => account.value?.organizations.some((one) => one.role === 'admin');
const makeProject = () => import('./screens/settings/project-form.js').then(({ newProject }) => newProject()).catch(failed);

// For each reader anew: whose session ended is back with another, and this module stays.
const reader = computed(() => account.value?.id ?? null);
let stopReopen = null;
effect(() => {
  stopReopen?.();
  stopReopen = reader.value && reopens(() => place.projects.value && 'project', makeProject);
});

const projectMenu = (id) => menu({
  id,
  kind: 'switcher',
  view: html`<span class="switch-words"><span class="small muted">Project</span><span class="cut strong">${place.project.value?.name ?? 'None'}</span></span>${icon('down')}`,
  items: () => [
    ...(place.projects.value ?? []).map((one) => ({ label: one.name, hint: one.key, checked: one === place.project.value, href: `/p/${place.slug(one)}/flags` })),
    ...(mayMake() ? [{ line: true }, { label: 'New project', icon: 'plus', onClick: makeProject }] : []),
  ],
});

const environmentMenu = (id) => {
  const current = place.environment.value;
  return menu({
    id,
    kind: 'switcher',
    view: html`<span class="switch-words"><span class="small muted">Environment</span><span class="cut strong">${current ? environment(current) : '…'}</span></span>${icon('down')}`,
    items: () => (place.environments.value ?? []).map((one) => ({
      label: one.name, view: environment(one), hint: one.type === one.key ? undefined : one.type, checked: one === current, onClick: () => place.chooseEnvironment(one.key),
    })),
  });
};

const STATES = {
  off: ['No live changes', 'off'],
  connecting: ['Connecting', 'off'],
  live: ['Live', 'live'],
  lost: ['Connection lost, trying again', 'lost'],
};

const state = () => {
  const [words, kind] = STATES[connection.value];
  return html`<div class="connection ${kind}" role="status"><span class="beacon"></span><span>${words}</span>
    ${connection.value === 'lost' ? html`<button type="button" class="link" @click=${retry}>Try now</button>` : nothing}</div>`;
};

const person = (id) => menu({
  id,
  up: true,
  kind: 'switcher',
  view: html`<span class="avatar" aria-hidden="true">${initials.value}</span><span class="cut grow"><span class="seen-by-ear">Account of </span>${account.value?.full_name || account.value?.email}</span>${icon('more')}`,
  items: [
    { label: 'Profile', icon: 'person', href: '/profile' },
    { label: 'API documentation', icon: 'book', onClick: () => window.open('/docs', '_blank', 'noopener') },
    { label: 'Keys', icon: 'keys', hint: '?', onClick: help },
    { line: true },
    { label: 'Sign out', icon: 'out', onClick: () => signOut().catch(failed) },
  ],
});

const side = (where) => html`
  <a class="brand" href=${inProject('flags')}><svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="3.5"></rect><path d="M5 3.5v9M5 4h6.5l-2 2.5 2 2.5H5"></path></svg><span>PhaseFlag</span></a>
  <div class="switchers">${track(() => projectMenu(`project-${where}`))}${track(() => environmentMenu(`environment-${where}`))}</div>
  ${track(nav)}
  <div class="side-end">${track(state)}${track(() => person(`person-${where}`))}</div>`;

const topbar = () => html`<header class="topbar">
  <button type="button" class="button quiet square" aria-label="Menu" aria-expanded=${String(drawer.value)} @click=${() => { drawer.value = true; }}>${icon('menu')}</button>
  <span class="cut strong">${place.project.value?.name ?? 'PhaseFlag'}</span>
  ${track(() => (connection.value === 'lost' ? html`<span class="push connection lost"><span class="beacon"></span>Connection lost</span>` : nothing))}
  ${place.environment.value ? html`<span class="push small muted">${environment(place.environment.value)}</span>` : nothing}
</header>`;

const narrow = () => (drawer.value ? html`<dialog class="drawer" aria-label="Menu" ${opened((element) => element.showModal())}
  @close=${() => { drawer.value = false; }} @click=${(event) => { if (event.target === event.currentTarget || event.target.closest('a')) drawer.value = false; }}>${side('drawer')}</dialog>` : nothing);

const frame = (content) => {
  if (here.value?.route?.alone) return content();
  if (place.error.value && !place.projects.value) return fault(place.error.value, place.loadProjects);
  if (!place.projects.value) return skeleton();
  if (place.projects.value.length === 0) {
    return empty({ title: 'No project yet', 
      text: mayMake() ? 'A project holds flags and the environments they are used in.' : account.value?.organizations.length ? 'An admin of your organization can make one.' : 'You are in no organization. Ask an admin of one for an invitation.',
      action: mayMake() ? button({ label: 'New project', kind: 'primary', icon: 'plus', onClick: makeProject }) : undefined,
    });
  }
  if (!place.project.value) return empty({ title: 'No such project', text: `There is no project “${here.value.params.project}” that you can see.`, action: html`<a class="button plain" href="/">Go to the flags</a>` });
  return content();
};

/** The page with this content. */
export const shell = (content) => html`<a class="skip" href="#main">Skip to the content</a>
  <div class="shell"><aside class="side">${side('side')}</aside>${track(topbar)}${track(narrow)}
  <main id="main" class="main" tabindex="-1">${track(() => frame(content))}</main></div>${messages()}`;

addKeys('Everywhere', [
  ...PLACES.map(([words, , name, key]) => ({ keys: `g ${key}`, says: `Go to ${words.toLowerCase()}`, run: () => go(inProject(name)) })),
  { keys: '?', says: 'These keys', run: help },
]);
