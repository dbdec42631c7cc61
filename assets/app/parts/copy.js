// Text to take along: shown in full, copied by one press.
import { html, signal, track } from '../kit.js';
import { icon } from './icon.js';
import { toast } from './toast.js';

async function take(text) {
  await navigator.clipboard.writeText(text);
}

const copied = signal(null);
const press = (text) => async () => {
  try {
    await take(text);
    copied.value = text;
    setTimeout(() => { if (copied.peek() === text) copied.value = null; }, 2_000);
  } catch {
    toast('The browser did not allow copying. Select the text instead.', { kind: 'error' });
  }
};

/** A button that copies `text`. */
export const copyButton = (text, label = 'Copy') => track(() => html`<button type="button" class="button quiet small square" aria-label=${label} title=${label} @click=${press(text)}>${icon(copied.value === text ? 'check' : 'copy')}${copied.value === text ? html`<span class="seen-by-ear" role="status">Copied</span>` : ''}</button>`);

/** One line with its button: a key, an address. */
export const copyLine = (text, label) => html`<div class="copy-line"><code class="grow wrap">${text}</code>${copyButton(text, label)}</div>`;

/** A block of code with its button. */
export const copyBlock = (text, label) => html`<div class="copy-block"><pre class="code" tabindex="0"><code>${text}</code></pre>${copyButton(text, label)}</div>`;
