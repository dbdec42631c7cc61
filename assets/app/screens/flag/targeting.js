// Who gets what: the switches of all environments, and the rules of the one that is looked at.
import { html, nothing, signal, track } from '../../kit.js';
import * as place from '../../store/place.js';
import { refusal, switchFlag } from '../../store/switching.js';
import { environment as environmentView, variation } from '../../parts/chip.js';
import { pretty } from '../../parts/json.js';
import { toggle } from '../../parts/toggle.js';
import { ruleSentence } from './sentence.js';

export function targeting({ flags, show }) {
  const pending = signal(new Set());

  const flip = (flag, environment, on) => switchFlag(flag, environment, on, (enabled, waiting) => {
    show(environment, { ...flags.peek().get(environment.id), enabled });
    const names = new Set(pending.peek());
    names[waiting ? 'add' : 'delete'](environment.id);
    pending.value = names;
  });

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

  const page = () => {
    const environment = place.environment.value;
    const flag = environment && flags.value?.get(environment.id);
    if (!flag) return nothing;
    return html`${switches(flags.value)}${rules(flag, environment)}${variations(flag)}
      <p class="muted small">Rules and variations are changed with <a href="/docs#/Flags/updateFlag">the API</a>.</p>`;
  };

  return { view: () => track(page) };
}
