// What a reader changed about a segment, against what it was: which fields, in words, and on top of what somebody else made of
// it meanwhile. Lists of user keys are merged key by key; of the rest the reader's own word counts.

export const FIELDS = ['name', 'description', 'match', 'conditions', 'included', 'excluded'];
const LISTS = new Set(['included', 'excluded']);

export const WORDS = { name: 'Name', description: 'Description', match: 'Match', conditions: 'Conditions', included: 'Included', excluded: 'Excluded' };

/** A condition without what it leaves out. */
const told = (condition) => Object.fromEntries(Object.entries(condition).filter(([name, value]) => value !== null && (name !== 'case_insensitive' || value)));

/** The fields that can be changed, of a segment. */
export const fieldsOf = (segment) => ({ ...Object.fromEntries(FIELDS.map((name) => [name, segment[name]])), description: segment.description ?? '', conditions: segment.conditions.map(told) });

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What a list gained and lost. */
export function difference(before, after) {
  const [was, is] = [new Set(before), new Set(after)];
  return { added: after.filter((one) => !was.has(one)), removed: before.filter((one) => !is.has(one)) };
}

/** This list with that difference made to it. */
export function apply(list, { added, removed }) {
  const gone = new Set(removed);
  return [...new Set([...list.filter((one) => !gone.has(one)), ...added])];
}

const changed = (name, before, after) => {
  if (!LISTS.has(name)) return !same(before, after);
  const { added, removed } = difference(before, after);
  return added.length + removed.length > 0;
};

/** The names of the fields that are not the same in both. */
export const changes = (before, after) => FIELDS.filter((name) => changed(name, before[name], after[name]));

/** Mine on top of theirs, where both came from `base`. */
export function merge(base, mine, theirs) {
  return Object.fromEntries(FIELDS.map((name) => {
    if (!changed(name, base[name], mine[name])) return [name, theirs[name]];
    return [name, LISTS.has(name) ? apply(theirs[name], difference(base[name], mine[name])) : mine[name]];
  }));
}

/** The fields that both changed, and not to the same. */
export const disputed = (base, mine, theirs) => FIELDS.filter((name) => !LISTS.has(name)
  && changed(name, base[name], mine[name]) && changed(name, base[name], theirs[name]) && changed(name, mine[name], theirs[name]));

/** What a request says of them: only what changed. */
export const body = (before, after) => Object.fromEntries(changes(before, after).map((name) => [name, name === 'description' && after[name].trim() === '' ? null : after[name]]));
