// What the things in the audit log are called. An entry has only an identifier; its name is in the entries that made or renamed
// it, in what the page knows anyhow, or it is asked for, a few at a time. What is gone stays an identifier.
import { signal } from '../../kit.js';
import * as api from '../../api.js';
import { path } from '../../router.js';
import * as place from '../../store/place.js';

const AT_ONCE = 4;
const FIELDS = ['name', 'email', 'url', 'key'];
const ASKED = { flag: 'flags', segment: 'segments' };

export function names() {
  /** Identifier -> `{ name, key? }`. */
  const known = signal(new Map());
  const asked = new Set();
  let closed = false;

  const learn = (found) => {
    if (!closed && found.length) known.value = new Map([...known.peek(), ...found]);
  };

  async function ask(waiting) {
    for (let one = waiting.shift(); one && !closed; one = waiting.shift()) {
      const { resource_type: type, resource_id: id } = one;
      const data = await api.get(`/${ASKED[type]}${path`/${id}`}`, { environment_id: place.environment.peek()?.id }).then((answer) => answer.data, () => null);
      if (data) learn([[id, { name: data.name, key: data.key }]]);
    }
  }

  const told = (entry) => {
    const field = FIELDS.find((name) => typeof (entry.changes[name]?.to ?? entry.changes[name]?.from) === 'string');
    return field ? { name: entry.changes[field].to ?? entry.changes[field].from, key: entry.changes.key?.to } : null;
  };

  return {
    /** Learns what these entries tell, and asks for what they do not. The newest come first, and know best. */
    read(entries) {
      const found = entries.map((entry) => [entry.resource_id, told(entry)]).filter(([id, name]) => name && !known.peek().has(id));
      learn(found.reverse());
      const project = place.project.peek()?.id;
      // A flag that an entry deletes is asked for in vain.
      const gone = new Set(entries.filter((entry) => entry.action.endsWith('.deleted')).map((entry) => entry.resource_id));
      const missing = entries.filter((entry) => ASKED[entry.resource_type] && entry.project_id === project && !gone.has(entry.resource_id) && !asked.has(entry.resource_id) && !known.peek().get(entry.resource_id)?.key);
      const waiting = [...new Map(missing.map((entry) => [entry.resource_id, entry])).values()];
      waiting.forEach((entry) => asked.add(entry.resource_id));
      for (let line = 0; line < AT_ONCE; line += 1) ask(waiting);
    },
    /** `{ name, key? }`, or null. */
    of(entry) {
      const { resource_type: type, resource_id: id } = entry;
      if (type === 'environment') return place.byId(id) ?? known.value.get(id) ?? null;
      if (type === 'project') return place.projects.value?.find((one) => one.id === id) ?? known.value.get(id) ?? null;
      return known.value.get(id) ?? null;
    },
    close() { closed = true; },
  };
}
