// A context for an evaluation, as a form and as JSON: one thing in two views. The form's rows are what was typed, so that
// nothing typed is lost where it is no value yet; the text is made of the rows, and the rows of the text, whenever they are whole.
import { jsonFault } from '../../../parts/json-fault.js';

/** What a value in the form can be. */
export const KINDS = [['text', 'Text'], ['number', 'Number'], ['boolean', 'True or false'], ['json', 'JSON']];
/** What a context may have besides the user's key and its attributes; the form leaves it alone. */
const OTHERS = ['user_id', 'userId', 'session_id', 'sessionId'];

let rows = 0;
/** A row of the form; each has an id of its own. */
export const row = (name = '', kind = 'text', value = '') => ({ id: ++rows, name, kind, value });

const kindOf = (value) => (typeof value === 'string' && value !== '' ? 'text' : ['number', 'boolean'].includes(typeof value) ? typeof value : 'json');
const rowOf = ([name, value]) => {
  const kind = kindOf(value);
  return row(name, kind, kind === 'text' ? value : JSON.stringify(value));
};

/** What is wrong with a row; null: nothing. `form` is all of them. */
export function rowFault(given, form) {
  if (given.value !== '' && given.name === '') return 'A value needs a name.';
  if (given.name !== '' && form.some((other) => other !== given && other.name === given.name)) return 'This name is there twice.';
  if (given.value === '' || given.kind === 'text') return null;
  if (given.kind === 'number') return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(given.value.trim()) && Number.isFinite(Number(given.value)) ? null : 'This is not a number.';
  return given.kind === 'json' ? jsonFault(given.value)?.message ?? null : null;
}

const valueOf = ({ kind, value }) => (kind === 'text' ? value : kind === 'number' ? Number(value) : JSON.parse(value));

/** The context that the form says, null where a row is wrong. A row without a value is left out. */
export function contextOf({ user, others, form }) {
  if (form.some((one) => rowFault(one, form))) return null;
  const attributes = Object.fromEntries(form.filter((one) => one.name !== '' && one.value !== '').map((one) => [one.name, valueOf(one)]));
  return { ...(user === '' ? {} : { user_key: user }), ...others, attributes };
}

/** The form of a context. */
export const formOf = (context) => ({
  user: context.user_key ?? '',
  others: Object.fromEntries(OTHERS.filter((name) => context[name] !== undefined).map((name) => [name, context[name]])),
  form: Object.entries(context.attributes ?? {}).map(rowOf),
});

const plain = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What this text says as a context: `{ context }`, or `{ at?, message }` where it is none. */
export function readContext(text) {
  const fault = jsonFault(text);
  if (fault) return fault;
  const context = JSON.parse(text);
  if (!plain(context)) return { message: 'A context is an object: {"user_key": …, "attributes": {…}}.' };
  const unknown = Object.keys(context).find((name) => !['user_key', 'attributes', ...OTHERS].includes(name));
  if (unknown !== undefined) return { message: `A context has no “${unknown}” of its own. Put it into “attributes”.` };
  const name = ['user_key', ...OTHERS].find((one) => context[one] !== undefined && typeof context[one] !== 'string');
  if (name) return { message: `“${name}” must be a text.` };
  if (context.attributes !== undefined && !plain(context.attributes)) return { message: '“attributes” must be an object.' };
  return { context };
}
