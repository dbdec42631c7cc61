// Where a text stops being JSON. The browser's own message names the place only for some faults, and for none in a way that
// every browser shares; so what it refused is read once more, up to the first character that cannot be.

const SPACE = /[ \t\r\n]*/y;
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- control characters are what a string may not have
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;

/** The index of the first character that is wrong, the text's length where it ends too early, -1 where nothing is wrong. */
export function faultAt(text) {
  let at = 0;
  const wrong = (index) => { throw index; };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const string = () => {
    take(STRING);
    if (text[at] !== '"') wrong(at);
    at += 1;
  };
  const members = (end, member) => {
    at += 1;
    take(SPACE);
    if (text[at] !== end) {
      member();
      while (text[at] === ',') {
        at += 1;
        take(SPACE);
        member();
      }
      if (text[at] !== end) wrong(at);
    }
    at += 1;
  };
  const value = () => {
    take(SPACE);
    if (text[at] === '{') members('}', () => { if (text[at] !== '"') wrong(at); string(); take(SPACE); if (text[at] !== ':') wrong(at); at += 1; value(); });
    else if (text[at] === '[') members(']', value);
    else if (text[at] === '"') string();
    else if (!take(WORD)) wrong(at);
    take(SPACE);
  };
  try {
    value();
    return at < text.length ? at : -1;
  } catch (index) {
    if (typeof index !== 'number') throw index;
    return index;
  }
}

/** What is wrong with this text as JSON, and where: `{ at, message }`; null: nothing. */
export function jsonFault(text) {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const at = faultAt(text);
    const before = text.slice(0, at).split('\n');
    const place = `line ${before.length}, column ${before.at(-1).length + 1}`;
    if (at >= text.length) return { at, message: 'This is not JSON yet: it ends too early.' };
    return { at, message: `This is not JSON yet: ${text[at] === '\n' ? 'the end of the line' : `“${text[at]}”`} is not expected in ${place}.` };
  }
}
