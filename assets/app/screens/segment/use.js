// What uses a segment, with the way there; and deleting one, which the server refuses as long as something does.
import { html, nothing } from '../../kit.js';
import * as api from '../../api.js';
import { staying } from '../../router.js';
import * as place from '../../store/place.js';
import { NO_USE, address, allowed, breakGlass, inProject } from '../../store/segments.js';
import { chip, environment } from '../../parts/chip.js';
import { actions, form, show } from '../../parts/dialog.js';
import { button } from '../../parts/button.js';
import { shown } from '../../parts/resource.js';

const inEnvironment = (key) => {
  const found = place.environments.value?.find((one) => one.key === key);
  return found ? environment(found) : key;
};

/** A flag with a link for each environment in which its rules name the segment. */
const flagLine = (flag) => html`<li class="segment-user"><a class="wrap" href="${place.to`flags/${flag.key}`}?env=${flag.environments[0]}">${flag.name}</a>${flag.archived ? chip('archived') : nothing}
  <span class="row">${flag.environments.map((key) => html`<a class="small" href="${place.to`flags/${flag.key}`}?env=${key}" aria-label="${flag.name} in ${key}">${inEnvironment(key)}</a>`)}</span></li>`;
const segmentLine = (one) => html`<li class="segment-user"><a class="wrap" href=${place.to`segments/${one.key}` + place.query()}>${one.name}</a>${chip('segment')}</li>`;

const users = ({ flags, segments }) => html`<ul class="segment-users" aria-label="Used by">${flags.map(flagLine)}${segments.map(segmentLine)}</ul>`;

/** The part of the page that says where it is used. */
export const useList = (usage, key) => html`<section class="stack tight"><h2>Used by</h2>${shown(usage, (all) => {
  const use = all.users.get(key) ?? NO_USE;
  return use.flags.length + use.segments.length ? users(use) : html`<p class="muted">No rule and no other segment refers to it.</p>`;
}, { rows: 2 })}</section>`;

const stillUsed = (segment, use) => show({
  title: `${segment.name} is still used`,
  body: (close) => html`<div class="stack"><p class="wrap">A segment can be deleted when nothing refers to it any more. Take it out of these first:</p>
    <div @click=${(event) => { if (event.target.closest('a')) close(); }}>${users(use)}</div>${actions(button({ label: 'Close', onClick: () => close() }))}</div>`,
});

/** Asks and deletes; answers whether it is gone. */
export async function deleteSegment(segment, usage) {
  const stayed = staying();
  await usage.load();
  if (!stayed()) return false;
  const use = usage.value?.users.get(segment.key);
  if (use) {
    await stillUsed(segment, use);
    return false;
  }
  const given = await allowed(new Map(), segment, { title: `Delete ${segment.name}?`, action: 'Go on' });
  if (!given) return false;
  return Boolean(await form({
    title: `Delete ${segment.name}?`,
    intro: html`<p class="wrap">Nothing uses it. It cannot be brought back.</p>`,
    submit: 'Delete the segment',
    danger: true,
    fields: () => nothing,
    work: () => api.del(address(segment.key), { query: inProject(), ifMatch: segment.revision, headers: breakGlass(given) }),
  }));
}
