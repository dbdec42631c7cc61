// The dialog that makes a segment. The key follows the name until it is typed itself; who is in it is said on its page.
import { signal } from '../../kit.js';
import * as api from '../../api.js';
import { inProject, allowed, breakGlass } from '../../store/segments.js';
import { inProject as named, keep } from '../../store/kept.js';
import { form } from '../../parts/dialog.js';
import { field } from '../../parts/field.js';
import { toast } from '../../parts/toast.js';
import { keyOf } from '../flags/new-flag.js';

/** Answers the segment that was made, or undefined. */
export async function newSegment() {
  const given = await allowed(new Map(), { key: '' }, { title: 'Make a segment?', action: 'Go on' });
  if (!given) return undefined;
  const name = signal('');
  const key = signal(null);
  const description = signal('');
  const keyText = () => key.value ?? keyOf(name.value);
  const made = await form({
    title: 'New segment',
    kept: keep(named('segment'), { name, key, description }),
    submit: 'Create the segment',
    ready: () => name.value.trim() !== '' && keyText() !== '',
    fields: (error) => [
      field({ label: 'Name', value: name.value, onInput: (value) => { name.value = value; }, error: error?.field?.('name'), max: 200, required: true, autofocus: true, off: true }),
      field({ label: 'Key', value: keyText(), onInput: (value) => { key.value = value; }, error: error?.field?.('key') ?? (error?.code === 'SEGMENT_KEY_CONFLICT' ? error.message : null), mono: true, required: true, max: 128, help: 'What rules call it. It cannot be changed later.' }),
      field({ label: 'Description', optional: true, rows: 2, value: description.value, onInput: (value) => { description.value = value; }, max: 2000, error: error?.field?.('description') }),
    ],
    async work() {
      const body = { key: keyText(), name: name.value.trim(), ...(description.value.trim() ? { description: description.value.trim() } : {}) };
      return (await api.post('/segments', body, { query: inProject(), headers: breakGlass(given) })).data;
    },
  });
  if (made) toast(`${made.name} was created. Nobody is in it yet.`);
  return made;
}
