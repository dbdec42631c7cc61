// The only place that talks to the server. The access token lives in this module's memory and nowhere else; the refresh
// token is in a cookie that no script can read.
import { signal } from './kit.js';
import { renew, take, takeSession } from './ahead.js';

const BASE = '/api/v1';
/** How long a request may take before it counts as failed. */
const TIMEOUT_MS = 20_000;
/** A refusal for too many requests is waited out up to this long before the reader hears of it. */
const MAX_WAIT_MS = 5_000;

let token = null;
/** Rises when the session ended without the user asking for it. */
export const ended = signal(0);

/** Why a request failed: `code` and `fields` as the server names them, or code `NETWORK` or `TIMEOUT` with status 0. */
export class ApiError extends Error {
  constructor({ status = 0, code, message, details = {}, body = null }) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.details = details;
    this.fields = Array.isArray(details.fields) ? details.fields : [];
    this.body = body;
  }

  /** The complaint about this field, if there is one. */
  field(name) {
    return this.fields.find((fault) => fault.field === name)?.message ?? null;
  }
}

/** A message of the server as a sentence of its own: there it may go on after the name of a field, and begins small. One that begins
 *  with a place (`targeting_rules[0]`) stays as it is. */
export const sentenceCase = (text) => `${/^[a-z]+[\s,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text}${/[.!?…]$/.test(text) ? '' : '.'}`;

export const setToken = (value) => { token = value; };
export const hasToken = () => token !== null;

const address = (path, query = {}) => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `${path.startsWith('/api/') ? '' : BASE}${path}${text ? `?${text}` : ''}`;
};

/** Why nothing answered. */
function unanswered(cause) {
  const late = cause?.name === 'TimeoutError';
  return new ApiError({ code: late ? 'TIMEOUT' : 'NETWORK', message: late ? 'The server did not answer in time.' : 'The server cannot be reached.' });
}

async function send(method, path, { query, body, ifMatch, headers = {}, signal: abort, raw = false, bare = false }) {
  const all = { Accept: 'application/json', ...headers };
  if (token && !bare) all.Authorization = `Bearer ${token}`;
  if (body !== undefined) all['Content-Type'] = 'application/json';
  if (ifMatch !== undefined && ifMatch !== null) all['If-Match'] = `"${ifMatch}"`;
  const limit = raw ? undefined : AbortSignal.timeout(TIMEOUT_MS);
  const signals = [limit, abort].filter(Boolean);
  try {
    return await fetch(address(path, query), {
      method, headers: all, body: body === undefined ? undefined : JSON.stringify(body),
      signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0], credentials: 'same-origin',
    });
  } catch (cause) {
    if (abort?.aborted) throw cause;
    throw unanswered(cause);
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => null);
  const error = body?.error ?? {};
  return new ApiError({
    status: response.status, code: error.code ?? `HTTP_${response.status}`,
    message: error.message ?? `The server answered ${response.status}.`, details: error.details ?? {}, body,
  });
}

let refreshing = null;
/** A new access token for the cookie's session; false where there is none. One request at a time. */
export function refresh() {
  refreshing ??= (async () => {
    const response = await takeSession() ?? await renew().catch((cause) => { throw unanswered(cause); });
    if (!response.ok) {
      const error = await refusal(response);
      if (error.status >= 500 || error.status === 429) throw error;
      return false;
    }
    token = (await response.json()).data.access_token;
    return true;
  })().finally(() => { refreshing = null; });
  return refreshing;
}

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Asks the server and answers `{ data, meta, etag }`, or throws an `ApiError`. */
export async function request(method, path, options = {}) {
  const ahead = method === 'GET' && token && !options.raw ? await take(address(path, options.query)) : null;
  let response = ahead ?? await send(method, path, options);
  if (response.status === 401 && token && !options.bare) {
    const why = await refusal(response);
    // It is the password in the body that was refused, not who asks.
    if (why.code === 'INVALID_CREDENTIALS') throw why;
    if (await refresh()) {
      response = await send(method, path, options);
    } else {
      token = null;
      ended.value += 1;
      throw why;
    }
  }
  if (response.status === 429 && method === 'GET') {
    const ms = Number(response.headers.get('Retry-After') ?? 0) * 1000;
    if (ms > 0 && ms <= MAX_WAIT_MS) {
      await wait(ms);
      response = await send(method, path, options);
    }
  }
  if (!response.ok) throw await refusal(response);
  if (options.raw) return response;
  const etag = response.headers.get('ETag');
  if (response.status === 204) return { data: null, meta: null, etag };
  const body = await response.json();
  return { data: body.data, meta: body.meta ?? null, etag };
}

export const get = (path, query, options) => request('GET', path, { query, ...options });
export const post = (path, body, options) => request('POST', path, { body, ...options });
export const put = (path, body, options) => request('PUT', path, { body, ...options });
export const patch = (path, body, options) => request('PATCH', path, { body, ...options });
export const del = (path, options) => request('DELETE', path, options);

/** All rows of a list, page after page, at most `most` of them. */
export async function all(path, query = {}, most = 2000) {
  const rows = [];
  let cursor;
  do {
    const { data, meta } = await get(path, { per_page: 200, ...query, cursor });
    rows.push(...data);
    cursor = meta?.next_cursor;
  } while (cursor && rows.length < most);
  return rows;
}
