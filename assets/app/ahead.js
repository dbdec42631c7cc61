// What the first screen will ask the server for, asked before the other modules are there: the session of the cookie, and with it
// what the same page asked for when it was loaded last. Imports nothing, so that it runs as soon as it is there.

const BASE = '/api/v1';
/** Whether a cookie may be there: no script can see it, and asking in vain is a failed request. Says nothing about whose it is. */
const MARK = 'phaseflag.session';
/** The page that was loaded last and the addresses it asked for: names and ids, no secrets. */
const LAST = 'phaseflag.ahead';
/** How many addresses are remembered, and how long they may be together. */
const MOST = 6;
const MOST_CHARACTERS = 4_000;
/** How long an answer may be waited for. */
const TIMEOUT_MS = 20_000;
/** For how long after the page began to load an answer is as good as a fresh one. */
const FRESH_MS = 3_000;

const page = window.location.pathname + window.location.search;
/** Address -> its answer, null where there is none of use. */
const answers = new Map();
const asked = [];

/** Whether somebody may be signed in here. */
export const marked = () => localStorage.getItem(MARK) !== null;
export const mark = () => localStorage.setItem(MARK, '1');
export function unmark() {
  localStorage.removeItem(MARK);
  localStorage.removeItem(LAST);
  answers.clear();
  asked.length = 0;
}

function remembered() {
  try {
    const last = JSON.parse(localStorage.getItem(LAST));
    return last?.page === page ? last.addresses.slice(0, MOST).filter((address) => address.startsWith(`${BASE}/`)) : [];
  } catch {
    return [];
  }
}

/** Asks for the session of the cookie; one request at a time, over all tabs. `onSent` runs when it is this tab's turn. */
export function renew(onSent = () => {}) {
  const ask = () => {
    const answer = fetch(`${BASE}/auth/refresh`, {
      method: 'POST', body: '{}', headers: { Accept: 'application/json', 'Content-Type': 'application/json' }, signal: AbortSignal.timeout(TIMEOUT_MS), priority: 'high',
    });
    onSent();
    return answer;
  };
  return navigator.locks ? navigator.locks.request('phaseflag-refresh', ask) : ask();
}

/** A response with its body read, so that nobody waits for that later; null where it is a refusal. */
async function read(answer) {
  const response = await answer;
  const body = await response.json();
  const { ok, status, headers } = response;
  return ok ? { ok, status, headers, json: async () => body } : null;
}

async function askFor(addresses, session) {
  if (!session.ok) return;
  const { data } = await session.clone().json();
  const headers = { Accept: 'application/json', Authorization: `Bearer ${data.access_token}` };
  for (const address of addresses) {
    answers.set(address, read(fetch(address, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), priority: 'high' })).catch(() => null));
  }
}

/** Has the modules of the frame fetched. They stand in line for a connection, so this comes after the request that they would hold up. */
function fetchFrame() {
  const links = document.getElementById('frame-modules');
  if (links) document.head.append(links.content.cloneNode(true));
}

/** The session, if one was asked for: a response, or null where nothing answered. To be had once. */
let early = marked() ? renew(fetchFrame).catch(() => null) : null;
const begun = early?.then((session) => session && askFor(remembered(), session)).catch(() => null);
export function takeSession() {
  const session = early;
  early = null;
  return session;
}

/** Whether something was taken that was asked for so early that nobody was told yet of what changed since. */
let used = false;
export const wasUsed = () => used && performance.now() < FRESH_MS;

/** What was asked for ahead: a response, or null. To be had once, and remembered for the next time. */
export async function take(address) {
  if (!begun) return null;
  if (asked.length < MOST && !asked.includes(address)) {
    asked.push(address);
    const last = JSON.stringify({ page, addresses: asked });
    if (last.length <= MOST_CHARACTERS) localStorage.setItem(LAST, last);
  }
  await begun;
  const answer = performance.now() < FRESH_MS ? await answers.get(address) ?? null : null;
  answers.delete(address);
  used ||= answer !== null;
  return answer;
}
