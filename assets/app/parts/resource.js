// Something that is fetched: its value, whether it is on the way, and how it failed. Fetching again keeps what is shown.
import { html, signal, batch, track } from '../kit.js';
import { fault, skeleton } from './state.js';

/** `resource(async () => (await api.get(...)).data)`. Read `.value`, `.error`, `.pending`; call `.load()`. */
export function resource(fetcher) {
  const value = signal(null);
  const error = signal(null);
  const pending = signal(false);
  let turn = 0;
  let latest = null;
  const run = async (mine) => {
    pending.value = true;
    try {
      const next = await fetcher();
      if (mine === turn) batch(() => { value.value = next; error.value = null; });
    } catch (cause) {
      if (cause?.name !== 'ApiError') console.error(cause);
      if (mine === turn) error.value = cause;
    }
    // Who asked before somebody else did waits for what is shown in the end.
    if (mine !== turn) return latest;
    pending.value = false;
    return value.peek();
  };
  return {
    get value() { return value.value; },
    set value(next) { value.value = next; },
    get error() { return error.value; },
    get pending() { return pending.value; },
    peek: () => value.peek(),
    load() {
      latest = run(++turn);
      return latest;
    },
  };
}

/** Shows a resource: bones, then `view(value)`; where it failed, what was said. */
export const shown = (source, view, { rows = 6 } = {}) => track(() => {
  if (source.value !== null) return view(source.value);
  if (source.error) return fault(source.error, () => source.load());
  return html`${skeleton(rows)}`;
});
