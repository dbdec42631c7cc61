// Moments to come, in the reader's own time zone, which is said with them.

const moment = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A moment with its time zone. */
export const sayMoment = (at) => moment.format(new Date(at));

const two = (number) => String(number).padStart(2, '0');

/** A moment as a field of the kind `datetime-local` has it. */
export function toLocal(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Whether a field's text is a moment. */
export const isLocal = (text) => text !== '' && !Number.isNaN(new Date(text).getTime());

/** The moment of such a field, in whole seconds and UTC, so many milliseconds later. */
export const fromLocal = (text, later = 0) => new Date(new Date(text).getTime() + later).toISOString().replace(/\.\d+Z$/, 'Z');

/** How far away the next full hour must be, so that there is time to fill a form in. */
const SOON_MS = 5 * 60_000;

/** The next full hour that is not too soon. */
export function nextHour() {
  const date = new Date(Date.now() + SOON_MS);
  date.setHours(date.getHours() + 1, 0, 0, 0);
  return toLocal(date);
}
