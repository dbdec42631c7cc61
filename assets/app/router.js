// Addresses: real paths by the History API. A route is a pattern (`/p/:project/flags/:flag`) and what opens it.
import { signal, batch } from './kit.js';

/** Where we are: `{ path, query, params, route }`. */
export const here = signal(null);

let routes = [];

const compile = ([pattern, load, options = {}]) => {
  const names = [];
  const source = pattern.replace(/:([a-z]+)/g, (_whole, name) => {
    names.push(name);
    return '([^/]+)';
  });
  return { pattern, test: new RegExp(`^${source}/?$`), names, load, ...options };
};

const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

function read() {
  const { pathname, search, hash } = window.location;
  for (const route of routes) {
    const found = route.test.exec(pathname);
    if (!found) continue;
    const params = Object.fromEntries(route.names.map((name, at) => [name, decode(found[at + 1])]));
    here.value = { path: pathname, query: new URLSearchParams(search), hash, params, route };
    return;
  }
  here.value = { path: pathname, query: new URLSearchParams(search), hash, params: {}, route: null };
}

/** Answers what tells, later, whether the page is still the one that is shown now: who has to wait before a dialog opens asks it. */
export function staying() {
  const path = here.peek()?.path;
  return () => here.peek()?.path === path;
}

/** Goes to an address of the dashboard. `replace` leaves no step back. */
export function go(to, { replace = false } = {}) {
  if (replace) window.history.replaceState(null, '', to);
  else window.history.pushState(null, '', to);
  batch(read);
  if (!replace) window.scrollTo(0, 0);
}

/** Changes the query of this address, without a step back; a null takes a name away. */
export function setQuery(changes) {
  const query = new URLSearchParams(here.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${here.value.path}${text ? `?${text}` : ''}`, { replace: true });
}

/** A path with its parts escaped: path`/p/${project}/flags/${flag}`. */
export const path = (parts, ...values) =>
  parts.reduce((text, part, at) => text + part + (at < values.length ? encodeURIComponent(values[at]) : ''), '');

function clicked(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return;
  if (!routes.some((route) => route.test.test(link.pathname))) return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
}

/** Begins to follow addresses and clicks. */
export function start(table) {
  routes = table.map(compile);
  window.addEventListener('popstate', () => batch(read));
  document.addEventListener('click', clicked);
  read();
}
