// Moments as people say them: "5 min ago", with the exact one behind it.
import { html, nothing, signal } from '../kit.js';

const STEPS = [[60, 'second', 1], [3600, 'minute', 60], [86_400, 'hour', 3600], [30 * 86_400, 'day', 86_400], [365 * 86_400, 'month', 30 * 86_400], [Infinity, 'year', 365 * 86_400]];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

const minute = signal(Date.now());
setInterval(() => { minute.value = Date.now(); }, 30_000);

export function sayAgo(moment) {
  const seconds = (new Date(moment).getTime() - minute.value) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return 'just now';
  const [, unit, length] = STEPS.find(([limit]) => size < limit);
  return relative.format(Math.round(seconds / length), unit);
}

export const sayExactly = (moment) => exact.format(new Date(moment));
export const sayDay = (moment) => day.format(new Date(moment));
/** A moment of the past; nothing for none. */
export const ago = (moment, none = nothing) => (moment ? html`<time datetime=${moment} title=${sayExactly(moment)}>${sayAgo(moment)}</time>` : none);
export const count = (number) => number.toLocaleString('en');
