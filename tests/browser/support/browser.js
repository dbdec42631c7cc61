// A browser window that fails its walk on anything that goes wrong in it: an error in the console, something that the policy
// refused, something that axe finds.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LOOKS = [[1280, 800, 'light'], [1280, 800, 'dark'], [360, 740, 'light'], [360, 740, 'dark']];

let browser = null;

/** A new window on this server. `refused` are statuses, or names of failures, that the walk causes on
 *  purpose: the browser reports them as errors.
 *  `storageState` is what another window left: its session. */
export async function window(server, { refused = [], storageState } = {}) {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const context = await browser.newContext({ baseURL: server.url, storageState, viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(error.stack ?? String(error)));
  page.on('dialog', (dialog) => { wrong.push(`a window of the browser: ${dialog.message()}`); dialog.dismiss(); });
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() !== 'error' || refused.some((one) => text.includes(typeof one === 'number' ? `status of ${one}` : one))) return;
    wrong.push(text);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  return {
    page,
    context,
    /** Fails where anything went wrong so far. */
    calm: () => assert.deepEqual(wrong, []),
    async close() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

export async function end() {
  await browser?.close();
  browser = null;
}

export async function signIn(page, server, { email = server.admin.email, password = server.admin.password, at = '/' } = {}) {
  await page.goto(at);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

async function faults(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
  return found.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.slice(0, 4).map((node) => `  ${node.html.slice(0, 200)}\n  ${node.any.concat(node.all, node.none).map((check) => check.message).slice(0, 2).join('; ')}`).join('\n')}`);
}

/** Looks at what is on the page in both themes and at both widths: axe finds nothing, nothing is wider than the window, and a picture is kept. */
export async function look(page, name) {
  for (const [width, height, theme] of LOOKS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity).map((one) => one.finished.catch(() => {}))));
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}-${width}-${theme}.png`) });
    assert.deepEqual(await faults(page), [], `${name} at ${width}, ${theme}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${name} at ${width} is ${wide} px too wide`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}
