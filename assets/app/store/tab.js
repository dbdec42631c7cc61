// What a tab keeps of its reader until it is closed: the only place that knows the tab's store. Whose it is, is part of each name, so
// that nobody sees what another reader left. There is a limit to it: what was not written to for the longest time is forgotten first.

/** How much is kept, in characters: of one thing, and of all of them. A store has room for some five million. */
const MOST_OF_ONE = 1_000_000;
const MOST_OF_ALL = 3_000_000;

const ALL = 'phaseflag.';
const address = (reader, name) => `${ALL}kept.${reader} ${name}`;

/** The account's id; null while nobody is signed in, and then nothing is read or written. */
let reader = null;

/** The store of the tab; null where the browser has none for us. */
function store() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

const ours = (start = ALL) => Object.keys(store() ?? {}).filter((name) => name.startsWith(start));

/** Reads and writes for this account from now on. What another one left is forgotten. */
export function readBy(id) {
  reader = id;
  const mine = new Set(ours(address(id, '')));
  for (const name of ours()) if (!mine.has(name)) store().removeItem(name);
}

/** Nobody reads any more: what is kept waits for the same reader. */
export function leave() {
  reader = null;
}

/** Nobody reads any more, and nothing is kept. */
export function wipe() {
  leave();
  for (const name of ours()) store().removeItem(name);
}

/** What is kept under this name; null: nothing. */
export function read(name) {
  const text = reader === null ? null : store()?.getItem(address(reader, name));
  if (!text) return null;
  try {
    return JSON.parse(text.slice(text.indexOf(' ')));
  } catch {
    return null;
  }
}

/** Forgets what is kept under this name. */
export function forget(name) {
  if (reader !== null) store()?.removeItem(address(reader, name));
}

/** Keeps this under the name, in place of what was, and answers whether it could. Where there is no room for it nothing is left
 *  there: what was before is not what was last. */
export function write(name, value) {
  const tab = store();
  if (reader === null || !tab) return false;
  const own = address(reader, name);
  // When it was written comes first, so that the age of a thing is known without reading it.
  const text = `${Date.now()} ${JSON.stringify(value)}`;
  if (text.length > MOST_OF_ONE) {
    tab.removeItem(own);
    return false;
  }
  const others = ours().filter((one) => one !== own).map((one) => {
    const held = tab.getItem(one);
    return { name: one, length: held.length, at: Number.parseInt(held, 10) };
  }).sort((a, b) => a.at - b.at);
  let length = others.reduce((sum, one) => sum + one.length, text.length);
  const forgetOldest = () => {
    const oldest = others.shift();
    length -= oldest.length;
    tab.removeItem(oldest.name);
  };
  while (others.length && length > MOST_OF_ALL) forgetOldest();
  for (;;) {
    try {
      tab.setItem(own, text);
      return true;
    } catch {
      // The tab has less room than we would take.
      tab.removeItem(own);
      if (!others.length) return false;
      forgetOldest();
    }
  }
}
