// Who gets what: the switches of all environments, and the rules of the one that is looked at. They are edited in place as a
// draft, which no reload loses; it is reviewed before it is saved, and a change by somebody else is never overwritten.
import { html, nothing, effect, signal, track, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { go } from '../../router.js';
import { draftOf } from '../../store/draft.js';
import { ofFlag, reopens } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { followUsage } from '../../store/segments.js';
import { askedAbout, permission, refusal, switchFlag } from '../../store/switching.js';
import { button } from '../../parts/button.js';
import { environment as environmentView, variation } from '../../parts/chip.js';
import { icon } from '../../parts/icon.js';
import { sayMoment } from '../../parts/moment.js';
import { unkept } from '../../parts/state.js';
import { failed, toast } from '../../parts/toast.js';
import { toggle } from '../../parts/toggle.js';
import { DRAFT_FORM, scheduleDraft } from './schedules/new-schedule.js';
import { about } from './targeting/about.js';
import { conflict } from './targeting/conflict.js';
import * as kind from './targeting/merge.js';
import { defaultField, prerequisitesField } from './targeting/otherwise.js';
import { differences, reachesAll, seenWith } from './targeting/review.js';
import { ruleList } from './targeting/rules.js';
import { warned } from './targeting/warned.js';

/** What the server says about a place below `path`, itself included if `inside`. */
const said = (list, path, inside) => list?.find((one) => one.field === path || (inside && one.field.startsWith(path)))?.message ?? null;

export function targeting({ flags, flag, show }) {
  const source = { get value() { return flag.value; }, peek: () => flag.peek() };
  const draft = draftOf(source, kind);
  const { usage, stop: stopUsage } = followUsage();
  const fault = signal(null);
  const pending = signal(new Set());
  const [rules, shared] = [ruleList(), about()];
  const disputes = conflict(draft, shared.forget);
  const warnings = warned(draft, flag);
  const stopDraft = effect(() => {
    if (!flag.value) return;
    untracked(() => { draft.begin(); shared.begin(`texts ${kind.idOf(flag.value)}`); });
  });

  const set = (name) => (value) => {
    fault.value = null;
    draft.set(name, value);
  };
  const complaint = (path, { inside = false } = {}) => said(fault.value?.fields, path, inside);

  const flip = (one, environment, on) => switchFlag(one, environment, on, (enabled, waiting) => {
    show(environment, { ...flags.peek().get(environment.id), enabled });
    const names = new Set(pending.peek());
    names[waiting ? 'add' : 'delete'](environment.id);
    pending.value = names;
  });

  async function save(environment) {
    const [one, before, after] = [flag.peek(), kind.fieldsOf(draft.base.peek()), draft.fields.peek()];
    const given = await permission(one, askedAbout(environment, kind.reachesOthers(before, after)), {
      title: `Save the changes in ${environment.name}?`, action: 'Save', always: true, wide: true,
      text: html`${differences(one, before, after)}${warnings.review(after)}${reachesAll(before, after) ? html`<p class="note warn">Some of it is shared: it changes in all environments.</p>` : nothing}`,
    });
    if (!given) return;
    const { body, ifMatch } = draft.request();
    try {
      const { data } = await api.put(`/flags/${encodeURIComponent(one.key)}`, body, { query: { environment_id: environment.id }, ifMatch, headers: given.reason ? { 'X-PhaseFlag-Break-Glass': given.reason } : {} });
      shared.forget();
      draft.discard();
      show(environment, data);
      toast(`${data.name} is saved.`);
    } catch (error) {
      if (error.status === 412) {
        await flags.load();
        requestAnimationFrame(() => document.getElementById('flag-conflict')?.focus());
      } else {
        fault.value = error;
        if (!error.fields?.length) failed(error);
        else requestAnimationFrame(() => document.querySelector('.flag-page [aria-invalid=true], .flag-page .rule .fault')?.focus?.());
      }
    }
  }

  async function later(environment) {
    const one = flag.peek();
    const made = await scheduleDraft(one, environment, { change: draft.request().body, text: differences(one, kind.fieldsOf(draft.base.peek()), draft.fields.peek()) });
    if (!made) return;
    draft.discard();
    toast(`The changes are scheduled for ${sayMoment(made.at)}.`);
    go(`${place.to`flags/${one.key}/schedules`}?env=${environment.key}`);
  }

  const mayWait = () => draft.dirty.value && !draft.overtaken.value && kind.canWait(kind.fieldsOf(draft.base.value), draft.fields.value);
  const stopReopen = reopens(() => mayWait() && ofFlag(DRAFT_FORM, flag.value), () => later(place.environment.peek()));

  const switches = (all) => html`<section class="stack"><h2>Environments</h2><ul class="flag-places">${place.environments.value.map((environment) => {
    const one = all.get(environment.id);
    if (!one) return nothing;
    const why = refusal(one, environment);
    return html`<li class="row">${toggle({
      on: one.enabled, label: `${one.name} in ${environment.name}`, why: why ?? undefined, disabled: Boolean(why),
      pending: pending.value.has(environment.id), onToggle: (on) => flip(one, environment, on),
    })}<a class="grow" href="?env=${environment.key}" aria-current=${environment === place.environment.value ? 'true' : nothing}>${environmentView(environment)}</a>
      <span class="small muted">${one.targeting_rules.length === 1 ? '1 rule' : `${one.targeting_rules.length} rules`}</span></li>`;
  })}</ul></section>`;

  const required = (one, fields) => (fields.prerequisites.length ? html`<p class="wrap">Only where ${fields.prerequisites.map((it, at) => html`${at ? ' and ' : ''}<code>${it.flag_key}</code> serves <code>${it.variation_key}</code>`)}; everybody else gets ${variation(one, fields.default_variation)}.</p>` : nothing);
  const otherwise = (one, fields) => html`<p class="wrap">${fields.targeting_rules.length ? 'Everybody else gets' : 'Everybody gets'} ${variation(one, fields.default_variation)}.</p>`;

  const serving = (one, environment, fields, disabled) => {
    const seen = seenWith(one, fields);
    const { rule, others } = warnings.of(one, fields);
    return html`<section class="stack"><h2>Who gets what in ${environment.name}</h2>
      ${one.enabled ? nothing : html`<p class="note"><span>It is off there: everybody gets ${variation(seen, fields.default_variation)}.</span></p>`}
      ${disabled ? required(seen, fields) : prerequisitesField({ flag: one, fields, set, complaint })}
      ${rules({ flag: seen, rules: fields.targeting_rules, before: kind.fieldsOf(draft.base.value).targeting_rules, now: () => draft.fields.peek().targeting_rules, set: set('targeting_rules'), disabled, known: usage.value,
        complaint: (at) => (part, options) => complaint(`targeting_rules[${at}]${part ? `.${part}` : ''}`, options), warnings: rule })}
      ${disabled ? otherwise(seen, fields) : html`<div class="default-field">${defaultField({ flag: one, fields, set, complaint })}</div>`}
      ${others.map((text) => html`<p class="note warn">${icon('warn')}<span>${api.sentenceCase(text)}</span></p>`)}</section>`;
  };

  const bar = (one, environment) => {
    if (!draft.dirty.value || refusal(one, environment)) return nothing;
    const [before, after] = [kind.fieldsOf(draft.base.value), draft.fields.value];
    const unfinished = shared.wrong(after.variations);
    const number = kind.count(before, after);
    const waits = kind.canWait(before, after);
    return html`<section class="save-bar" aria-label="Unsaved changes"><div class="stack tight grow"><h2>${number === 1 ? '1 change' : `${number} changes`} not saved</h2>
        ${fault.value?.fields?.length ? html`<p class="fault" role="alert">${icon('warn')}<span>This was not saved: ${fault.value.fields.map((it) => `${it.field} ${it.message}`).join('; ')}.</span></p>` : nothing}
        ${draft.lost.value ? unkept() : nothing}
        ${unfinished ? html`<p class="small">A value of a variation is not finished. ${button({ label: 'Go there', kind: 'quiet', small: true, onClick: shared.toUnfinished })}</p>` : nothing}</div>
      <div class="row">${button({ label: 'Discard', kind: 'quiet', onClick: () => { fault.value = null; shared.forget(); draft.discard(); } })}${button({ label: 'Schedule', name: 'schedule the draft', icon: 'clock', work: () => later(environment), disabled: !waits || draft.overtaken.value || unfinished,
        title: waits ? 'Make these changes at a moment to come' : 'Only rules and the default can be changed at a moment to come.' })}${button({ id: 'review', label: 'Review', kind: 'primary', name: 'review', work: () => save(environment), disabled: draft.overtaken.value || unfinished })}</div></section>`;
  };

  const page = () => {
    const environment = place.environment.value;
    const one = flag.value;
    const fields = draft.fields.value;
    if (!environment || !one || !fields) return nothing;
    const why = refusal(one, environment);
    const disabled = Boolean(why);
    return html`${why ? html`<p class="note wrap">${why}</p>` : nothing}${disputes(one)}${switches(flags.value)}${serving(one, environment, fields, disabled)}
      ${shared.view({ flag: one, fields, set, complaint, disabled })}${track(() => bar(one, environment))}`;
  };

  return {
    close() {
      stopDraft();
      stopReopen();
      stopUsage();
      warnings.close();
      shared.close();
    },
    view: () => track(page),
  };
}
