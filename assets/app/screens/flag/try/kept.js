// What was tried with a flag, as long as this tab lives: what is in the form, and the last contexts.
import * as tab from '../../../store/tab.js';

const MOST = 6;

/** What is kept for this flag: `read()` answers `{ draft, recent, asked }`, `write` takes them. */
export function kept(project, flag) {
  const name = `try ${project} ${flag}`;
  return { read: () => tab.read(name) ?? {}, write: (value) => tab.write(name, value) };
}

/** The last contexts with this one first, each once. */
export const withFirst = (recent, context) => {
  const text = JSON.stringify(context);
  return [context, ...recent.filter((other) => JSON.stringify(other) !== text)].slice(0, MOST);
};

/** A context in a few words. */
export function sayContext(context) {
  const who = context.user_key ?? context.user_id ?? context.userId ?? context.session_id ?? context.sessionId ?? 'nobody';
  const attributes = Object.entries(context.attributes ?? {}).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [who, ...attributes].join(' · ');
}
