// The list of flags: search, filters, a switch for every environment, and keys for all of it. Only the rows that can be seen are
// on the page.
import { html, nothing, signal, track, effect, css, repeat, untracked, opened } from '../kit.js';
import { here, go, staying } from '../router.js';
import { inProject, reopens } from '../store/kept.js';
import * as place from '../store/place.js';
import { flagList } from '../store/flags.js';
import { refusal, switchFlag } from '../store/switching.js';
import { onChange } from '../live.js';
import { addKeys } from '../keys.js';
import { button, once } from '../parts/button.js';
import { chip, environment as environmentView, purpose } from '../parts/chip.js';
import { sparkline } from '../parts/sparkline.js';
import { empty, fault, skeleton } from '../parts/state.js';
import { ago, count } from '../parts/time.js';
import { toggle } from '../parts/toggle.js';
import { asked, clear, filtered, filters } from './flags/filters.js';

const WIDE_ROW = 44;
/** In a narrow window a row is its name, and below it the switches in lines. */
const NARROW_ROW = 64;
const NARROW_LINE = 28;
/** How many environments there have room for their names beside each other; of more, two do. */
const IN_ONE_LINE = 3;
const AROUND = 8;
const RELOAD_MS = 200;


export function open() {
  const list = signal(null);
  const top = signal(0);
  const height = signal(800);
  const cursor = signal(-1);
  const pending = signal(new Set());
  const narrow = signal(window.matchMedia('(max-width: 860px)').matches);
  let scroller = null;

  const lines = () => {
    const number = place.environments.value?.length ?? 0;
    return number <= IN_ONE_LINE ? 1 : Math.ceil(number / 2);
  };
  const row = () => (narrow.value ? NARROW_ROW + lines() * NARROW_LINE : WIDE_ROW);
  const range = (total) => {
    const from = Math.max(0, Math.floor(top.value / row()) - AROUND);
    return [from, Math.min(total, Math.ceil((top.value + height.value) / row()) + AROUND)];
  };

  // A new list for new filters; the old one stays on the page until the new one has its first rows.
  const stopList = effect(() => {
    const environment = place.environment.value;
    if (!environment || !here.value.path.endsWith('/flags')) return;
    const wanted = asked();
    untracked(() => {
      const old = list.value;
      const same = old && JSON.stringify(old.filters) === JSON.stringify(wanted) && old.environment === environment;
      if (same) return;
      const next = flagList(wanted, environment);
      next.need(0, 1);
      const wait = effect(() => {
        if (next.total.value === null && !next.error.value) return;
        queueMicrotask(() => {
          wait();
          if (place.environment.peek() !== environment) return;
          old?.close();
          cursor.value = -1;
          if (scroller && old && JSON.stringify(old.filters) !== JSON.stringify(wanted)) scroller.scrollTop = 0;
          list.value = next;
        });
      });
    });
  });

  const stopNeed = effect(() => {
    const shown = list.value;
    if (!shown || shown.total.value === null) return;
    const [from, to] = range(shown.total.value);
    shown.need(from, to);
  });

  let reloadTimer = null;
  /** The tags of the rows that were seen: what a filter suggests. */
  const tags = () => {
    list.value?.tick.value;
    return [...new Set((list.value?.rows ?? []).flatMap((item) => item?.tags ?? []))].sort();
  };
  const reload = () => {
    clearTimeout(reloadTimer);
    reloadTimer = setTimeout(() => {
      const shown = list.peek();
      if (shown) shown.reload(...untracked(() => range(shown.total.value ?? 0)));
    }, RELOAD_MS);
  };
  const stopLive = onChange((change) => {
    const shown = list.peek();
    if (!shown) return;
    if (change.event === 'flag.toggled' || change.event === 'flag.updated') {
      shown.refresh(change.flag_key, change.environment_id).then((found) => { if (!found) reload(); }, reload);
    } else if (change.event === 'changed' || change.event.startsWith('flag.')) {
      reload();
    }
  });

  const flip = (item, environment, on) => {
    const name = `${environment.id} ${item.key}`;
    return switchFlag(item, environment, on, (enabled, waiting) => {
      list.value.set(item.key, environment.id, { enabled });
      const next = new Set(pending.value);
      next[waiting ? 'add' : 'delete'](name);
      pending.value = next;
    });
  };

  const move = (by) => {
    const total = list.value?.total.value ?? 0;
    if (!total) return;
    const [first, last] = [Math.ceil(scroller.scrollTop / row()), Math.floor((scroller.scrollTop + room()) / row()) - 1];
    // Who scrolled away from the row of the keys goes on from what is seen.
    const seen = cursor.value >= first && cursor.value <= last;
    const next = seen ? cursor.value + by : by > 0 ? first : last;
    cursor.value = Math.max(0, Math.min(total - 1, next));
    const at = cursor.value * row();
    if (at < scroller.scrollTop) scroller.scrollTop = at;
    else if (at + row() > scroller.scrollTop + room()) scroller.scrollTop = at + row() - room();
    requestAnimationFrame(() => scroller.querySelector(`[data-at="${cursor.value}"] a`)?.focus({ preventScroll: true }));
  };
  const chosen = () => list.value?.rows[cursor.value];
  // The dialog is loaded when it is asked for: the list is there sooner without it.
  const create = () => once('new-flag', async () => {
    if (!place.mayEdit.value) return;
    const stayed = staying();
    const { newFlag } = await import('./flags/new-flag.js');
    if (!stayed()) return;
    const made = await newFlag(tags());
    if (made) go(place.to`flags/${made.key}`);
  });
  const stopReopen = reopens(() => place.role.value && inProject('flag'), create);
  const stopKeys = addKeys('Flags', [
    { keys: '/', says: 'Search', run: () => document.getElementById('search').focus() },
    { keys: 'j', says: 'Next flag', run: () => move(1) },
    { keys: 'k', says: 'Flag before', run: () => move(-1) },
    { keys: 'Enter', says: 'Open the flag' },
    { keys: 't', says: 'Turn it on or off in the environment that is looked at', run() {
      const item = chosen();
      const environment = place.environment.value;
      const state = item && list.value.state(item.key, environment.id);
      if (state && !refusal(item, environment)) flip(item, environment, !state.enabled);
    } },
    { keys: 'n', says: 'New flag', run: create },
  ]);

  const media = window.matchMedia('(max-width: 860px)');
  const resized = () => { narrow.value = media.matches; };
  media.addEventListener('change', resized);
  let sizes = null;
  /** What is seen of the rows: the head stays above them. */
  const room = () => scroller.clientHeight - (scroller.querySelector('.flags-head')?.offsetHeight ?? 0);
  const watch = (element) => {
    scroller = element;
    height.value = element.clientHeight;
    sizes = new ResizeObserver(() => { height.value = element.clientHeight; });
    sizes.observe(element);
  };

  const bar = filters({ tags, narrow, onDown() { cursor.value = -1; move(1); } });

  const switches = (item) => (place.environments.value ?? []).map((environment) => {
    const state = list.value.state(item.key, environment.id);
    const why = refusal(item, environment);
    return html`<div role="cell" class="cell switch">${state ? toggle({
      on: state.enabled, label: `${item.name} in ${environment.name}`, why: why ?? undefined, disabled: Boolean(why),
      pending: pending.value.has(`${environment.id} ${item.key}`), onToggle: (on) => flip(item, environment, on),
    }) : html`<span class="bone toggle-bone"></span>`}<span class="cell-name" aria-hidden="true">${environment.name}</span></div>`;
  });

  const line = (at) => {
    const item = list.value.rows[at];
    const place_ = css({ transform: `translateY(${at * row()}px)` });
    if (!item) return html`<div role="row" class="flag-row" aria-rowindex=${at + 2} ${place_}><div role="cell" class="cell grow"><div class="bone w1"></div></div></div>`;
    return html`<div role="row" class="flag-row ${cursor.value === at ? 'current' : ''}" aria-rowindex=${at + 2} data-at=${at} ${place_} @focusin=${() => { cursor.value = at; }}>
      <div role="cell" class="cell name"><a class="flag-name cut" href="${place.to`flags/${item.key}`}?env=${list.value.environment.key}">${item.name}</a><span class="flag-key cut mono" title=${item.key}>${item.key}</span></div>
      <div role="cell" class="cell marks">${item.lifecycle?.stage === 'stale' ? chip('stale', 'warn', item.lifecycle.because) : nothing}${item.status !== 'active' ? chip(item.status) : nothing}
        ${item.classification ? html`<span class="small muted kind">${purpose(item.classification)}</span>` : nothing}${item.tags.slice(0, 2).map((tag) => chip(tag, 'tag kind', tag))}${item.tags.length > 2 ? html`<span class="small muted kind" title=${item.tags.join(', ')}>+${item.tags.length - 2}</span>` : nothing}</div>
      <div role="cell" class="cell used">${sparkline(item.activity)}</div>
      <div role="cell" class="cell changed small muted">${ago(item.updated_at)}</div>
      ${switches(item)}</div>`;
  };

  const table = () => {
    const shown = list.value;
    if (!shown || !place.environments.value) return html`<div class="flags-body">${skeleton(9)}</div>`;
    if (shown.error.value && shown.total.value === null) return fault(shown.error.value, () => shown.need(0, 1));
    const total = shown.total.value ?? 0;
    if (total === 0) {
      return filtered()
        ? empty({ title: 'No flag is like that', text: 'Nothing has all that you asked for.', action: button({ label: 'Clear the filters', onClick: clear }) })
        : empty({ title: 'No flags yet', text: 'A flag is a decision that a program asks for while it runs: which of its variations somebody gets. Make the first one here, or bring a project’s file.',
          action: place.mayEdit.value ? button({ label: 'New flag', kind: 'primary', icon: 'plus', onClick: create }) : undefined, also: html`<a class="button quiet" href="/docs">API documentation</a>` });
    }
    const number = place.environments.value.length;
    return html`<div class="flags-body ${number > IN_ONE_LINE ? 'many' : ''}" role="region" aria-label="Rows of the list" tabindex="0" ${opened(watch)} @scroll=${(event) => { top.value = event.target.scrollTop; }}>
      <div class="flags-table" role="table" aria-label="Flags" aria-rowcount=${total + 1} ${css({ '--environments': String(number) })}>
      <div role="rowgroup" class="flags-head"><div role="row" class="flag-row head" aria-rowindex="1"><div role="columnheader" class="cell name">Flag</div><div role="columnheader" class="cell"><span class="seen-by-ear">Kind and tags</span></div>
        <div role="columnheader" class="cell used">24 hours</div><div role="columnheader" class="cell changed">Changed</div>
        ${place.environments.value.map((one) => html`<div role="columnheader" class="cell switch" title=${one.name}>${environmentView(one)}</div>`)}</div></div>
      <div class="flags-space" role="rowgroup" ${css({ height: `${total * row()}px`, '--row-height': `${row()}px` })}>${track(() => {
          shown.tick.value;
          const [from, to] = range(total);
          return repeat(Array.from({ length: to - from }, (_none, at) => from + at), (at) => at, line);
        })}</div></div></div>`;
  };

  return {
    title: () => 'Flags',
    close() {
      stopList();
      stopNeed();
      stopLive();
      stopKeys();
      stopReopen();
      list.peek()?.close();
      sizes?.disconnect();
      media.removeEventListener('change', resized);
      bar.close();
      clearTimeout(reloadTimer);
    },
    view: () => html`<div class="page full flags">
      <div class="page-head"><h1>Flags</h1>${track(() => (list.value?.total.value ? html`<span class="muted" role="status">${count(list.value.total.value)}${filtered() ? ' found' : ''}</span>` : nothing))}
        <span class="push">${track(() => (place.mayEdit.value ? button({ label: 'New flag', kind: 'primary', icon: 'plus', onClick: create }) : nothing))}</span></div>
      ${bar.view()}${track(table)}</div>`,
  };
}
