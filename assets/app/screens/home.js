// The way from `/` to the flags of the project that was looked at last.
import { effect, html } from '../kit.js';
import { go, here } from '../router.js';
import { project, slug } from '../store/place.js';
import { skeleton } from '../parts/state.js';

export function open() {
  const stop = effect(() => {
    const one = project.value;
    if (one && /^\/(p\/[^/]+\/?)?$/.test(here.value.path)) queueMicrotask(() => go(`/p/${encodeURIComponent(slug(one))}/flags`, { replace: true }));
  });
  return { title: () => '', view: () => html`<div class="page">${skeleton()}</div>`, close: stop };
}
