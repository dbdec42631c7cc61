// Prints how long each of the first screens takes, over and over in a browser that has nothing yet.
import { end, signIn, window } from './browser.js';
import { SCREENS, firstLoad } from './first-load.js';
import { seed } from './seed.js';
import { serve } from './server.js';

const TIMES = 9;

const server = await serve({ seed: seed(), more: ['--rate-limit-auth', '0'] });
const first = await window(server);
await signIn(first.page, server, { at: SCREENS.flags.at });
let session = await first.context.storageState();
await first.close();

for (const [name, screen] of Object.entries(SCREENS)) {
  const loads = [];
  // One more, not counted: the first window also starts parts of the browser, and the server compresses what it then keeps.
  for (let time = 0; time <= TIMES; time += 1) {
    const { page, context, close } = await window(server, { storageState: name === 'flags' ? session : undefined });
    const load = await firstLoad(page, screen);
    if (name === 'flags') session = await context.storageState();
    await close();
    if (time > 0) loads.push(load);
  }
  const times = loads.map((load) => load.shown).sort((a, b) => a - b);
  const [{ requests, bytes }] = loads;
  console.log(`${name}: ${times[Math.floor(TIMES / 2)].toFixed(0)} ms (${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)}), ${requests} requests, ${(bytes / 1000).toFixed(1)} kB`);
}
await end();
await server.stop();
