// One entry of the audit log: who did what with which thing, and behind it what was before and after.
import { html, nothing } from '../../kit.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { environment as environmentView } from '../../parts/chip.js';
import { icon } from '../../parts/icon.js';
import { pretty } from '../../parts/json.js';
import { ago, sayExactly } from '../../parts/time.js';
import { said } from './actions.js';

/** Values up to this long stand in a line. */
const SHORT = 60;

const isSomething = (given) => given !== null && given !== undefined;

const value = (given) => {
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  return text.length <= SHORT && !text.includes('\n')
    ? html`<code class="wrap">${text === '' ? '(empty)' : text}</code>`
    : html`<pre class="code" tabindex="0"><code>${typeof given === 'string' ? given : pretty(given)}</code></pre>`;
};

const changes = (all) => (Object.keys(all).length === 0 ? html`<p class="muted">The entry names no fields.</p>` : html`<dl class="changes">${Object.entries(all).map(([field, { from, to }]) => html`
  <div class="change"><dt><code class="wrap">${field}</code></dt><dd class="wrap">${isSomething(from) ? html`<del><span class="seen-by-ear">before: </span>${value(from)}</del>` : nothing}
    <ins><span class="seen-by-ear">after: </span>${isSomething(to) ? value(to) : html`<span class="muted">nothing</span>`}</ins></dd></div>`)}</dl>`);

/** `open` whether it is unfolded; `named` what the thing is called; `onToggle()`, `onlyThing()`, `onlyPerson()`. */
export function auditEntry(entry, { open, named, onToggle, onlyThing, onlyPerson }) {
  const where = entry.environment_id && entry.resource_type !== 'environment' ? place.byId(entry.environment_id) : null;
  const flag = entry.resource_type === 'flag' && named?.key && entry.project_id === place.project.value?.id && entry.action !== 'flag.deleted';
  const thing = named?.name ?? entry.resource_id;
  const inside = () => html`<div class="delivery-more stack tight" id="more-${entry.id}">${changes(entry.changes)}
    <p class="small muted wrap">${sayExactly(entry.timestamp)} · <code>${entry.action}</code> · <code>${entry.resource_id}</code>${entry.actor.token_id ? html` · by the token <code>${entry.actor.token_id}</code>` : nothing}${entry.ip ? html` · from <code>${entry.ip}</code>` : nothing} · request <code>${entry.request_id}</code></p>
    <div class="row">${flag ? html`<a class="button plain small" href="${place.to`flags/${named.key}`}${place.query()}">Open the flag</a>` : nothing}
      ${button({ label: 'Only this thing', name: `thing ${entry.id}`, small: true, onClick: onlyThing })}${button({ label: 'Only this person', name: `person ${entry.id}`, small: true, onClick: onlyPerson })}</div></div>`;
  return html`<li class="delivery"><button type="button" class="delivery-row" aria-expanded=${String(open)} aria-controls=${open ? `more-${entry.id}` : nothing} @click=${onToggle}>
    ${icon(open ? 'down' : 'right')}<span class="grow wrap entry-what"><span>${entry.actor.email}</span> <span class="muted">${said(entry)}</span> <strong>${thing}</strong>${where ? html` <span class="muted">in</span> ${environmentView(where)}` : nothing}</span>
    <span class="small muted delivery-when">${ago(entry.timestamp)}</span></button>${open ? inside() : nothing}</li>`;
}
