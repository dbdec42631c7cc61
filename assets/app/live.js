// Changes as they happen: one stream for the project that is shown. It only says that something changed; who shows that
// thing fetches it. A lost connection is shown (`connection`) and tried again, ever more patiently.
import { signal } from './kit.js';
import { request } from './api.js';
import { wasUsed } from './ahead.js';

/** `off`, `connecting`, `live` or `lost`. */
export const connection = signal('off');

/** The server says something at least every 30 s; silence for longer means that nobody is there. */
const SILENCE_MS = 45_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

const listeners = new Set();
let current = null;

/** Calls `listener({ event, environment_id, flag_key, segment_key, version })` on each change; event `changed` means: anything
 *  may have changed. Answers a function that ends it. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls `run` whenever the window is looked at again: for what no stream tells of. Answers a function that ends it. */
export function onFocus(run) {
  const listener = () => run();
  window.addEventListener('focus', listener);
  return () => window.removeEventListener('focus', listener);
}

/** Calls `run` when something of the project changed that has no event of its own, and as `onFocus`. */
export function onNews(run) {
  const stops = [onFocus(run), onChange((change) => { if (change.event === 'changed') run(); })];
  return () => stops.forEach((stop) => stop());
}

const tell = (change) => { for (const listener of [...listeners]) listener(change); };

/** Follows this project, and no other; null follows none. */
export function follow(project) {
  if (current?.project === project) return;
  current?.stop();
  current = project ? run(project) : null;
  if (!project) connection.value = 'off';
}

/** Tries again at once, if the connection is lost. */
export const retry = () => current?.hurry();

function run(project) {
  let stopped = false;
  let hurry = () => {};
  let abort = null;

  (async () => {
    let failures = 0;
    // Whether something may have changed of which nobody here was told.
    let before = wasUsed();
    connection.value = 'connecting';
    while (!stopped) {
      abort = new AbortController();
      try {
        const response = await request('GET', `/projects/${project}/stream`, {
          raw: true, signal: abort.signal, headers: { Accept: 'text/event-stream' },
        });
        await read(response.body, abort, () => {
          failures = 0;
          connection.value = 'live';
          if (before) tell({ event: 'changed' });
          before = true;
        });
      } catch (error) {
        if (stopped) return;
        // A server without this stream: what is shown is fetched again when the window is looked at.
        if (error.status === 404 || error.status === 403 || error.status === 401) {
          connection.value = 'off';
          return;
        }
      }
      if (stopped) return;
      connection.value = 'lost';
      const pause = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.75 + Math.random() / 2);
      failures += 1;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause);
        hurry = () => { clearTimeout(timer); failures = 0; resolve(); };
      });
    }
  })();

  const online = () => hurry();
  window.addEventListener('online', online);
  return {
    project,
    hurry: () => hurry(),
    stop() {
      stopped = true;
      window.removeEventListener('online', online);
      abort?.abort();
      hurry();
    },
  };
}

async function read(body, abort, begun) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const timer = setTimeout(() => abort.abort(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    text += value.replaceAll('\r\n', '\n');
    let end;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const change = parse(block);
      if (!change) continue;
      if (change.event === 'connected') begun();
      else tell(change);
    }
  }
}

function parse(block) {
  let event = null;
  const data = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  if (!event) return null;
  try {
    return { ...JSON.parse(data.join('\n') || '{}'), event };
  } catch {
    return { event };
  }
}
