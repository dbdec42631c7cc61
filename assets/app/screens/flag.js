// The page of a flag: what it is, where it is on, what it can serve, and who gets what in the environment that is looked at.
// Switching is done here; everything else of a flag is changed with the API, which is said at the end of the page.
import { html, nothing, effect, signal, track, untracked } from '../kit.js';
import * as api from '../api.js';
import { onChange } from '../live.js';
import * as place from '../store/place.js';
import { refusal, switchFlag } from '../store/switching.js';
import { chip, environment as environmentView, variation } from '../parts/chip.js';
import { copyButton } from '../parts/copy.js';
import { pretty } from '../parts/json.js';
import { resource, shown } from '../parts/resource.js';
import { ago } from '../parts/time.js';
import { toggle } from '../parts/toggle.js';
import { ruleSentence } from './flag/sentence.js';

const TYPES = { boolean: 'Boolean', string: 'String', number: 'Number', json: 'JSON' };

/** The flag as each of the environments shows it, by the environment's id. */
async function views(key, environments) {
  const read = (environment) => api.get(`/flags/${encodeURIComponent(key)}`, { environment_id: environment.id });
  const answers = await Promise.all(environments.map(read));
  return new Map(environments.map((environment, at) => [environment.id, answers[at].data]));
}

export function open({ params }) {
  const flags = resource(() => views(params.flag, place.environments.peek()));
  const pending = signal(new Set());
  const stopLoad = effect(() => {
    if (place.environments.value) untracked(() => flags.load());
  });
  const stopLive = onChange((change) => {
    if (!change.flag_key || change.flag_key === params.flag) flags.load();
  });

  const flip = (flag, environment, on) => switchFlag(flag, environment, on, (enabled, waiting) => {
    const next = new Map(flags.peek());
    next.set(environment.id, { ...next.get(environment.id), enabled });
    flags.value = next;
    const names = new Set(pending.peek());
    names[waiting ? 'add' : 'delete'](environment.id);
    pending.value = names;
  });

  const head = (flag) => html`<div class="page-head"><h1 class="wrap">${flag.name}</h1>
      ${flag.lifecycle?.stage === 'stale' ? chip('stale', 'warn', flag.lifecycle.because) : nothing}${flag.status !== 'active' ? chip(flag.status) : nothing}</div>
    <p class="row muted"><code class="wrap">${flag.key}</code>${copyButton(flag.key, 'Copy the key')}<span>${TYPES[flag.flag_type]}</span>${flag.tags.map((tag) => chip(tag))}<span class="small">changed ${ago(flag.updated_at)}</span></p>
    ${flag.description ? html`<p class="wrap">${flag.description}</p>` : nothing}`;

  const switches = (all) => html`<section class="stack"><h2>Environments</h2><ul class="flag-places">${place.environments.value.map((environment) => {
    const flag = all.get(environment.id);
    if (!flag) return nothing;
    const why = refusal(flag, environment);
    return html`<li class="row">${toggle({
      on: flag.enabled, label: `${flag.name} in ${environment.name}`, why: why ?? undefined, disabled: Boolean(why),
      pending: pending.value.has(environment.id), onToggle: (on) => flip(flag, environment, on),
    })}<a class="grow" href="?env=${environment.key}" aria-current=${environment === place.environment.value ? 'true' : nothing}>${environmentView(environment)}</a>
      <span class="small muted">${flag.targeting_rules.length === 1 ? '1 rule' : `${flag.targeting_rules.length} rules`}</span></li>`;
  })}</ul></section>`;

  const rules = (flag, environment) => html`<section class="stack"><h2>Who gets what in ${environment.name}</h2>
    ${flag.enabled ? nothing : html`<p class="note">It is off there: everybody gets ${variation(flag, flag.default_variation)}.</p>`}
    ${flag.prerequisites.length ? html`<p class="wrap">Only where ${flag.prerequisites.map((one, at) => html`${at ? ' and ' : ''}<code>${one.flag_key}</code> serves <code>${one.variation_key}</code>`)}; everybody else gets ${variation(flag, flag.default_variation)}.</p>` : nothing}
    <ol class="flag-rules">${[...flag.targeting_rules].sort((a, b) => a.priority - b.priority).map((rule) => html`<li class="wrap">${ruleSentence(flag, rule)}</li>`)}
      <li class="wrap">${flag.targeting_rules.length ? 'Everybody else gets' : 'Everybody gets'} ${variation(flag, flag.default_variation)}.</li></ol>
    ${flag.warnings.map((warning) => html`<p class="note warn wrap">${warning.message}</p>`)}</section>`;

  const variations = (flag) => html`<section class="stack"><h2>Variations</h2><ul class="flag-variations">${flag.variations.map((one) => html`<li class="stack">
    <span class="row">${variation(flag, one.key)}<span class="muted small mono wrap">${one.key}</span></span><pre class="code" tabindex="0"><code>${pretty(one.value)}</code></pre></li>`)}</ul></section>`;

  const page = (all) => {
    const environment = place.environment.value;
    const flag = environment && all.get(environment.id);
    if (!flag) return nothing;
    return html`${head(flag)}${switches(all)}${rules(flag, environment)}${variations(flag)}
      <p class="muted small">Rules and variations are changed with <a href="/docs#/Flags/updateFlag">the API</a>.</p>`;
  };

  return {
    title: () => flags.value?.values().next().value?.name ?? params.flag,
    close() {
      stopLoad();
      stopLive();
    },
    view: () => html`<div class="page flag-page">${shown(flags, (all) => track(() => page(all)))}</div>`,
  };
}
