// The start: routes, and which screen is on the page.
//
// How a screen is added
// - A file `screens/<name>.js` that exports `open({ params, query })` and answers `{ title, view, close? }`: `title()` is the
//   text for the window, `view()` a template. `view` is drawn again whenever a signal that it read changes; wrap parts that
//   change often in `track(() => ...)`. `close()` ends what `open` began (subscriptions, keys, timers).
// - A line in ROUTES below; a line in PLACES of `shell.js`, if it is a place of a project. Tabs of the settings are listed in
//   `screens/settings.js`, those of a flag in `screens/flag.js`.
// - `open` is called again when the path's parts change, not when only the query does: read `here.value.query` for that.
//
// What there is
// - `kit.js`: html, signal, track, css, opened. `api.js`: get, post, put, patch, del, all, ApiError. `live.js`: onChange, onNews, onFocus.
// - `store/place.js`: project, environment(s), mayEdit, isAdmin, to`flags/${key}`. `store/*`: one kind of thing each.
// - `parts/`: button (+ once), dialog (show, form, confirm), toast (+ failed), field (field, choice, tick), toggle, menu, combobox,
//   tokens, tabs, chip (chip, environment, variation), state (skeleton, empty, fault), resource (+ shown), json, json-fault,
//   copy, time, moment (times to come), consent (what a form asks for production), sparkline, columns, icon.
// - `screens/conditions/editor.js`: the form of conditions, of a segment or a rule. `screens/flag/sentence.js`: the same in words.
// - A module that the sign-in or the list of flags needs has a modulepreload link in `index.html`; a walk says which are missing.
//   What only who is signed in needs is in the template there: this file and the sign-in import none of it.
// - Style: `styles/parts.css` has a class for each part; a screen's own rules go to `styles/screens.css` or to a file of its own that
//   `styles.css` imports. No `style` attribute (the policy refuses it: use `css({...})`), no HTML made of data, colours only from
//   `tokens.css`.
// - What is typed survives a reload: a form says what it keeps (`kept: keep(name, signals)`), and its screen opens it again
//   (`reopens(name, open)`), both of `store/kept.js`; what is edited on a page is a draft (`store/draft.js`). `store/tab.js` has it,
//   for its reader alone: a sign-out wipes it, a session that ends does not.
// - A dialog belongs to its page: it closes when the reader goes elsewhere (not with `everywhere`) or the session ends, and then its
//   form is kept. What has to wait before it opens one asks whether the reader stayed (`staying` of `router.js`).
// - `ahead.js` runs first, and asks for what this page asked for when it was loaded last.
// - Every list has a loading, an empty and a failed state (`resource` and `shown` give the first and the last); everything that
//   changes something is pending meanwhile (`button({ work })`), says what failed, and can be undone or asks first.
import { html, nothing, render, effect, signal, keyed, track } from './kit.js';
import { start, here, go } from './router.js';
import * as api from './api.js';
import { admitted, resume, status } from './session.js';
import { marked } from './ahead.js';
import { fault, skeleton } from './parts/state.js';
import { messages } from './parts/toast.js';

/** Pattern, what loads the screen, and: `bare` has no frame and needs no session, `alone` needs no project. */
const ROUTES = [
  ['/', () => import('./screens/home.js')],
  ['/sign-in', () => import('./screens/sign-in.js'), { bare: true }],
  ['/setup', () => import('./screens/setup.js'), { bare: true }],
  ['/invitation', () => import('./screens/invitation.js'), { bare: true }],
  ['/p/:project', () => import('./screens/home.js')],
  ['/p/:project/flags', () => import('./screens/flags.js')],
  ['/p/:project/flags/:flag', () => import('./screens/flag.js')],
  ['/p/:project/flags/:flag/:tab', () => import('./screens/flag.js')],
  ['/p/:project/segments', () => import('./screens/segments.js')],
  ['/p/:project/segments/:segment', () => import('./screens/segment.js')],
  ['/p/:project/compare', () => import('./screens/compare.js')],
  ['/p/:project/settings', () => import('./screens/settings.js')],
  ['/p/:project/settings/:tab', () => import('./screens/settings.js')],
  ['/profile', () => import('./screens/profile.js'), { alone: true }],
];

/** What is open: `{ key, title, view, close }`, or `{ key, error }`. */
const screen = signal(null);

const keyOf = ({ route, params }) => `${route.pattern} ${JSON.stringify(params)}`;

async function open(place) {
  const key = keyOf(place);
  try {
    const module = await place.route.load();
    if (!here.value.route || keyOf(here.value) !== key) return;
    screen.peek()?.close?.();
    screen.value = { key, ...module.open(place) };
  } catch (error) {
    console.error(error);
    screen.value = { key, error: new Error('This screen could not be loaded. Reload the page to try again.') };
  }
}

const content = () => {
  if (here.value.route === null) return html`<div class="page"><div class="empty"><h1>Nothing is here</h1><p class="wrap">The dashboard has no page <code>${here.value.path}</code>.</p><div class="row"><a class="button plain" href="/">Go to the flags</a></div></div></div>`;
  if (!screen.value) return html`<div class="page">${skeleton()}</div>`;
  if (screen.value.error) return html`<div class="page">${fault(screen.value.error)}</div>`;
  return keyed(screen.value.key, track(screen.value.view));
};

const page = () => {
  if (here.value.route?.bare) return html`<main id="main" class="bare" tabindex="-1">${content()}</main>${messages()}`;
  if (status.value === 'in' && frame.value) return frame.value(content);
  return failure.value ? html`<main class="bare">${fault(failure.value, begin)}</main>` : nothing;
};

/** Where a signed-out reader goes: to the set-up of a new server, or to the sign-in, which leads back here. */
async function outside() {
  const from = window.location.pathname + window.location.search;
  const setup = await api.get('/system/setup').then(({ data }) => data, () => null);
  if (status.peek() !== 'out' || here.peek().route?.bare) return;
  go(setup?.needs_admin ? '/setup' : `/sign-in${from === '/' ? '' : `?next=${encodeURIComponent(from)}`}`, { replace: true });
}

const failure = signal(null);
/** What draws the page around a screen; null until somebody may be signed in, as the sign-in does without. */
const frame = signal(null);
async function loadFrame() {
  try {
    const { shell } = await import('./shell.js');
    frame.value = shell;
  } catch (error) {
    console.error(error);
    failure.value = new Error('The dashboard could not be loaded. Reload the page to try again.');
  }
}

async function begin() {
  failure.value = null;
  if (marked()) {
    loadFrame();
    // The screen's module is made ready while it is found out who looks; whether it may open is decided then.
    here.peek().route?.load().catch(() => {});
  }
  try {
    await resume();
  } catch (error) {
    failure.value = error;
  }
}

// Who leaves in the middle of a word has finished it: fields take what was typed when the focus goes, and what they took is kept.
window.addEventListener('pagehide', () => document.activeElement?.blur());

start(ROUTES);
let shown = null;
effect(() => {
  const place = here.value;
  const known = status.value;
  if (!place.route || (known === 'unknown')) return;
  if (!place.route.bare && known === 'out') {
    queueMicrotask(outside);
    return;
  }
  const key = keyOf(place);
  if (key === shown && screen.peek()) return;
  shown = key;
  queueMicrotask(() => open(place));
});
effect(() => {
  const title = screen.value?.title?.();
  document.title = title ? `${title} · PhaseFlag` : 'PhaseFlag';
});
effect(() => { if (admitted.value) queueMicrotask(loadFrame); });
effect(() => render(track(page), document.getElementById('app')));
begin();
