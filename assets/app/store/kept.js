// What was typed into a form that is not sent yet, kept in the tab so that no reload loses it: the form is opened again with it.
// A form names the fields that are kept; a secret is never one of them.
import { effect, signal } from '../kit.js';
import * as place from './place.js';
import * as tab from './tab.js';

const alike = (one, other) => one === null || other === null || (typeof one === typeof other && Array.isArray(one) === Array.isArray(other));

/** Keeps these `fields` (signals, by name) while a form is open: `begin` takes up what was left, `end` forgets it; `stop` leaves it for
 *  the next time. Of a thing that is changed only the `changes` are kept: the other fields show what is so at the next time. Of one that
 *  is made all is kept, as it was read. `lost` says that there is no room for it. */
export function keep(name, fields, { changes = false } = {}) {
  const all = Object.entries(fields);
  const lost = signal(false);
  let stop = null;
  return {
    lost,
    begin() {
      const before = Object.fromEntries(all.map(([field, given]) => [field, JSON.stringify(given.peek())]));
      const values = tab.read(name) ?? {};
      for (const [field, given] of all) {
        if (field in values && alike(given.peek(), values[field])) given.value = values[field];
      }
      let first = true;
      stop = effect(() => {
        const now = all.map(([field, given]) => [field, given.value]);
        const changed = now.filter(([field, value]) => JSON.stringify(value) !== before[field]);
        if (!first && changed.length) {
          lost.value = !tab.write(name, Object.fromEntries(changes ? changed : now));
        } else if (!first) {
          tab.forget(name);
          lost.value = false;
        }
        first = false;
      });
    },
    stop: () => stop?.(),
    end() {
      stop?.();
      tab.forget(name);
    },
  };
}

/** The name of a form of the project that is shown; null until that is known. */
export const inProject = (what) => (place.project.value && place.environment.value ? `${what} ${place.project.value.id}` : null);
/** The same of the environment that is looked at. */
export const inEnvironment = (what) => (place.environment.value ? `${what} ${place.environment.value.id}` : null);

/** The same of a flag there. */
export const ofFlag = (what, flag) => (flag && place.environment.value ? `${inEnvironment(what)} ${flag.id}` : null);

/** Opens the form of one of these again (`run(one)`), if one was left with something in it, as soon as they are known (`all()`,
 *  null until then). `nameOf(one)` is the name of its form. Answers a function that ends the waiting. */
export function reopensOne(all, nameOf, run) {
  let waiting = true;
  const stop = effect(() => {
    const known = all();
    if (!known) return;
    queueMicrotask(() => {
      if (!waiting) return;
      end();
      const one = known.find((each) => tab.read(nameOf(each)));
      if (one) run(one);
    });
  });
  const end = () => {
    waiting = false;
    stop();
  };
  return end;
}

/** The same of a single form, whose name is null until it is known. */
export function reopens(nameOf, run) {
  const named = () => {
    const name = nameOf();
    return name ? [name] : null;
  };
  return reopensOne(named, (name) => name, () => run());
}
