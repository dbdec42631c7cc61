// Prints how long each of the first screens takes until somebody could use it, by the page's own clock: over and over in a window that
// has nothing yet, and after a reload.
import { bareBrowser } from './bare.js';
import { end, signIn, window } from './browser.js';
import { SCREENS, firstLoad } from './first-load.js';
import { seed } from './seed.js';
import { serve } from './server.js';

const TIMES = 9;

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
for (const [name, { at, there }] of Object.entries(SCREENS)) {
  const [times, reloads] = [[], []];
  // One more, not counted: the first window also starts parts of the browser, and the server compresses what it then keeps.
  for (let time = 0; time <= TIMES; time += 1) {
    const opened = await bare.open(server.url + at, there, name === 'flags' ? session : undefined);
    if (name === 'flags') session = opened.session;
    if (time === 0) continue;
    times.push(opened.shown);
    reloads.push(opened.again);
  }
  const { page, close } = await window(server, { storageState: name === 'flags' ? session : undefined });
  const { requests, bytes } = await firstLoad(page, SCREENS[name]);
  await close();
  console.log(`${name}: ${said(times)}, ${requests} requests, ${(bytes / 1000).toFixed(1)} kB; reloaded ${said(reloads)}`);
}
await bare.close();
await end();
await server.stop();
