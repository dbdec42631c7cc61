// Try it: what a context gets of this flag in the environment that is looked at, and why. Nothing is counted by it. What was
// tried stays in this window, and is asked again when the flag changes.
import { html, nothing, batch, computed, effect, signal, track, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { onChange } from '../../live.js';
import { path } from '../../router.js';
import * as place from '../../store/place.js';
import { button, once } from '../../parts/button.js';
import { environment as environmentView } from '../../parts/chip.js';
import { field } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { pretty } from '../../parts/json.js';
import { resource } from '../../parts/resource.js';
import { skeleton, unkept } from '../../parts/state.js';
import { toast } from '../../parts/toast.js';
import { contextOf, formOf, readContext, row } from './try/context.js';
import { contextForm } from './try/form.js';
import { curl } from './try/curl.js';
import { explanation } from './try/explanation.js';
import { kept, sayContext, withFirst } from './try/kept.js';

const JSON_FIELD = 'try-json';
/** Where the answer is below the context; the style has the same width. */
const STACKED = '(max-width: 1100px)';
const EVALUATE = 'try-evaluate';
const OF_NUMBERS = ['gt', 'gte', 'lt', 'lte'];

/** A form with the attributes that the rules ask for, all without a value. */
const asked = (flag) => {
  const kinds = new Map(flag.targeting_rules.flatMap((rule) => rule.conditions).filter((one) => one.attribute && !['user_key', 'user_id', 'userId', 'session_id'].includes(one.attribute))
    .map((one) => [one.attribute, OF_NUMBERS.includes(one.operator) ? 'number' : 'text']));
  return { user: '', others: {}, form: [...kinds].map(([name, kind]) => row(name, kind)), text: '', mode: 'form' };
};

const whole = (draft) => {
  const context = contextOf(draft);
  return context ? { ...draft, text: pretty(context) } : draft;
};

export function tryIt({ key, flag }) {
  const store = kept(place.project.peek()?.id, key);
  const before = store.read();
  const recent = signal(before.recent ?? []);
  const draft = signal(before.draft ? { ...before.draft, form: before.draft.form.map((one) => row(one.name, one.kind, one.value)) } : null);
  let context = before.asked ?? null;
  const answer = resource(async () => {
    const environment = place.environment.peek();
    return { environment, ...(await api.post(path`/flags/${key}/explain`, { context }, { query: { environment_id: environment.id } })).data };
  });
  /** Whether the tab has no room for what is in the form. */
  const lost = signal(false);
  const keep = () => { lost.value = !store.write({ draft: draft.peek(), recent: recent.peek(), asked: context }); };
  const set = (next) => { draft.value = next; keep(); };

  const stopDraft = effect(() => {
    if (!draft.value && flag.value) untracked(() => { draft.value = whole(asked(flag.peek())); });
  });
  const where = computed(() => (flag.value ? flag.value.environment_id : null));
  const stopAsk = effect(() => {
    if (where.value) untracked(() => { if (context) answer.load(); });
  });
  const stopLive = onChange(() => { if (context && place.environment.peek()) answer.load(); });

  const fault = () => (draft.value.mode === 'json' ? readContext(draft.value.text) : null);
  const current = () => (draft.value.mode === 'json' ? readContext(draft.value.text).context ?? null : contextOf(draft.value));

  async function evaluate() {
    const given = current();
    if (!given) return;
    context = given;
    recent.value = withFirst(recent.peek(), given);
    keep();
    await answer.load();
    if (window.matchMedia(STACKED).matches) document.querySelector('.try-answer')?.scrollIntoView({ block: 'start' });
  }

  async function copy(given) {
    await navigator.clipboard.writeText(curl(key, given));
    toast('The command is copied. Put an API key of the environment in place of YOUR_KEY.');
  }

  function again(given) {
    const form = formOf(given);
    batch(() => set({ ...draft.peek(), ...form, text: pretty(given) }));
    once(EVALUATE, evaluate);
  }

  const typed = (text) => {
    const read = readContext(text);
    set({ ...draft.peek(), ...(read.context ? formOf(read.context) : {}), text });
  };
  const goTo = (at) => () => {
    const area = document.getElementById(JSON_FIELD);
    area.focus();
    area.setSelectionRange(at, at + 1);
  };

  const names = () => [...new Set([...(flag.value?.targeting_rules ?? []).flatMap((rule) => rule.conditions.map((one) => one.attribute)), ...recent.value.flatMap((one) => Object.keys(one.attributes ?? {}))].filter(Boolean))];
  const form = contextForm({ state: () => draft.value, change: (parts) => set(whole({ ...draft.peek(), ...parts })), names });

  const json = () => {
    const wrong = fault();
    const error = wrong?.message && html`${wrong.message}${wrong.at === undefined ? nothing : html` <button type="button" class="link" @click=${goTo(wrong.at)}>Go there</button>`}`;
    return field({ id: JSON_FIELD, label: 'Context as JSON', mono: true, rows: 14, value: draft.value.text, onInput: typed, error });
  };

  const modes = () => html`<div class="row tight" role="group" aria-label="How the context is shown">${[['form', 'Form'], ['json', 'JSON']].map(([name, label]) => button({
    label, kind: 'quiet', small: true, pressed: draft.value.mode === name, disabled: draft.value.mode !== name && !current(), name: `try-${name}`,
    title: draft.value.mode !== name && !current() ? 'First correct what is wrong here.' : undefined, onClick: () => set({ ...draft.peek(), mode: name }),
  }))}</div>`;

  const last = () => (recent.value.length ? html`<section class="stack tight"><h3>Tried before</h3><ul class="try-recent">${recent.value.map((one) => html`<li>
    <button type="button" class="button quiet small" title=${sayContext(one)} @click=${() => again(one)}>${icon('undo')}<span class="cut">${sayContext(one)}</span></button></li>`)}</ul></section>` : nothing);

  const input = () => html`<form class="stack" aria-label="Context" @submit=${(event) => { event.preventDefault(); once(EVALUATE, evaluate); }}>
    <div class="row"><h2 class="grow">Context</h2>${modes()}</div>
    ${draft.value.mode === 'json' ? json() : form}
    ${lost.value ? unkept() : nothing}
    <div class="row">${button({ label: 'Evaluate', kind: 'primary', icon: 'play', type: 'submit', name: EVALUATE, disabled: !current() })}
      ${button({ label: 'Copy as curl', kind: 'quiet', icon: 'copy', disabled: !current(), work: () => copy(current()) })}</div>
    ${last()}</form>`;

  const refused = (error) => html`<div class="note danger" role="alert">${icon('warn')}<div><p>${error.message}</p>${error.fields?.map((one) => html`<p class="small">${one.field}: ${one.message}</p>`) ?? nothing}</div></div>`;

  /** The answer for the environment that is looked at. */
  const here = () => (answer.value?.environment.id === place.environment.value?.id ? answer.value : null);

  const output = () => html`<section class="try-answer stack" aria-label="Answer" aria-live="polite" aria-busy=${answer.pending ? 'true' : nothing}>
    ${answer.error ? refused(answer.error) : nothing}
    ${here() && flag.value ? explanation(flag.value, here()) : answer.pending ? skeleton(4) : answer.error ? nothing : html`<h2>Answer</h2>
      <p class="muted">Enter a context to see what it gets in ${environmentView(place.environment.value)}, and why. Nothing of it is counted in the statistics.</p>`}</section>`;

  const view = () => (draft.value ? html`<div class="try">${track(input)}${track(output)}</div>` : skeleton());
  return { view: () => track(view), close() { stopDraft(); stopAsk(); stopLive(); } };
}
