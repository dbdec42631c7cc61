// Prints how long each of the first screens takes until somebody could use it, by the page's own clock: over and over in a window that
// has nothing yet, and after a reload. Beside them a page of one line, which is what any page takes in this browser on this machine.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { bareBrowser } from './bare.js';
import { end, signIn, window } from './browser.js';
import { SCREENS, firstLoad } from './first-load.js';
import { seed } from './seed.js';
import { serve } from './server.js';

const TIMES = 9;
const LINE = '<!doctype html><html lang="en"><title>One line</title><link rel="icon" href="data:,"><p>One line.</p></html>';

function said(times) {
  times.sort((a, b) => a - b);
  return `${times[Math.floor(TIMES / 2)].toFixed(0)} ms (${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)})`;
}

const server = await serve({ seed: seed(), more: ['--rate-limit-auth', '0'] });
const first = await window(server);
await signIn(first.page, server, { at: SCREENS.flags.at });
let session = await first.context.storageState();
await first.close();

const bare = await bareBrowser();

/** How long it takes until `there` is at `url`, as two texts: in a window that has nothing yet, and reloaded. */
async function measure(url, there, signedIn) {
  const [times, reloads] = [[], []];
  // One more, not counted: the first window also starts parts of the browser, and the server compresses what it then keeps.
  for (let time = 0; time <= TIMES; time += 1) {
    const opened = await bare.open(url, there, signedIn ? session : undefined);
    if (signedIn) session = opened.session;
    if (time === 0) continue;
    times.push(opened.shown);
    reloads.push(opened.again);
  }
  return [said(times), said(reloads)];
}

const other = createServer((_, answer) => answer.setHeader('content-type', 'text/html; charset=utf-8').end(LINE)).listen(0, '127.0.0.1');
await once(other, 'listening');
const [empty, emptyAgain] = await measure(`http://127.0.0.1:${other.address().port}/`, 'p');
console.log(`a page of one line: ${empty}; reloaded ${emptyAgain}`);
other.close();
other.closeAllConnections();

for (const [name, { at, there }] of Object.entries(SCREENS)) {
  const signedIn = name === 'flags';
  const [shown, again] = await measure(server.url + at, there, signedIn);
  const { page, close } = await window(server, { storageState: signedIn ? session : undefined });
  const { requests, bytes } = await firstLoad(page, SCREENS[name]);
  await close();
  console.log(`${name}: ${shown}, ${requests} requests, ${(bytes / 1000).toFixed(1)} kB; reloaded ${again}`);
}
await bare.close();
await end();
await server.stop();
