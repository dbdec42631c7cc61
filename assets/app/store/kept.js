// What was typed into a form that is not sent yet, kept in the tab so that no reload loses it: the form is opened again with it.
// A form names the fields that are kept; a secret is never one of them.
import { effect } from '../kit.js';
import { account } from '../session.js';
import * as place from './place.js';

/** How much of one form is kept, in characters; of a longer one nothing is. */
const MOST_CHARACTERS = 65_536;

const PREFIX = 'phaseflag.kept.';

function forgetAll() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
}

/** What was left in this form by this reader; what another one left is forgotten. */
function left(name) {
  try {
    const found = JSON.parse(sessionStorage.getItem(PREFIX + name));
    if (!found || found.user === account.peek()?.id) return found?.values ?? null;
  } catch {
    // Nothing of ours.
  }
  forgetAll();
  return null;
}

const alike = (one, other) => one === null || other === null || (typeof one === typeof other && Array.isArray(one) === Array.isArray(other));

/** Keeps these `fields` (signals, by name) while a form is open: `begin` takes up what was left, `end` forgets it; `stop` leaves it for
 *  the next time. */
export function keep(name, fields) {
  let stop = null;
  return {
    begin() {
      const values = left(name) ?? {};
      for (const [field, given] of Object.entries(fields)) {
        if (field in values && alike(given.peek(), values[field])) given.value = values[field];
      }
      let first = true;
      stop = effect(() => {
        const text = JSON.stringify({ user: account.peek()?.id, values: Object.fromEntries(Object.entries(fields).map(([field, given]) => [field, given.value])) });
        if (!first && text.length <= MOST_CHARACTERS) {
          try {
            sessionStorage.setItem(PREFIX + name, text);
          } catch {
            // The tab has no room left: what was typed stays on the page.
          }
        }
        first = false;
      });
    },
    stop: () => stop?.(),
    end() {
      stop?.();
      sessionStorage.removeItem(PREFIX + name);
    },
  };
}

/** The name of a form of the project that is shown; null until that is known. */
export const inProject = (what) => (place.project.value && place.environment.value ? `${what} ${place.project.value.id}` : null);
/** The same of the environment that is looked at. */
export const inEnvironment = (what) => (place.environment.value ? `${what} ${place.environment.value.id}` : null);

/** Opens the form of one of these again (`run(one)`), if one was left with something in it, as soon as they are known (`all()`,
 *  null until then). `nameOf(one)` is the name of its form. Answers a function that ends the waiting. */
export function reopensOne(all, nameOf, run) {
  const stop = effect(() => {
    const known = all();
    if (!known) return;
    queueMicrotask(() => {
      stop();
      const one = known.find((each) => left(nameOf(each)));
      if (one) run(one);
    });
  });
  return stop;
}

/** The same of a single form, whose name is null until it is known. */
export function reopens(nameOf, run) {
  const named = () => {
    const name = nameOf();
    return name ? [name] : null;
  };
  return reopensOne(named, (name) => name, () => run());
}
