// The server goes away while somebody works, and comes back: that is shown, nothing is lost meanwhile, and what changed then appears.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { serve } from '../support/server.js';
import { cable } from '../support/cable.js';
import { end, look, signIn, window } from '../support/browser.js';
import { seed } from '../support/seed.js';

after(end);

test('a lost connection is shown, what was typed stays, and it goes on by itself', async () => {
  const server = await serve({ seed: seed(3), more: ['--rate-limit-auth', '0'] });
  const wire = await cable(server);
  const { page, close } = await window({ url: wire.url }, { refused: ['net::ERR_'] });
  await signIn(page, server, { at: '/p/shop/flags/page-size?env=development' });
  const state = page.locator('.side .connection');
  await state.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const bar = page.getByRole('region', { name: 'Unsaved changes' });
  await bar.waitFor();

  await wire.cut();
  await state.getByText('Connection lost, trying again').waitFor();
  const toggle = page.getByRole('switch', { name: 'Page size in Development' });
  await toggle.click();
  const failed = page.locator('.toast.error');
  await failed.getByText('The server cannot be reached.').waitFor();
  await page.locator('[role=switch][aria-label="Page size in Development"][aria-checked=false]:not([aria-busy])').waitFor();
  // It is said once, and not where the reader goes on.
  await toggle.click();
  await page.locator('[role=switch][aria-label="Page size in Development"][aria-checked=false]:not([aria-busy])').waitFor();
  await failed.waitFor();
  assert.equal(await failed.count(), 1);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 });
    const [over, under] = [await failed.boundingBox(), await bar.boundingBox()];
    assert.ok(over.y + over.height <= under.y, `at ${width} the message ends at ${over.y + over.height}, the bar begins at ${under.y}`);
  }
  await look(page, 'lost');

  // Somebody else goes on meanwhile.
  await server.api('POST', `/flags/page-size/toggle?environment_id=${server.environments.staging.id}`, { enabled: true });
  await wire.mend();
  await state.getByText('Live', { exact: true }).waitFor();
  await page.locator('[role=switch][aria-label="Page size in Staging"][aria-checked=true]').waitFor();
  await bar.getByRole('heading', { name: '1 change not saved' }).waitFor();
  await close();
  await wire.close();
  await server.stop();
});
