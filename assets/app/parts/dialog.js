// Dialogs: the browser's own <dialog>, which keeps the focus inside and gives it back.
import { html, nothing, render, effect, signal, uid, opened, track } from '../kit.js';
import { sentenceCase } from '../api.js';
import { here } from '../router.js';
import { status } from '../session.js';
import { button, once } from './button.js';
import { icon } from './icon.js';
import { field } from './field.js';
import { unkept } from './state.js';

/** How many are open; keys of the page below wait meanwhile. */
export const dialogs = signal(0);

/** Shows a dialog and answers what it was closed with (undefined: dismissed). `body(close)` is drawn again as signals change.
 *  `wide` has room for two columns. It belongs to the page that it was opened on (with `everywhere`: to all of them) and to the
 *  session: it is closed where that ends, after `onEnd()`. */
export function show({ title, body, wide = false, kind = '', everywhere = false, onEnd }) {
  return new Promise((resolve) => {
    const element = document.createElement('dialog');
    const id = uid('dialog');
    element.className = `dialog ${wide ? 'wide' : ''} ${kind}`;
    element.setAttribute('aria-labelledby', id);
    let answer;
    const close = (value) => {
      if (!element.open) return;
      answer = value;
      element.close();
    };
    const stop = effect(() => {
      render(html`<div class="dialog-head"><h2 id=${id}>${title}</h2>
        <button type="button" class="button quiet square" aria-label="Close" @click=${() => close()}>${icon('close')}</button></div>
        ${track(() => body(close))}`, element);
    });
    const [within, path] = [status.peek() === 'in', here.peek()?.path];
    const stopWatch = effect(() => {
      const left = !everywhere && here.value?.path !== path;
      if (!left && !(within && status.value === 'out')) return;
      onEnd?.();
      close();
    });
    element.addEventListener('close', () => {
      stop();
      stopWatch();
      element.remove();
      dialogs.value -= 1;
      resolve(answer);
    });
    element.addEventListener('pointerdown', (event) => {
      if (event.target !== element) return;
      const box = element.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside) close();
    });
    document.body.append(element);
    dialogs.value += 1;
    element.showModal();
  });
}

/** The row of buttons at the end of a dialog. */
export const actions = (...buttons) => html`<div class="dialog-actions">${buttons}</div>`;

/** A form in a dialog: `fields` are shown, `work` runs at its submission and, if it does not throw, closes it with what it answers.
 *  `kept` is what a reload must not lose (`keep` of `store/kept.js`). */
export function form({ title, fields, work, submit = 'Save', danger = false, wide = false, everywhere, intro, ready = () => true, kept }) {
  const name = uid('form');
  const error = signal(null);
  const attempt = (close) => (event) => {
    event.preventDefault();
    if (!ready()) return;
    error.value = null;
    once(name, async () => {
      const done = await work() ?? true;
      // Also where the reader left meanwhile: what was sent is not typed again.
      kept?.end();
      close(done);
    }, (cause) => {
      error.value = cause;
      if (cause?.name !== 'ApiError') console.error(cause);
    });
  };
  let ended = false;
  kept?.begin();
  return show({
    title,
    wide,
    everywhere,
    // Who comes back, or signs in again, finds the form as it was.
    onEnd() {
      ended = true;
      kept?.stop();
    },
    body: (close) => html`<form class="stack" novalidate @submit=${attempt(close)}>
      ${intro ? html`<div>${intro}</div>` : nothing}
      ${fields(error.value)}
      ${kept?.lost.value ? unkept() : nothing}
      ${error.value ? html`<p class="note danger" role="alert">${icon('warn')}<span>${sentenceCase(error.value.message)}</span></p>` : nothing}
      ${actions(
        button({ label: 'Cancel', onClick: () => close() }),
        button({ label: submit, kind: danger ? 'danger' : 'primary', type: 'submit', name, disabled: !ready() }),
      )}
    </form>`,
  }).finally(() => { if (!ended) kept?.end(); });
}

/** Asks before something is done. With `typed` that text must be entered; with `reason` a justification is asked for, which is answered.
 *  `work(justification)` is done before it closes, and may fail in it. Answers false, true or the justification. */
export async function confirm({ title, text, action, danger = false, wide = false, typed, typedLabel, reason, work }) {
  const entered = signal('');
  const why = signal('');
  const answer = await form({
    title,
    submit: action,
    danger,
    wide,
    ready: () => (!typed || entered.value.trim() === typed) && (!reason || why.value.trim().length > 0),
    intro: text,
    fields: () => html`${typed ? field({
      label: typedLabel ?? html`Type <code class="wrap">${typed}</code> to go on`, value: entered.value, onInput: (value) => { entered.value = value; },
      mono: true, autofocus: true, off: true,
    }) : nothing}
    ${reason ? field({ label: reason, value: why.value, onInput: (value) => { why.value = value; }, autofocus: !typed }) : nothing}
    ${typed || reason ? nothing : html`<span ${opened((element) => element.closest('form').querySelector('[type=submit]').focus())}></span>`}`,
    async work() {
      const given = reason ? why.value.trim() : true;
      await work?.(given);
      return given;
    },
  });
  return answer ?? false;
}
