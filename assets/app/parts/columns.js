// Columns over time, each of parts on top of one another: a small chart with its highest value and three moments. Beside it
// stands a table, for those who want numbers or do not see it.
import { html, svg } from '../kit.js';
import { count } from './time.js';

const HEIGHT = 100;
const WIDTH = 0.78;

/** A round number that is not below this one. */
function roof(number) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, number)));
  return size * [1, 2, 5, 10].find((step) => step * size >= number);
}

function column(point, at, top) {
  let below = 0;
  return svg`<g><title>${point.title}</title><rect class="hit" x=${at} y="0" width="1" height=${HEIGHT}></rect>${point.parts.map(({ color, value }) => {
    const height = (value / top) * HEIGHT;
    below += height;
    return svg`<rect class=${color} x=${at + (1 - WIDTH) / 2} y=${HEIGHT - below} width=${WIDTH} height=${height}></rect>`;
  })}</g>`;
}

/** `points`: `{ label, title, parts: [{ color, value }] }`, oldest first; `label` says what the whole shows. */
export function columns(points, label) {
  const top = roof(Math.max(1, ...points.map((point) => point.parts.reduce((sum, one) => sum + one.value, 0))));
  const middle = Math.floor((points.length - 1) / 2);
  const marks = points.length > 2 ? [points[0], points[middle], points.at(-1)] : points;
  return html`<figure class="columns"><div class="columns-body"><div class="columns-scale small muted" aria-hidden="true"><span>${count(top)}</span><span>${top > 1 ? count(top / 2) : ''}</span><span>0</span></div>
    <svg viewBox="0 0 ${points.length} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}>${[0, HEIGHT / 2, HEIGHT].map((y) => svg`<line x1="0" x2=${points.length} y1=${y} y2=${y}></line>`)}
      ${points.map((point, at) => column(point, at, top))}</svg></div>
    <div class="columns-marks small muted" aria-hidden="true">${marks.map((point) => html`<span>${point.label}</span>`)}</div></figure>`;
}
