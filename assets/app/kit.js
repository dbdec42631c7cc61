// The two libraries in one place, and the three directives that everything uses. Signals hold what is true, templates
// show it; `track` is where they meet. Import from here, not from the vendor folder.
import { html, svg, nothing, noChange, render } from '../vendor/lit-html/lit-html.js';
import { directive, Directive } from '../vendor/lit-html/directive.js';
import { AsyncDirective } from '../vendor/lit-html/async-directive.js';
import { repeat as litRepeat } from '../vendor/lit-html/directives/repeat.js';
import { keyed } from '../vendor/lit-html/directives/keyed.js';
import { live } from '../vendor/lit-html/directives/live.js';
import { ref } from '../vendor/lit-html/directives/ref.js';
import { signal, computed, effect, batch, untracked } from '../vendor/signals-core/signals-core.module.js';

class Track extends AsyncDirective {
  render() {
    return noChange;
  }

  update(_part, [view]) {
    this.stop?.();
    this.follow(view);
    return this.value;
  }

  follow(view) {
    this.view = view;
    let first = true;
    this.stop = effect(() => {
      const value = view();
      // What a view reads while it is put on the page belongs to the views inside it.
      if (first) this.value = value;
      else untracked(() => this.setValue(value));
    });
    first = false;
  }

  disconnected() {
    this.stop?.();
  }

  reconnected() {
    this.follow(this.view);
    this.setValue(this.value);
  }
}

/** `${track(() => html`...${signal.value}...`)}`: that part of the page is drawn again whenever a signal that it read changes. */
export const track = directive(Track);

class Css extends Directive {
  render() {
    return noChange;
  }

  update(part, [properties]) {
    for (const [name, value] of Object.entries(properties)) part.element.style.setProperty(name, value);
    return noChange;
  }
}

/** `<div ${css({ top: '40px' })}>`: style attributes are refused by our policy, properties set by a script are not. */
export const css = directive(Css);

class Opened extends Directive {
  render() {
    return noChange;
  }

  update(part, [run]) {
    if (this.done) return noChange;
    this.done = true;
    queueMicrotask(() => run(part.element));
    return noChange;
  }
}

/** `<input ${opened((el) => el.focus())}>`: runs once, when the element is on the page. */
export const opened = directive(Opened);

/** A list by keys. The views are made here and now, so that a `track` around it sees what they read. */
export function repeat(items, key, view) {
  const views = items.map(view);
  return litRepeat(items, key, (_item, at) => views[at]);
}

let names = 0;
/** An id that no other element has. */
export const uid = (start = 'x') => `${start}-${++names}`;

export { html, svg, nothing, noChange, render, keyed, live, ref, signal, computed, effect, batch, untracked };
