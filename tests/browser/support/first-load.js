// What the browser fetches until a first screen is there: how many requests and bytes, which modules it was told of by the page
// and which it found only by reading others, and when the screen was there.

/** The two first screens: what must be there for somebody to use it. */
export const SCREENS = {
  'sign-in': { at: '/sign-in', there: '.gate input[type=password]' },
  flags: { at: '/p/shop/flags?env=development', there: '.flags-space .flag-row [role=switch]' },
};

/** Opens this first screen in a page that has nothing yet. Answers `{ shown, requests, bytes, found }`: `shown` in ms since the
 *  navigation, `found` the modules that nothing but an import told of. */
export async function firstLoad(page, { at, there }) {
  await page.addInitScript((selector) => {
    const watch = new MutationObserver(() => {
      if (!document.querySelector(selector)) return;
      watch.disconnect();
      window.firstShown = performance.now();
    });
    watch.observe(document, { childList: true, subtree: true });
  }, there);
  await page.goto(at);
  await page.waitForFunction(() => window.firstShown !== undefined);
  await page.waitForLoadState('load');
  return page.evaluate(() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const modules = all.filter((one) => one.name.endsWith('.js') && one.initiatorType === 'script').map((one) => new URL(one.name).pathname);
    return {
      shown: window.firstShown,
      requests: all.length,
      bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
      // A link that a script put into the page counts as told; one that still lies in a template is not found by this selector.
      found: modules.filter((path) => !document.querySelector(`script[src="${path}"], link[rel="modulepreload"][href="${path}"]`)),
    };
  });
}
