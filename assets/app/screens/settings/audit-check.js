// Whether the audit log is whole: the server walks along the chain of its entries. A `head` that was noted elsewhere earlier
// also shows a log that was written anew.
import { html, nothing, signal } from '../../kit.js';
import * as api from '../../api.js';
import { copyLine } from '../../parts/copy.js';
import { form, show } from '../../parts/dialog.js';
import { field } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { count } from '../../parts/time.js';

const FLAWS = {
  missing: 'An entry is missing', unreadable: 'An entry cannot be read', altered: 'An entry was altered', unexpected: 'There is an entry that should not be there',
  not_as_noted: 'An entry is not what you noted',
};

const verdict = (chain) => (chain.whole
  ? html`<p class="note good">${icon('check')}<span>All ${count(chain.checked)} entries fit.</span></p>`
  : html`<p class="note danger" role="alert">${icon('warn')}<span class="wrap">${FLAWS[chain.cut.flaw] ?? chain.cut.flaw}: entry ${count(chain.cut.place)}${chain.cut.id ? html` (<code>${chain.cut.id}</code>)` : nothing}. The ${count(chain.checked)} before it fit.</span></p>`);

export async function checkLog() {
  const noted = signal('');
  const chain = await form({
    title: 'Check the audit log',
    submit: 'Check',
    intro: html`<p class="muted">Every entry carries the hash of the one before. This walks along all of them, of all organizations of the server.</p>`,
    fields: (error) => field({ id: 'noted', label: 'A head that you noted earlier', optional: true, mono: true, value: noted.value, onInput: (value) => { noted.value = value; }, error: error?.field?.('noted'), autofocus: true, off: true }),
    work: async () => (await api.get('/audit-logs/verify', { noted: noted.value.trim() })).data,
  });
  if (!chain) return;
  await show({
    title: chain.whole ? 'The audit log is whole' : 'The audit log is not whole',
    body: () => html`<div class="stack">${verdict(chain)}<div class="stack tight"><h3>Its head</h3><p class="muted">It stands for all entries so far. Note it somewhere else, and give it to the next check: that shows even a log that was written anew.</p>${copyLine(chain.head, 'Copy the head')}</div></div>`,
  });
}
