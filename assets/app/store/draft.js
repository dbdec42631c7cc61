// A thing that is being edited: what the server has, what the reader made of it, and what happens where both moved. The edits
// are kept in the tab, so that no reload loses them.
import { computed, signal } from '../kit.js';
import * as tab from './tab.js';

const named = (id) => `draft ${id}`;

/** `source` is the resource of the thing, and `idOf(thing)` what its edits are kept under. Of its kind, `fieldsOf(thing)` are the
 *  fields that can be edited, `changes(before, after)` those that differ, `merge(base, mine, theirs)` puts mine on top of theirs,
 *  and `body(before, after)` is what a request says. */
export function draftOf(source, { fieldsOf, changes, merge, body, idOf = (one) => one.id }) {
  /** `{ base, mine }`: the thing as it was when the editing began, and the fields as they are now; null: nothing is edited. */
  const edit = signal(null);
  const lost = signal(false);
  let known = null;

  const keep = (next) => {
    const name = named(idOf(source.peek()));
    edit.value = next;
    lost.value = next !== null && !tab.write(name, next);
    if (!next) tab.forget(name);
  };

  const fields = computed(() => edit.value?.mine ?? (source.value ? fieldsOf(source.value) : null));
  return {
    /** The fields as the page shows them. */
    fields,
    /** The thing as the edits began from it. */
    base: computed(() => edit.value?.base ?? source.value),
    dirty: computed(() => edit.value !== null),
    /** Whether there is no room to keep the edits, so that a reload loses them. */
    lost,
    /** Whether somebody else changed it since. */
    overtaken: computed(() => edit.value !== null && source.value !== null && edit.value.base.revision !== source.value.revision),
    /** Takes up what an earlier visit left; called when the thing is known, or is another one. */
    begin() {
      const id = idOf(source.peek());
      if (known === id) return;
      known = id;
      lost.value = false;
      const left = tab.read(named(id));
      // One that an older version of this page left may lack a field.
      edit.value = left?.base && idOf(left.base) === id ? { base: left.base, mine: { ...fieldsOf(left.base), ...left.mine } } : null;
    },
    set(name, value) {
      const base = edit.peek()?.base ?? source.peek();
      const mine = { ...fields.peek(), [name]: value };
      keep(changes(fieldsOf(base), mine).length ? { base, mine } : null);
    },
    discard: () => keep(null),
    /** Puts the edits on top of what the server has now; `choices` go to `merge`. */
    rebase(choices) {
      const { base, mine } = edit.peek();
      const theirs = source.peek();
      const next = merge(fieldsOf(base), mine, fieldsOf(theirs), choices);
      keep(changes(fieldsOf(theirs), next).length ? { base: theirs, mine: next } : null);
    },
    /** What a request says, and of which revision. */
    request: () => ({ body: body(fieldsOf(edit.peek().base), edit.peek().mine), ifMatch: edit.peek().base.revision }),
  };
}
