// The shares of a rollout: a slider and a number for each variation, and what is left for the next rules. They are always 100
// in sum: what one gets, the others give. Shares are counted in thousandths, so that no sum is almost right.
import { html, css } from '../../../kit.js';
import { variation } from '../../../parts/chip.js';

const WHOLE = 100_000;
/** The finest part of a share that each algorithm of bucketing can tell apart. */
const UNIT = { djb2: 1_000, murmur3: 1 };

const percent = (parts) => parts / 1_000;
export const unitOf = (flag) => UNIT[flag.bucketing?.algorithm] ?? 1_000;

/** Takes `amount` from these shares (gives it, where it is negative), in proportion to them and in whole units. */
function spread(shares, amount, unit) {
  const sum = shares.reduce((a, b) => a + b, 0);
  const weights = sum > 0 ? shares : shares.map((_share, at) => (at === 0 ? 1 : 0));
  const total = weights.reduce((a, b) => a + b, 0);
  const next = shares.map((share, at) => share - Math.trunc((amount * weights[at]) / total / unit) * unit);
  let left = amount - (sum - next.reduce((a, b) => a + b, 0));
  for (let at = 0; left !== 0 && at < next.length; at += 1) {
    const step = left > 0 ? Math.min(left, next[at]) : left;
    next[at] -= step;
    left -= step;
  }
  return next;
}

/** The shares when number `at` is set to `to`, where the last is what is left. What was left is given first; and what is taken
 *  back goes there, if there was something left before. All are thousandths of a percent. */
export function moved(shares, at, to, unit) {
  const wanted = Math.min(WHOLE, Math.max(0, Math.round(to / unit) * unit));
  const rest = shares.length - 1;
  const next = [...shares];
  next[at] = wanted;
  let amount = wanted - shares[at];
  if (at !== rest && shares[rest] > 0) {
    const given = amount > 0 ? Math.min(amount, shares[rest]) : amount;
    next[rest] -= given;
    amount -= given;
  }
  const others = next.map((_share, other) => other).filter((other) => other !== at && other !== rest);
  // With a single variation there is nobody but the next rules to take what it gives.
  if (others.length === 0) next[rest] -= at === rest ? 0 : amount;
  spread(others.map((other) => next[other]), amount, unit).forEach((share, place) => { next[others[place]] = share; });
  return next;
}

/** The variations of a flag in the order of a rollout, then those that it does not name. */
const named = (flag, rollout) => [...rollout.map((one) => one.variation), ...flag.variations.map((one) => one.key).filter((key) => !rollout.some((one) => one.variation === key))];

/** A rollout that gives everybody one variation. */
export const everybody = (key) => [{ variation: key, percentage: 100 }];

/** The sliders. `onChange(percentage_rollout)`. */
export function rolloutEditor({ id, flag, rollout, onChange, error }) {
  const keys = named(flag, rollout);
  const given = keys.map((key) => Math.round((rollout.find((one) => one.variation === key)?.percentage ?? 0) * 1_000));
  const shares = [...given, Math.max(0, WHOLE - given.reduce((a, b) => a + b, 0))];
  const unit = unitOf(flag);
  const set = (at) => (event) => {
    const to = Number(event.target.value);
    if (event.target.value === '' || Number.isNaN(to)) return;
    const next = moved(shares, at, to * 1_000, unit);
    onChange(keys.map((key, place) => ({ variation: key, percentage: percent(next[place]) })).filter((one, place) => one.percentage > 0 || place < rollout.length));
  };
  const row = (words, name, at) => html`<li class="share"><span class="share-name cut">${words}</span>
    <input type="range" id="${id}-${at}-slider" min="0" max="100" step=${percent(unit) < 1 ? 0.1 : 1} .value=${String(percent(shares[at]))} aria-label="Share of ${name}" aria-valuetext="${percent(shares[at])} %" @input=${set(at)}>
    <span class="share-number"><input type="number" id="${id}-${at}-number" min="0" max="100" step=${percent(unit)} .value=${String(percent(shares[at]))} aria-label="Percentage of ${name}" @change=${set(at)}> %</span></li>`;
  return html`<div class="stack tight" role="group" aria-label="Shares"><div class="share-bar" aria-hidden="true">${keys.map((key, at) => html`<span class="swatch c${Math.max(0, flag.variations.findIndex((one) => one.key === key)) % 8}" ${css({ width: `${percent(shares[at])}%` })}></span>`)}</div>
    <ul class="shares">${keys.map((key, at) => row(variation(flag, key), flag.variations.find((one) => one.key === key)?.name || key, at))}
      ${row(html`<span class="muted">The next rules decide</span>`, 'the next rules', keys.length)}</ul>
    ${error ? html`<p class="fault">${error}</p>` : ''}</div>`;
}
