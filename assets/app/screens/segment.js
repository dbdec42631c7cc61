// The page of a segment: what it is called, who is in it, what uses it. It is edited in place; nothing changes until it is
// saved, and a change by somebody else is never overwritten.
import { html, nothing, effect, signal, track } from '../kit.js';
import * as api from '../api.js';
import { go } from '../router.js';
import { draftOf } from '../store/draft.js';
import * as place from '../store/place.js';
import { address, allowed, breakGlass, followProject, followUsage, inProject, refusal } from '../store/segments.js';
import { button } from '../parts/button.js';
import { copyButton } from '../parts/copy.js';
import { field } from '../parts/field.js';
import { icon } from '../parts/icon.js';
import { resource, shown } from '../parts/resource.js';
import { unkept } from '../parts/state.js';
import { ago } from '../parts/time.js';
import { failed, toast } from '../parts/toast.js';
import { changeList } from './segment/changes.js';
import { segmentConditions } from './segment/conditions.js';
import { userKeys } from './segment/keys.js';
import * as kind from './segment/merge.js';
import { deleteSegment, useList } from './segment/use.js';

/** A change of a segment is told once for each environment. */
const SEGMENT_MS = 50;

export function open({ params }) {
  const segment = resource(async () => (await api.get(address(params.segment), inProject())).data);
  let leaving = false;
  const stopLoad = followProject(segment, (change) => !leaving && (change.event === 'changed' || (change.event.startsWith('segment.') && (!change.segment_key || change.segment_key === params.segment))), SEGMENT_MS);
  const { usage, stop: stopUsage } = followUsage();
  const draft = draftOf(segment, kind);
  const stopDraft = effect(() => { if (segment.value) draft.begin(); });
  const fault = signal(null);
  const conditions = segmentConditions();
  const included = userKeys();
  const excluded = userKeys();

  const set = (name) => (value) => {
    fault.value = null;
    draft.set(name, value);
  };
  /** The complaint about a field, or about something inside it. */
  const complaint = (name, { inside = true } = {}) => fault.value?.fields?.find((one) => one.field === name || (inside && one.field.startsWith(`${name}[`)))?.message;

  async function save() {
    const given = await allowed(usage.value?.users, segment.value, { title: `Save the changes of ${segment.value.name}?`, action: 'Save' });
    if (!given) return;
    const { body, ifMatch } = draft.request();
    fault.value = null;
    try {
      const { data } = await api.put(address(params.segment), body, { query: inProject(), ifMatch, headers: breakGlass(given) });
      draft.discard();
      segment.value = data;
      toast(`${data.name} is saved.`);
    } catch (error) {
      if (error.status === 412) {
        await segment.load();
        document.getElementById('segment-overtaken')?.focus();
      } else {
        fault.value = error;
        // What is wrong in a field is said beside it.
        if (error.fields?.length) requestAnimationFrame(() => document.querySelector('.segment-page [aria-invalid=true]')?.focus());
        else failed(error);
      }
    }
  }

  const overtaken = () => {
    if (!draft.overtaken.value) return nothing;
    const [base, mine, theirs] = [kind.fieldsOf(draft.base.value), draft.fields.value, kind.fieldsOf(segment.value)];
    const both = kind.disputed(base, mine, theirs);
    return html`<section class="note warn segment-overtaken" id="segment-overtaken" role="alert" tabindex="-1" aria-label="Changed by somebody else"><div class="stack tight grow">
      <p><strong>Somebody else changed this segment ${ago(segment.value.updated_at)}.</strong> Your edits are kept and not saved yet. They changed:</p>
      ${changeList(base, theirs, 'Their changes')}
      ${both.length ? html`<p>You changed ${both.map((name) => kind.WORDS[name].toLowerCase()).join(' and ')} as well: there yours would replace theirs.</p>` : nothing}
      <div class="row">${button({ label: 'Put mine on top of theirs', onClick: () => draft.rebase() })}${button({ label: 'Take theirs, discard mine', kind: 'quiet', onClick: draft.discard })}</div></div></section>`;
  };

  const gone = () => (segment.error?.status === 404
    ? html`<p class="note danger" role="alert">Somebody deleted this segment. What you see is how it was; it cannot be saved any more.</p>` : nothing);

  const bar = () => {
    if (!draft.dirty.value || refusal()) return nothing;
    return html`<section class="save-bar" aria-label="Unsaved changes"><div class="stack tight grow"><h2>Unsaved changes</h2>${changeList(kind.fieldsOf(draft.base.value), draft.fields.value, 'Your changes')}
        ${fault.value?.fields?.length ? html`<p class="fault" role="alert">${icon('warn')}<span>This was not saved: ${fault.value.fields.map((one) => `${one.field} ${one.message}`).join('; ')}.</span></p>` : nothing}
        ${draft.lost.value ? unkept() : nothing}</div>
      <div class="row">${button({ label: 'Discard', kind: 'quiet', onClick: draft.discard })}${button({ label: 'Save', kind: 'primary', name: 'save-segment', work: save, disabled: draft.overtaken.value || segment.error?.status === 404 })}</div></section>`;
  };

  const who = (fields, disabled) => {
    const both = fields.included.filter((one) => fields.excluded.includes(one));
    return html`<section class="stack"><h2>Who is in it</h2>
      ${conditions({ fields, disabled, set, complaint, attributes: usage.value?.attributes, segments: usage.value?.segments.filter((one) => one.value !== params.segment) })}
      ${included({ id: 'included', label: 'Included', help: 'These user keys are in it, whatever the conditions say.', values: fields.included, onChange: set('included'), error: complaint('included'), disabled })}
      ${excluded({ id: 'excluded', label: 'Excluded', help: 'These are never in it: excluded wins over everything else.', values: fields.excluded, onChange: set('excluded'), error: complaint('excluded'), disabled })}
      ${both.length ? html`<p class="note warn wrap">${both.slice(0, 3).join(', ')}${both.length > 3 ? ` and ${both.length - 3} more` : ''} ${both.length === 1 ? 'is' : 'are'} in both lists: excluded wins.</p>` : nothing}
      ${draft.dirty.value ? nothing : segment.value.warnings?.map((warning) => html`<p class="note warn wrap">${warning.message}</p>`)}</section>`;
  };

  const about = (fields) => html`<section class="stack"><h2>About it</h2><div class="fields">
    ${field({ id: 'segment-name', label: 'Name', value: fields.name, onInput: set('name'), max: 200, error: fields.name.trim() ? complaint('name') : 'A name is needed.' })}
    ${field({ id: 'segment-description', label: 'Description', optional: true, value: fields.description, onInput: set('description'), rows: 2, max: 2000, error: complaint('description') })}</div></section>`;

  const remove = async () => {
    leaving = true;
    const done = await deleteSegment(segment.value, usage);
    leaving = done;
    if (!done) return;
    draft.discard();
    go(place.to`segments` + place.query());
    toast(`The segment ${segment.value.name} is deleted.`);
  };

  const page = () => {
    const one = segment.value;
    const fields = draft.fields.value;
    const why = refusal();
    return html`<div class="page-head"><h1 class="wrap">${one.name}</h1><span class="push">${why ? nothing : button({ label: 'Delete', icon: 'trash', onClick: remove })}</span></div>
      <p class="row muted"><a href=${place.to`segments` + place.query()}>Segments</a><span aria-hidden="true">/</span><code class="wrap">${one.key}</code>${copyButton(one.key, 'Copy the key')}<span class="small">changed ${ago(one.updated_at)}</span></p>
      ${why && fields.description ? html`<p class="wrap">${fields.description}</p>` : nothing}${why ? html`<p class="note wrap">${why}</p>` : nothing}
      ${track(gone)}${track(overtaken)}${who(fields, Boolean(why))}${why ? nothing : about(fields)}${useList(usage, one.key)}${track(bar)}`;
  };

  return {
    title: () => `${segment.value?.name ?? params.segment} · Segments`,
    close() {
      stopLoad();
      stopUsage();
      stopDraft();
    },
    view: () => html`<div class="page segment-page stack wide">${shown(segment, () => track(page))}</div>`,
  };
}
