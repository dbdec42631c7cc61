// A segment that is being edited: what the server has, what the reader made of it, and what happens where both moved. The edits
// are kept in the tab, so that no reload loses them.
import { computed, signal } from '../../kit.js';
import { body, changes, fieldsOf, merge } from './merge.js';

const place = (id) => `phaseflag.draft.${id}`;

function restore(id) {
  try {
    return JSON.parse(sessionStorage.getItem(place(id)));
  } catch {
    return null;
  }
}

/** `source` is the resource of the segment. */
export function draftOf(source) {
  /** `{ base, mine }`: the segment as it was when the editing began, and the fields as they are now; null: nothing is edited. */
  const edit = signal(null);
  let known = null;

  const keep = (next) => {
    const id = source.peek().id;
    edit.value = next;
    try {
      if (next) sessionStorage.setItem(place(id), JSON.stringify(next));
      else sessionStorage.removeItem(place(id));
    } catch {
      // The tab has no room left: the edits stay on the page.
    }
  };

  const fields = computed(() => edit.value?.mine ?? (source.value ? fieldsOf(source.value) : null));
  return {
    /** The fields as the page shows them. */
    fields,
    /** The segment as the edits began from it. */
    base: computed(() => edit.value?.base ?? source.value),
    dirty: computed(() => edit.value !== null),
    /** Whether somebody else changed the segment since. */
    overtaken: computed(() => edit.value !== null && source.value !== null && edit.value.base.revision !== source.value.revision),
    /** Takes up what an earlier visit left; called when the segment is known. */
    begin() {
      const { id } = source.peek();
      if (known === id) return;
      known = id;
      const left = restore(id);
      if (left?.base?.id === id) edit.value = left;
    },
    set(name, value) {
      const base = edit.peek()?.base ?? source.peek();
      const mine = { ...fields.peek(), [name]: value };
      keep(changes(fieldsOf(base), mine).length ? { base, mine } : null);
    },
    discard: () => keep(null),
    /** Puts the edits on top of what the server has now. */
    rebase() {
      const { base, mine } = edit.peek();
      const theirs = source.peek();
      const next = merge(fieldsOf(base), mine, fieldsOf(theirs));
      keep(changes(fieldsOf(theirs), next).length ? { base: theirs, mine: next } : null);
    },
    /** What a request says, and of which revision. */
    request: () => ({ body: body(fieldsOf(edit.peek().base), edit.peek().mine), ifMatch: edit.peek().base.revision }),
  };
}
