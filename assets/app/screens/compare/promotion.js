// The dialog before a promotion: what to take, and what would change, as the server tells it. Production then asks for its name.
import { html, nothing, signal, track } from '../../kit.js';
import { PARTS, promote } from '../../store/differences.js';
import * as place from '../../store/place.js';
import { permission } from '../../store/switching.js';
import { button } from '../../parts/button.js';
import { environment as environmentView } from '../../parts/chip.js';
import { actions, show } from '../../parts/dialog.js';
import { tick } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { resource, shown } from '../../parts/resource.js';
import { summary } from './words.js';

// A frozen environment refuses even to be asked without a reason; nothing is written for asking.
const ASKING = 'Preview of a promotion';

export const flagsOf = (number) => (number === 1 ? '1 flag' : `${number.toLocaleString('en')} flags`);

const changeRow = (one) => html`<li class="compare-preview"><span class="strong wrap">${one.name}</span><span class="wrap small">${summary(one.changes)}</span></li>`;

/** Asks what to take of these flags, shows what that changes, and does it. Answers what changed, or undefined. */
export function promotion(source, target, flags) {
  const include = signal(PARTS.map(([name]) => name));
  const error = signal(null);
  const preview = resource(() => promote(source, target, { flags, include: include.peek(), dry: true, reason: target.frozen && place.isAdmin.peek() ? ASKING : undefined }));
  preview.load();
  const take = (name) => (on) => {
    include.value = PARTS.map(([one]) => one).filter((one) => (one === name ? on : include.value.includes(one)));
    preview.value = null;
    if (include.value.length) preview.load();
  };

  const run = (close) => async () => {
    error.value = null;
    const number = preview.value.changed.length;
    const given = await permission({ key: target.key }, target, { title: `Change ${flagsOf(number)} in ${target.name}?`, action: 'Promote' });
    if (!given) return;
    try {
      close(await promote(source, target, { flags, include: include.value, reason: given.reason }));
    } catch (cause) {
      error.value = cause;
    }
  };

  const changes = ({ changed, equal }) => html`<p role="status">${changed.length ? html`<strong>${flagsOf(changed.length)}</strong> would change in ${environmentView(target)}${equal ? `, ${flagsOf(equal)} would stay` : ''}.` : 'Nothing would change.'}</p>
    ${changed.length ? html`<ul class="compare-previews" tabindex="0" aria-label="What would change">${changed.map(changeRow)}</ul>` : nothing}`;

  return show({
    title: `Promote ${flagsOf(flags.length)} from ${source.name} to ${target.name}`,
    wide: true,
    body: (close) => html`<div class="stack">
      <fieldset class="stack tight"><legend class="label">What to take</legend><div class="row compare-parts">${PARTS.map(([name, words]) => tick({ id: `take-${name}`, label: words, value: include.value.includes(name), onChange: take(name) }))}</div></fieldset>
      ${include.value.length ? shown(preview, changes, { rows: 2 }) : html`<p class="muted">Choose what to take.</p>`}
      ${track(() => (error.value ? html`<p class="note danger" role="alert">${icon('warn')}<span>${error.value.message}</span></p>` : nothing))}
      ${actions(
        button({ label: 'Cancel', onClick: () => close() }),
        button({ label: `Promote to ${target.name}`, name: 'promote', kind: 'primary', work: run(close), disabled: !preview.value?.changed.length }),
      )}</div>`,
  });
}
