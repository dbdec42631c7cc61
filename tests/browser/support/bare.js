// A browser that nothing looks over the shoulder of: driven by the DevTools protocol over a pipe, with no more of it turned on than
// it takes to open pages. What Playwright turns on makes each request slower, so times are taken here.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How often a page is asked whether it is there, in ms. */
const LOOK_MS = 5;
/** How long it may take until then. */
const PATIENCE_MS = 15_000;
/** What a page gets to finish what it began before it is reloaded. */
const REST_MS = 300;

/** Starts a browser. Answers `{ open, close }`. */
export async function bareBrowser() {
  const folder = await mkdtemp(join(tmpdir(), 'bare-'));
  const flags = ['--headless=new', '--no-sandbox', '--remote-debugging-pipe', '--no-first-run', '--window-size=1280,800', `--user-data-dir=${folder}`];
  const child = spawn(process.env.CHROMIUM ?? '/usr/bin/chromium', flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => { child.on('exit', resolve); });
  const waiting = new Map();
  let last = 0;
  let text = '';
  child.stdio[4].setEncoding('utf8').on('data', (piece) => {
    const messages = (text + piece).split('\0');
    text = messages.pop();
    for (const message of messages) {
      const { id, result, error } = JSON.parse(message);
      if (!waiting.has(id)) continue;
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (error) reject(new Error(error.message)); else resolve(result);
    }
  });
  const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    child.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });

  return {
    /** Opens `url` in a window that has nothing but what `session` (of Playwright's `storageState`) holds, and then reloads it. Answers when
     *  an element that `there` selects was in the page, both times (`shown`, `again`), in ms since the navigation, and what the session
     *  is since then. */
    async open(url, there, session = { cookies: [], origins: [] }) {
      const { browserContextId } = await send('Target.createBrowserContext');
      await send('Storage.setCookies', { browserContextId, cookies: session.cookies.map(({ partitionKey: _, ...cookie }) => cookie) });
      const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const stored = session.origins.flatMap((origin) => origin.localStorage);
      await send('Page.enable', {}, sessionId);
      await send('Page.addScriptToEvaluateOnNewDocument', { source: `(${arrange})(${JSON.stringify(there)}, ${JSON.stringify(stored)})` }, sessionId);
      await send('Page.navigate', { url }, sessionId);
      const evaluate = async (expression) => (await send('Runtime.evaluate', { expression, returnByValue: true }, sessionId)).result.value;
      let known;
      const look = async () => {
        for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
          const { page, shown } = await evaluate('({ page: performance.timeOrigin, shown: window.firstShown })') ?? {};
          if (shown && page !== known) {
            known = page;
            return shown;
          }
          await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
        }
        throw new Error(`${url} is not there`);
      };
      const shown = await look();
      await new Promise((resolve) => { setTimeout(resolve, REST_MS); });
      await send('Page.reload', {}, sessionId);
      const again = await look();
      const { cookies } = await send('Storage.getCookies', { browserContextId });
      const localStorage = JSON.parse(await evaluate('JSON.stringify(Object.entries(localStorage))')).map(([name, value]) => ({ name, value }));
      await send('Target.disposeBrowserContext', { browserContextId });
      return { shown, again, session: { cookies, origins: [{ origin: new URL(url).origin, localStorage }] } };
    },
    async close() {
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs in the page before anything of its own. */
function arrange(there, stored) {
  for (const { name, value } of stored) localStorage.setItem(name, value);
  const watch = new MutationObserver(() => {
    if (!document.querySelector(there)) return;
    watch.disconnect();
    window.firstShown = performance.now();
  });
  watch.observe(document, { childList: true, subtree: true });
}
