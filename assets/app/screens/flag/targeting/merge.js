// What a reader changed about a flag, against what it was: which fields, which rules, and on top of what somebody else made of it
// meanwhile. Rules are known by their id: what only one side changed is taken from that side, and of what both changed the
// reader chooses.

/** What all environments share, then what each has for itself. */
export const SHARED = ['name', 'description', 'classification', 'owner', 'expires_at', 'tags', 'variations'];
const OWN = ['default_variation', 'prerequisites', 'targeting_rules'];
export const FIELDS = [...SHARED, ...OWN];
/** What a schedule can set. */
const SCHEDULED = ['default_variation', 'targeting_rules'];
export const WORDS = {
  name: 'Name', description: 'Description', classification: 'Purpose', owner: 'Owner', expires_at: 'Planned end', tags: 'Tags', variations: 'Variations', default_variation: 'Default', prerequisites: 'Prerequisites', targeting_rules: 'Rules',
};

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const condition = ({ attribute, operator, value, case_insensitive: folds }) => ({
  ...(attribute === undefined || attribute === null ? {} : { attribute }), operator, ...(value === undefined || value === null ? {} : { value }), ...(folds ? { case_insensitive: true } : {}),
});

/** A rule as it is edited: without what follows from its place, and without what it leaves out. */
const rule = ({ id, name, conditions, variation, percentage_rollout: shares }) => ({
  id, name: name ?? '', conditions: conditions.map(condition), ...(shares ? { percentage_rollout: shares } : { variation }),
});

/** The fields that can be changed, of a flag as an environment shows it. */
export const fieldsOf = (flag) => ({
  name: flag.name, description: flag.description ?? '', classification: flag.classification ?? '', owner: flag.owner ?? '', expires_at: flag.expires_at ?? '', tags: flag.tags, variations: flag.variations.map(({ key, name, value }) => ({ key, name: name ?? '', value })),
  default_variation: flag.default_variation, prerequisites: flag.prerequisites.map(({ flag_key, variation_key }) => ({ flag_key, variation_key })),
  targeting_rules: [...flag.targeting_rules].sort((a, b) => a.priority - b.priority).map(rule),
});

export const idOf = (flag) => `${flag.id}.${flag.environment_id}`;

/** What knows the row of a variation while its list is edited: the key, which stays; or the `id` of one that the server has not seen,
 *  whose key is still typed. The server is not told of that id, and nothing is another for it. */
export const rowOf = ({ id, key }) => (id ? `id ${id}` : `key ${key}`);
const PLAIN = { variations: (list) => list.map(({ id: _row, ...one }) => one) };
const alike = (name, ...values) => same(...values.map((value) => PLAIN[name]?.(value) ?? value));

/** The names of the fields that are not the same in both. */
export const changes = (before, after) => FIELDS.filter((name) => !alike(name, before[name], after[name]));

const byId = (rules, id) => rules.find((one) => one.id === id) ?? null;
const order = (rules, of) => rules.map((one) => one.id).filter((id) => byId(of, id));

/** What changed about a list of rules: `{ kind, before, after }`, where the kind is added, removed, changed or moved. */
export function ruleChanges(before, after) {
  const gone = before.filter((one) => !byId(after, one.id)).map((one) => ({ kind: 'removed', before: one }));
  const kept = after.map((one) => {
    const was = byId(before, one.id);
    if (!was) return { kind: 'added', after: one };
    return same(was, one) ? null : { kind: 'changed', before: was, after: one };
  }).filter(Boolean);
  return [...gone, ...kept, ...(moved(before, after) ? [{ kind: 'moved', after }] : [])];
}

/** How many changes there are to review. */
export const count = (before, after) => changes(before, after).reduce((sum, name) => sum + (name === 'targeting_rules' ? ruleChanges(before[name], after[name]).length : 1), 0);

