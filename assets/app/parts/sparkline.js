// A line without axes: how much something was used lately.
import { html, svg } from '../kit.js';
import { count } from './time.js';

const WIDTH = 72;
const HEIGHT = 20;

/** `values` oldest first; `label` is said with the total. */
export function sparkline(values, label = 'evaluations in 24 hours') {
  const total = values.reduce((sum, value) => sum + value, 0);
  const most = Math.max(...values, 1);
  const step = WIDTH / Math.max(1, values.length - 1);
  const y = (value) => (HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1);
  const line = values.map((value, at) => `${at ? 'L' : 'M'}${(at * step).toFixed(1)} ${y(value)}`).join('');
  return html`<svg class="sparkline ${total ? '' : 'flat'}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${count(total)} ${label}">
    <title>${count(total)} ${label}</title>
    ${total ? svg`<path class="area" d="${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z"></path><path d=${line}></path>` : svg`<path d="M0 ${HEIGHT - 2}H${WIDTH}"></path>`}</svg>`;
}
