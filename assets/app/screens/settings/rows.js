// What the lists of the settings have in common: a row, a heading with what is done there, and where the focus goes when the
// row that had it is gone.
import { html, nothing } from '../../kit.js';

/** A row: `title` (with its chips), `detail` below it, `actions` beside. `more` is shown under all of them. */
export const row = ({ title, detail, actions, more = nothing, before = nothing }) => html`<li class="settings-row" tabindex="-1">${before}
  <div class="grow"><p class="row">${title}</p><p class="small muted wrap">${detail}</p></div>
  <div class="row">${actions}</div>${more}</li>`;

/** The words of a button in a row, and for those who hear it, of which row. */
export const of = (words, ...which) => html`${words}<span class="seen-by-ear"> ${which.filter(Boolean).join(', ')}</span>`;

/** Gives a focus that nothing has any more to the content. */
export const toContent = () => requestAnimationFrame(() => {
  if (!document.activeElement || document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true });
});

/** Remembers in which row of which list the focus is. The answered function gives it to the row that is there then, or to the
 *  content where the list is empty. Call the first before anything is asked
 *  for, as a live change may take the row away before the answer is there; the second when the list was drawn again. */
export function keepPlace(element = document.activeElement) {
  const from = element?.closest('.settings-row');
  const list = from?.parentElement;
  const at = list ? [...list.children].indexOf(from) : -1;
  const label = list?.getAttribute('aria-label');
  return () => requestAnimationFrame(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const rows = [...document.querySelectorAll('.settings-list')].find((one) => one.getAttribute('aria-label') === label)?.children ?? [];
    (rows[Math.min(at, rows.length - 1)] ?? document.getElementById('main'))?.focus();
  });
}
