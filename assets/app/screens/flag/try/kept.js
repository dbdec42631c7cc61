// What was tried with a flag, as long as this window lives: what is in the form, and the last contexts.

const MOST = 6;

/** What is kept for this flag: `read()` answers `{ draft, recent }`, `write` takes them. */
export function kept(project, flag) {
  const name = `phaseflag.try.${project}.${flag}`;
  return {
    read() {
      try {
        return JSON.parse(sessionStorage.getItem(name)) ?? {};
      } catch {
        return {};
      }
    },
    write(value) {
      try {
        sessionStorage.setItem(name, JSON.stringify(value));
      } catch {
        // The window has no room left: what is on the page stays there.
      }
    },
  };
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
