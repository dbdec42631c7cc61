// What is typed as the value of a variation and is no value yet. It belongs to the variation's row, and survives a reload; where somebody
// else changed that value meanwhile, or took the variation away, it is said.
import { html, signal } from '../../../kit.js';
import { keep } from '../../../store/kept.js';
import { button } from '../../../parts/button.js';
import { brief } from '../../../parts/json.js';
import { rowOf } from './merge.js';

/** Answers `{ begin(name), of(one), set(one, text, name), drop(row), any(list), forget, meanwhile(one), left(list, onForget), close }`, where
 *  `one` is a variation as it is edited and `list` are all of them. `begin` takes up what was left under this name, and answers whether
 *  there was something. */
export function unfinished() {
  /** By the row: `{ text, name, was }`, where `was` is the value that it is to replace. */
  const texts = signal({});
  let known = null;
  let kept = null;

  const drop = (row) => {
    const { [row]: _gone, ...others } = texts.peek();
    texts.value = others;
  };

  return {
    begin(name) {
      if (known === name) return false;
      kept?.stop();
      known = name;
      texts.value = {};
      kept = keep(name, { texts });
      kept.begin();
      return Object.keys(texts.peek()).length > 0;
    },
    of: (one) => texts.value[rowOf(one)]?.text,
    set(one, text, name) {
      const row = rowOf(one);
      texts.value = { ...texts.peek(), [row]: { text, name, was: texts.peek()[row]?.was ?? JSON.stringify(one.value) } };
    },
    drop,
    any: (list) => list.some((one) => texts.value[rowOf(one)]),
    forget: () => { texts.value = {}; },
    /** What to say where somebody else changed the value; undefined: nothing. */
    meanwhile(one) {
      const { was = JSON.stringify(one.value) } = texts.value[rowOf(one)] ?? {};
      return was === JSON.stringify(one.value) ? undefined : html`Meanwhile it became <code>${brief(one.value)}</code>. What you type here replaces that.`;
    },
    /** The texts whose variation is gone: they are told, and not lost before the reader says so. */
    left: (list, onForget) => Object.entries(texts.value).filter(([row]) => !list.some((one) => rowOf(one) === row)).map(([row, { text, name }]) => html`<div class="note warn" role="status">
      <div class="stack tight grow"><p class="wrap">This was typed as the value of <strong>${name}</strong>, which is not there any more:</p><pre class="code" tabindex="0"><code>${text}</code></pre>
      <div>${button({ label: 'Forget it', name: `forget ${row}`, small: true, onClick: () => { drop(row); onForget(); } })}</div></div></div>`),
    close: () => kept?.stop(),
  };
}
