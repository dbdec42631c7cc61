// A secret that the server shows once: a key, a token, an invitation's link. It stays on the page until the reader says that it
// is stored, so that no stray press of Escape loses it, as it would in a dialog.
import { html, nothing, opened, signal, track } from '../../kit.js';
import { button } from '../../parts/button.js';
import { copyBlock, copyLine } from '../../parts/copy.js';
import { toContent } from './rows.js';

/** Answers `{ give, view }`: `give({ title, text, secret, label, example?, done? })` shows one, `view()` is its place on the page. */
export function secrets() {
  const given = signal(null);
  const view = () => track(() => {
    const one = given.value;
    if (!one) return nothing;
    return html`<section class="secret stack tight" aria-label=${one.title} tabindex="-1" ${opened((element) => element.focus())}>
      <h2>${one.title}</h2><p class="wrap">${one.text}</p>${copyLine(one.secret, one.label)}
      ${one.example ? html`<p class="small muted">Try it:</p>${copyBlock(one.example, 'Copy the command')}` : nothing}
      <div class="row">${button({ label: one.done ?? 'I have stored it', kind: 'primary', onClick: () => { given.value = null; toContent(); } })}</div></section>`;
  });
  return { give: (one) => { given.value = one; }, view };
}

/** How long something is good for, in days, and the moment at which it ends. */
export const LIFETIMES = [['', 'Never'], ['7', 'In 7 days'], ['30', 'In 30 days'], ['90', 'In 90 days'], ['365', 'In a year']];
export const endOf = (days) => (days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z') : null);