/** Whether what people in other environments get may change: a value is everybody's, a name is only a name. */
export const reachesOthers = (before, after) => !same(...[before, after].map((one) => one.variations.map(({ key, value }) => ({ key, value }))));

/** Whether a list has the rules that were there before in another order. */
const moved = (before, after) => !same(order(before, after), order(after, before));
/** Whether both moved rules, and not to the same places. */
const movedApart = (base, mine, theirs) => moved(base, mine) && moved(base, theirs) && moved(mine, theirs);

/** The parts that both changed, and not to the same: names of fields, and ids of rules; `targeting_rules` is their order. */
export function disputed(base, mine, theirs) {
  const fields = FIELDS.filter((name) => name !== 'targeting_rules' && !alike(name, base[name], mine[name]) && !alike(name, base[name], theirs[name]) && !alike(name, mine[name], theirs[name]));
  const [b, m, t] = [base, mine, theirs].map((one) => one.targeting_rules);
  const rules = b.map((one) => one.id).filter((id) => !same(byId(b, id), byId(m, id)) && !same(byId(b, id), byId(t, id)) && !same(byId(m, id), byId(t, id)));
  return [...fields, ...(movedApart(b, m, t) ? ['targeting_rules'] : []), ...rules];
}

function mergeRules(base, mine, theirs, choices) {
  const pick = (id) => {
    const [b, m, t] = [byId(base, id), byId(mine, id), byId(theirs, id)];
    if (same(b, m)) return t;
    if (same(b, t) || same(m, t)) return m;
    return choices[id] === 'theirs' ? t : m;
  };
  // Who changed the order has the last word on it, and the reader where both did; what the other side added comes after what it
  // came after there.
  const theirOrder = moved(base, mine) ? movedApart(base, mine, theirs) && choices.targeting_rules === 'theirs' : true;
  const [first, second] = theirOrder ? [theirs, mine] : [mine, theirs];
  const ids = first.map((one) => one.id);
  second.forEach((one, at) => {
    if (ids.includes(one.id)) return;
    const before = second.slice(0, at).map((other) => other.id).findLast((id) => ids.includes(id));
    ids.splice(before === undefined ? 0 : ids.indexOf(before) + 1, 0, one.id);
  });
  return ids.map(pick).filter(Boolean);
}

/** Mine on top of theirs, where both came from `base`; `choices` say `mine` or `theirs` of what is disputed. */
export function merge(base, mine, theirs, choices = {}) {
  return Object.fromEntries(FIELDS.map((name) => {
    if (name === 'targeting_rules') return [name, mergeRules(base[name], mine[name], theirs[name], choices)];
    if (alike(name, base[name], mine[name])) return [name, theirs[name]];
    return [name, !alike(name, base[name], theirs[name]) && choices[name] === 'theirs' ? theirs[name] : mine[name]];
  }));
}

let made = 0;
/** The id of a rule or a variation that the server has not seen. */
export const freshId = () => `new-${Date.now().toString(36)}-${++made}`;
const isFresh = (id) => id.startsWith('new-');

const told = ({ id, name, ...rest }, at) => ({ ...(isFresh(id) ? {} : { id }), priority: at + 1, ...(name.trim() ? { name: name.trim() } : {}), ...rest });
const orNull = (text) => (text.trim() === '' ? null : text);
const SAY = {
  description: orNull,
  classification: orNull,
  owner: orNull,
  expires_at: orNull,
  variations: (list) => list.map(({ key, name, value }) => ({ key, ...(name.trim() ? { name } : {}), value })),
  targeting_rules: (rules) => rules.map(told),
};

/** What a request says of them: only what changed. */
export const body = (before, after) => Object.fromEntries(changes(before, after).map((name) => [name, SAY[name] ? SAY[name](after[name]) : after[name]]));

/** Whether a schedule can say all of what changed. */
export const canWait = (before, after) => changes(before, after).every((name) => SCHEDULED.includes(name));
