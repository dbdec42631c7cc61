// Statistics: how often the flag was served in each environment, which variations and why. No stream tells of evaluations, so
// they are read again now and then while the window is looked at.
import { html, nothing, effect, signal, track, untracked } from '../../kit.js';
import * as place from '../../store/place.js';
import { PERIODS, readStats } from '../../store/stats.js';
import { button } from '../../parts/button.js';
import { environment as environmentView, variation } from '../../parts/chip.js';
import { columns } from '../../parts/columns.js';
import { copyBlock } from '../../parts/copy.js';
import { resource, shown } from '../../parts/resource.js';
import { sparkline } from '../../parts/sparkline.js';
import { empty, skeleton } from '../../parts/state.js';
import { ago, count } from '../../parts/time.js';
import { curl } from './try/curl.js';

const REASONS = {
  TARGETING_RULE: 'A rule matched', PERCENTAGE_ROLLOUT: 'A share of a rule', DEFAULT: 'No rule decided', DISABLED: 'The flag was off', PREREQUISITE: 'A prerequisite was not met', REPORTED: 'Reported by applications',
};
const AGAIN_MS = 30_000;

const hour = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const dayHour = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: 'numeric' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
/** How moments are said below the chart, and where there is room. Days of the last one are counted back from this hour. */
const FORMATS = { '1h': hour, '24h': hour, '7d': day, '30d': day };
const EXACT = { '1h': hour, '24h': dayHour, '7d': dayHour, '30d': dayHour };

const share = (part, whole) => (whole ? `${((part / whole) * 100).toFixed(part === whole ? 0 : 1)} %` : '0 %');
const inOrder = (flag, counts) => [...flag.variations.map((one) => one.key), ...counts.map((one) => one.variation_key).filter((key) => !flag.variations.some((one) => one.key === key))];
const colorOf = (flag, key) => {
  const at = flag.variations.findIndex((one) => one.key === key);
  return at < 0 ? 'rest' : `c${at % 8}`;
};
const nameOf = (flag, key) => flag.variations.find((one) => one.key === key)?.name || key;

function chart(flag, stats) {
  const say = FORMATS[stats.period];
  const keys = inOrder(flag, stats.variations);
  const points = stats.series.map((one) => ({
    label: say.format(new Date(one.from)),
    title: `From ${EXACT[stats.period].format(new Date(one.from))}: ${count(one.evaluations)}${keys.filter((key) => one.variations[key]).map((key) => `, ${nameOf(flag, key)} ${count(one.variations[key])}`).join('')}`,
    parts: keys.map((key) => ({ color: colorOf(flag, key), value: one.variations[key] ?? 0 })),
  }));
  return columns(points, `Evaluations over time: ${count(stats.evaluations)} in all. The table below has the numbers.`);
}

const variations = (flag, stats) => html`<ul class="settings-list" aria-label="By variation">${inOrder(flag, stats.variations).map((key) => {
  const times = stats.variations.find((one) => one.variation_key === key)?.evaluations ?? 0;
  return html`<li class="stat-row"><span class="grow">${variation(flag, key)}</span>${sparkline(stats.series.map((one) => one.variations[key] ?? 0), `times ${nameOf(flag, key)}`)}
    <span class="num">${count(times)}</span><span class="num muted">${share(times, stats.evaluations)}</span></li>`;
})}</ul>`;

const reasons = (stats) => html`<ul class="settings-list" aria-label="By reason">${[...stats.reasons].sort((a, b) => b.evaluations - a.evaluations).map((one) => html`<li class="stat-row">
  <span class="grow">${REASONS[one.reason] ?? one.reason}</span><span class="num">${count(one.evaluations)}</span><span class="num muted">${share(one.evaluations, stats.evaluations)}</span></li>`)}</ul>`;

function table(flag, stats) {
  const keys = inOrder(flag, stats.variations);
  const say = EXACT[stats.period];
  return html`<details class="past"><summary>As a table</summary><div class="scroll-x" tabindex="0" role="region" aria-label="Evaluations over time"><table><thead><tr><th scope="col">From</th><th scope="col" class="num">All</th>${keys.map((key) => html`<th scope="col" class="num">${nameOf(flag, key)}</th>`)}</tr></thead>
    <tbody>${stats.series.map((one) => html`<tr><th scope="row">${say.format(new Date(one.from))}</th><td class="num">${count(one.evaluations)}</td>${keys.map((key) => html`<td class="num">${count(one.variations[key] ?? 0)}</td>`)}</tr>`)}</tbody></table></div></details>`;
}

export function statistics({ key, flag, flags }) {
  const period = signal('24h');
  const stats = resource(() => readStats(key, place.environments.peek(), period.peek()));
  const stop = effect(() => {
    if (place.environments.value && period.value) untracked(() => stats.load());
  });
  const again = () => { if (document.visibilityState === 'visible' && place.environments.peek()) stats.load(); };
  const timer = setInterval(again, AGAIN_MS);
  window.addEventListener('focus', again);

  const periods = () => html`<div class="row tight" role="group" aria-label="The last">${PERIODS.map(([name, label]) => button({
    label, kind: 'quiet', small: true, name: `period ${name}`, pressed: period.value === name, onClick: () => { period.value = name; },
  }))}</div>`;

  const places = ({ of }) => html`<ul class="stat-places" aria-label="Environments">${place.environments.value.filter((one) => of.has(one.id)).map((one) => {
    const there = of.get(one.id);
    const last = flags.value?.get(one.id)?.last_evaluated_at;
    return html`<li><a href="?env=${one.key}" aria-current=${one === place.environment.value ? 'true' : nothing}><span class="row"><span class="grow">${environmentView(one)}</span>${sparkline(there.series.map((point) => point.evaluations), `evaluations in ${one.name}`)}</span>
      <span class="stat-number">${count(there.evaluations)}</span><span class="small muted">${last ? html`last evaluated ${ago(last)}` : 'never evaluated'}</span></a></li>`;
  })}</ul>`;

  const none = (environment, text) => empty({
    title: `Not evaluated in ${environment.name} in the last ${text.toLowerCase()}`,
    text: 'Evaluations are counted when a program asks this server for the flag, and when one that evaluates by itself reports what it served. Ask once, and it is here within a minute:',
    action: html`<div class="stack grow">${copyBlock(curl(key, { user_key: 'somebody' }), 'Copy the command')}<p class="small muted">The key is one of ${environment.name}: <a href="${place.to`settings/api-keys`}${place.query()}">Settings, API keys</a>.</p></div>`,
  });

  const one = (all) => {
    const environment = place.environment.value;
    const there = environment && all.of.get(environment.id);
    if (!there || !flag.value) return nothing;
    if (there.evaluations === 0) return none(environment, PERIODS.find(([name]) => name === there.period)[1]);
    return html`<section class="stack" aria-label="In ${environment.name}"><h3>${environmentView(environment)}</h3>${chart(flag.value, there)}
      <div class="stat-halves"><section class="stack tight"><h3>By variation</h3>${variations(flag.value, there)}</section><section class="stack tight"><h3>Why</h3>${reasons(there)}</section></div>
      ${table(flag.value, there)}</section>`;
  };

  const body = (all) => html`${places(all)}${one(all)}`;
  const view = () => (place.environments.value ? html`<section class="stack flag-tab"><div class="row"><h2 class="grow">Evaluations</h2>${track(periods)}</div>${shown(stats, body)}</section>` : skeleton());
  return {
    view: () => track(view),
    close() {
      stop();
      clearInterval(timer);
      window.removeEventListener('focus', again);
    },
  };
}
