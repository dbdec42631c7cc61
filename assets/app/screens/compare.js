// Two environments side by side: the flags of which they do not say the same, what differs, and a way to take some of it or all
// from one to the other. Which two is in the address.
import { html, nothing, effect, live, repeat, signal, track, untracked } from '../kit.js';
import { here, setQuery } from '../router.js';
import * as api from '../api.js';
import { onChange, onFocus } from '../live.js';
import * as place from '../store/place.js';
import * as tab from '../store/tab.js';
import { MOST, differences } from '../store/differences.js';
import { refusal } from '../store/switching.js';
import { button } from '../parts/button.js';
import { environment as environmentView } from '../parts/chip.js';
import { choice } from '../parts/field.js';
import { icon } from '../parts/icon.js';
import { resource, shown } from '../parts/resource.js';
import { empty, fault, skeleton } from '../parts/state.js';
import { count } from '../parts/time.js';
import { flagsOf, promotion } from './compare/promotion.js';
import { sides, summary } from './compare/words.js';

const RELOAD_MS = 200;
/** How many rows are on the page before the reader asks for all. */
const SHOWN = 200;

/** What the chosen flags of two environments are kept as. */
const kept = (two) => `chosen ${two}`;

/** The two of the address; where it names none, the first and the one after. */
function pair() {
  const all = place.environments.value;
  if (!all || all.length < 2) return null;
  const named = (name) => all.find((one) => one.key === here.value.query.get(name));
  const source = named('from') ?? all.find((one) => one !== named('to'));
  const next = all[(all.indexOf(source) + 1) % all.length];
  const target = named('to') ?? next;
  return target === source ? { source, target: next } : { source, target };
}

