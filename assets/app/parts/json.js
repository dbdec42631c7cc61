// Values as JSON: how they are written in one line, and a field that says where a text stops being JSON.
import { field } from './field.js';

/** A value in one line, cut where it would be long. */
export function brief(value, most = 80) {
  const text = typeof value === 'string' ? `“${value}”` : JSON.stringify(value) ?? 'nothing';
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export const pretty = (value) => JSON.stringify(value, null, 2) ?? '';

/** What is wrong with this text as a value of this kind of flag; null: nothing. */
export function checkValue(text, type) {
  if (type === 'string') return null;
  if (text.trim() === '') return 'A value is needed.';
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return where(text, error);
  }
  if (type === 'number') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'This is not a number.';
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'Whole numbers go up to 9007199254740991.';
  }
  if (type === 'json' && (typeof value !== 'object' || value === null)) return 'A JSON value is an object {…} or a list […].';
  if (type === 'boolean' && typeof value !== 'boolean') return 'This is true or false.';
  return null;
}

function where(text, error) {
  const at = /position (\d+)/.exec(error.message)?.[1];
  if (at === undefined) return /end of/i.test(error.message) ? 'Not JSON yet: it ends too early.' : `Not JSON yet: ${error.message.split(' in JSON')[0]}.`;
  const before = text.slice(0, Number(at)).split('\n');
  return `Not JSON yet: line ${before.length}, column ${before.at(-1).length + 1} is not expected there.`;
}

export const toText = (value, type) => (type === 'string' ? String(value ?? '') : type === 'json' ? pretty(value) : JSON.stringify(value) ?? '');
export const fromText = (text, type) => (type === 'string' ? text : JSON.parse(text));

/** A field for a value; what is wrong shows while it is typed. */
export const valueField = ({ text, type, onInput, error, ...rest }) => field({
  ...rest, value: text, onInput, mono: true, rows: type === 'json' ? 6 : type === 'string' && text.length > 60 ? 3 : undefined,
  inputmode: type === 'number' ? 'decimal' : undefined, error: checkValue(text, type) ?? error,
});
