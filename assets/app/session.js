// Who is signed in. Other tabs hear of it when one signs out.
import { signal, computed, effect } from './kit.js';
import * as api from './api.js';
import { mark, marked, unmark } from './ahead.js';
import * as tab from './store/tab.js';

/** `unknown` until the cookie was tried, then `in` or `out`. */
export const status = signal('unknown');
/** The account: `{ id, email, full_name, role, organizations }`, null when signed out. */
export const account = signal(null);
/** Whether there is a token, so that requests can be made: a moment before it is known whose it is. */
export const admitted = signal(false);
/** Why the sign-in screen is shown, where there is something to say. */
export const notice = signal(null);

const channel = 'BroadcastChannel' in window ? new BroadcastChannel('phaseflag-session') : null;

function forget(why = null) {
  unmark();
  tab.leave();
  api.setToken(null);
  admitted.value = false;
  account.value = null;
  notice.value = why;
  status.value = 'out';
}

async function adopt() {
  admitted.value = true;
  const { data } = await api.get('/auth/me');
  tab.readBy(data.id);
  account.value = data;
  notice.value = null;
  status.value = 'in';
}

/** Takes up the session of the cookie, where there is one. */
export async function resume() {
  if (marked() && await api.refresh()) await adopt();
  else forget();
}

export async function signIn(email, password) {
  const { data } = await api.post('/auth/login', { email, password, refresh_token_in: 'cookie' }, { bare: true });
  api.setToken(data.access_token);
  mark();
  await adopt();
}

/** Reads the account again, after it or its organizations changed. */
export const reload = adopt;

export async function signOut() {
  // What was typed goes with who typed it, here and in the other tabs.
  tab.wipe();
  try {
    await api.post('/auth/logout');
  } finally {
    channel?.postMessage('out');
    forget();
  }
}

/** The role in an organization: `viewer`, `editor`, `admin` or null. */
export const roleIn = (organization) =>
  account.value?.organizations.find((one) => one.id === organization)?.role ?? null;

export const initials = computed(() => {
  const name = account.value?.full_name || account.value?.email || '';
  return name.split(/[\s@.]+/).slice(0, 2).map((part) => part[0] ?? '').join('').toUpperCase();
});

channel?.addEventListener('message', ({ data }) => {
  if (data !== 'out' || status.value !== 'in') return;
  tab.wipe();
  forget('You signed out in another tab.');
});
effect(() => {
  if (api.ended.value > 0 && status.peek() === 'in') forget('Your session has ended. Sign in to go on: nothing you edited is lost.');
});