export function open() {
  const chosen = signal(new Set());
  const opened = signal(new Set());
  const done = signal(null);
  /** What the flags of open rows are called in words: their variations, by key. */
  const flags = signal(new Map());
  const found = resource(() => { const { source, target } = pair(); return differences(source, target); });

  let pairShown = null;
  const stopPair = effect(() => {
    const two = pair();
    const name = two && `${two.source.id} ${two.target.id}`;
    if (name === pairShown) return;
    pairShown = name;
    untracked(() => {
      found.value = null;
      done.value = null;
      chosen.value = new Set(name ? tab.read(kept(name)) : []);
      opened.value = new Set();
      if (name) found.load();
    });
  });
  let timer = null;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (pair()) found.load(); }, RELOAD_MS);
  };
  const stopLive = onChange(again);
  const stopFocus = onFocus(again);

  const search = () => (here.value.query.get('search') ?? '').toLowerCase();
  const rows = () => (found.value?.rows ?? []).filter((row) => row.name.toLowerCase().includes(search()) || row.flag_key.includes(search()));
  const selected = () => (found.value?.rows ?? []).filter((row) => chosen.value.has(row.flag_key));
  const setChosen = (keys) => {
    chosen.value = keys;
    if (keys.size) tab.write(kept(pairShown), [...keys]);
    else tab.forget(kept(pairShown));
  };
  const choose = (keys, on) => {
    const next = new Set(chosen.value);
    for (const key of keys) next[on ? 'add' : 'delete'](key);
    setChosen(next);
  };

  async function unfold(row) {
    const next = new Set(opened.value);
    const on = !next.has(row.flag_key);
    next[on ? 'add' : 'delete'](row.flag_key);
    opened.value = next;
    if (!on || flags.value.has(row.flag_key)) return;
    const { target } = pair();
    const flag = await api.get(`/flags/${encodeURIComponent(row.flag_key)}`, { environment_id: target.id }).then(({ data }) => data, (error) => ({ error }));
    flags.value = new Map(flags.value).set(row.flag_key, flag);
  }

  async function run() {
    const { source, target } = pair();
    const answer = await promotion(source, target, selected().map((row) => row.flag_key));
    if (!answer) return;
    setChosen(new Set());
    done.value = { ...answer, target };
    await found.load();
    document.getElementById('promoted')?.focus();
  }

  const detail = (row, { source, target }) => track(() => {
    const flag = flags.value.get(row.flag_key);
    if (flag?.error) return fault(flag.error, () => { const next = new Map(flags.value); next.delete(row.flag_key); flags.value = next; opened.value = new Set([...opened.value].filter((key) => key !== row.flag_key)); return unfold(row); });
    return flag ? sides(flag, row.changes, source, target) : skeleton(2);
  });

  const line = (two, editable) => (row) => {
    const isOpen = opened.value.has(row.flag_key);
    return html`<li class="compare-row"><div class="compare-line">
      <input type="checkbox" aria-label="Choose ${row.name}" .checked=${live(chosen.value.has(row.flag_key))} ?disabled=${!editable} @change=${(event) => choose([row.flag_key], event.target.checked)}>
      <div class="compare-flag"><a class="wrap" href="${place.to`flags/${row.flag_key}`}?env=${two.target.key}">${row.name}</a><code class="small muted wrap">${row.flag_key}</code></div>
      <div class="compare-words wrap">${summary(row.changes)}</div>
      ${button({ label: `What differs of ${row.name}`, hideLabel: true, kind: 'quiet', small: true, icon: isOpen ? 'up' : 'down', expanded: isOpen, onClick: () => unfold(row) })}</div>
      ${isOpen ? detail(row, two) : nothing}</li>`;
  };

  const swap = ({ source, target }) => setQuery({ from: target.key, to: source.key });
  const pick = (two) => {
    const options = place.environments.value.map((one) => [one.key, one.name]);
    return html`<div class="compare-pair">
      ${choice({ id: 'compare-from', label: 'Take from', value: two.source.key, options, onChange: (key) => (key === two.target.key ? swap(two) : setQuery({ from: key, to: two.target.key })) })}
      ${button({ label: 'Swap the two', hideLabel: true, icon: 'compare', onClick: () => swap(two) })}
      ${choice({ id: 'compare-to', label: 'Bring to', value: two.target.key, options, onChange: (key) => (key === two.source.key ? swap(two) : setQuery({ from: two.source.key, to: key })) })}</div>`;
  };

  const list = (two) => ({ rows: all, equal }) => {
    if (all.length === 0) {
      return empty({ title: 'No differences', text: `${two.source.name} and ${two.target.name} say the same of ${equal === 1 ? 'the one flag' : `all ${flagsOf(equal)}`}.` });
    }
    const why = refusal({}, two.target);
    const seen = rows();
    const every = seen.length > 0 && seen.every((row) => chosen.value.has(row.flag_key));
    const most = here.value.query.get('all') ? seen.length : SHOWN;
    return html`${why ? html`<p class="note wrap">${why}</p>` : nothing}
      <div class="compare-head"><div class="tick"><input id="choose-all" type="checkbox" .checked=${live(every)} .indeterminate=${live(!every && seen.some((row) => chosen.value.has(row.flag_key)))} ?disabled=${Boolean(why) || seen.length === 0}
          @change=${(event) => choose(seen.map((row) => row.flag_key), event.target.checked)}><label for="choose-all">${search() ? 'All that are found' : 'All'}</label></div>
        <p role="status"><strong>${flagsOf(all.length)}</strong> ${all.length === 1 ? 'differs' : 'differ'}<span class="muted">, ${count(equal)} ${equal === 1 ? 'is' : 'are'} the same</span></p>
        <div class="filters compare-search"><div class="search"><label class="seen-by-ear" for="search">Search the differences</label>${icon('search')}<input id="search" type="search" placeholder="Search by name or key" autocomplete="off" spellcheck="false"
          .value=${live(here.value.query.get('search') ?? '')} @input=${(event) => setQuery({ search: event.target.value })}></div></div></div>
      ${seen.length ? html`<ul aria-label="Differences">${repeat(seen.slice(0, most), (row) => row.flag_key, line(two, !why))}</ul>` : empty({ title: 'No difference is like that', text: 'No name or key of a flag that differs contains what you search for.' })}
      ${seen.length > most ? button({ label: `Show all ${count(seen.length)}`, onClick: () => setQuery({ all: 'true' }) }) : nothing}`;
  };

  const bar = (two) => {
    const number = selected().length;
    if (!number) return nothing;
    return html`<section class="save-bar compare-bar" aria-label="Chosen flags"><p class="grow">${flagsOf(number)} chosen${number > MOST ? html`<span class="muted">: at most ${count(MOST)} are promoted at once</span>` : nothing}</p>
      <div class="row">${button({ label: 'Clear', kind: 'quiet', onClick: () => setChosen(new Set()) })}${button({ label: 'Preview the promotion', name: 'preview', kind: 'primary', onClick: run, disabled: number > MOST })}</div></section>`;
  };

  const result = () => {
    if (!done.value) return nothing;
    const { changed, target } = done.value;
    return html`<section class="note good" id="promoted" tabindex="-1" aria-label="Promoted">${icon('check')}<div class="stack tight grow"><p><strong>${flagsOf(changed.length)} changed in ${environmentView(target)}.</strong></p>
      <p class="wrap">${changed.slice(0, 10).map((one, at) => html`${at ? ', ' : ''}<a href="${place.to`flags/${one.flag_key}`}?env=${target.key}">${one.name}</a>`)}${changed.length > 10 ? ` and ${changed.length - 10} more` : ''}</p></div>
      ${button({ label: 'Close', hideLabel: true, kind: 'quiet', small: true, icon: 'close', onClick: () => { done.value = null; } })}</section>`;
  };

  const page = () => {
    if (!place.environments.value) return skeleton();
    const two = pair();
    if (!two) return empty({ title: 'Only one environment', text: 'There is nothing to compare until the project has a second one.' });
    return html`${pick(two)}${track(result)}${shown(found, (value) => track(() => list(two)(value)))}${track(() => bar(two))}`;
  };

  return {
    title: () => 'Compare',
    close() {
      stopPair();
      stopLive();
      clearTimeout(timer);
      stopFocus();
    },
    view: () => html`<div class="page compare stack"><div class="page-head"><h1>Compare</h1></div>${track(page)}</div>`,
  };
}
