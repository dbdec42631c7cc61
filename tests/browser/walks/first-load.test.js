// The first load: little to fetch, and nothing that is found only late. The page names every module of the first screens, so
// that all of them are on their way at once.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../support/server.js';
import { end, signIn, window } from '../support/browser.js';
import { SCREENS, firstLoad } from '../support/first-load.js';
import { seed } from '../support/seed.js';

const ASSETS = join(import.meta.dirname, '../../../assets');
const MOST_BYTES = 100_000;
/** Where the modules begin that everybody fetches, and those that only who may be signed in fetches besides. */
const OUTSIDE = ['app/main.js', 'app/screens/sign-in.js'];
const INSIDE = ['app/shell.js', 'app/screens/home.js', 'app/screens/flags.js'];

let server;
before(async () => { server = await serve({ seed: seed() }); });
after(async () => { await end(); await server.stop(); });

/** Everything that these modules import, directly or by others. */
function closure(roots) {
  const seen = new Set();
  const visit = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = readFileSync(join(ASSETS, path), 'utf8');
    for (const [, name] of source.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w$*{][^'"`;]*?\bfrom\s*|(?=['"]))['"](\.[^'"]+)['"]/g)) visit(join(path, '..', name));
  };
  for (const root of roots) visit(root);
  return [...seen].sort();
}

test('the page names the modules of the first screens, and no others', () => {
  const page = readFileSync(join(ASSETS, 'index.html'), 'utf8');
  const named = (text) => [...text.matchAll(/<link rel="modulepreload" href="\/assets\/([^"]+)">/g)].map(([, path]) => path).sort();
  const [before, inside] = page.split('<template id="frame-modules">');
  const outside = closure(OUTSIDE);
  assert.deepEqual(named(before), outside.filter((path) => path !== 'app/main.js'), 'the modulepreload links of assets/index.html');
  assert.deepEqual(named(inside), closure(INSIDE).filter((path) => !outside.includes(path)), 'the links of its template');
});

test('the sign-in is little to fetch, and all of it at once', async () => {
  const { page, close } = await window(server);
  const { bytes, found } = await firstLoad(page, SCREENS['sign-in']);
  assert.deepEqual(found, []);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  await close();
});

test('the list of flags is little to fetch, and all of it at once', async () => {
  const first = await window(server);
  await signIn(first.page, server, { at: SCREENS.flags.at });
  const storageState = await first.context.storageState();
  await first.close();
  const { page, close } = await window(server, { storageState });
  const { bytes, found, requests } = await firstLoad(page, SCREENS.flags);
  assert.deepEqual(found, []);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes in ${requests} requests`);
  await close();
});
