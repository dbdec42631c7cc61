// The rules in their order: sentences, each with the form that changes it. They are moved by buttons, which say where a rule
// went, or by dragging.
import { html, nothing, signal, repeat } from '../../../kit.js';
import { sentenceCase } from '../../../api.js';
import { button } from '../../../parts/button.js';
import { focusOn } from '../../../parts/focus.js';
import { icon } from '../../../parts/icon.js';
import { menu } from '../../../parts/menu.js';
import { toast } from '../../../parts/toast.js';
import { ruleSentence } from '../sentence.js';
import { freshId, same } from './merge.js';
import { ruleForm } from './rule-form.js';

const MOST = 200;

const move = (list, from, to) => {
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
};

/** Answers `view({ flag, rules, before, now, set, complaint, warnings, known, disabled })`; `before` are the rules that the server
 *  has, `now()` those of the draft at any later moment. */
export function ruleList() {
  const open = signal(new Set());
  const dragged = signal(null);
  const said = signal('');

  const toggle = (id, on) => {
    const next = new Set(open.peek());
    next[on ? 'add' : 'delete'](id);
    open.value = next;
  };
  const words = (rule, at) => (rule.name ? `rule ${rule.name}` : `rule ${at + 1}`);

  return ({ flag, rules, before, now, set, complaint, warnings, known, disabled }) => {
    const shift = (from, to, by) => {
      set(move(rules, from, to));
      said.value = `The ${words(rules[from], from)} is number ${to + 1} of ${rules.length} now.`;
      if (by) focusOn(`rule-${rules[from].id}-${to === 0 ? 'down' : to === rules.length - 1 ? 'up' : by}`);
    };
    const add = (rule, at) => {
      const fresh = { ...rule, id: freshId() };
      set([...rules.slice(0, at), fresh, ...rules.slice(at)]);
      toggle(fresh.id, true);
      focusOn(`rule-${fresh.id}-name`);
    };
    const remove = (at) => {
      set(rules.filter((_rule, other) => other !== at));
      focusOn(rules.length > 1 ? `rule-${rules[at === rules.length - 1 ? at - 1 : at + 1].id}-edit` : 'add-rule');
      toast(`The ${words(rules[at], at)} is removed from your draft.`, { undo: () => set([...now().slice(0, at), rules[at], ...now().slice(at)]) });
    };
    const drop = (to) => (event) => {
      event.preventDefault();
      const from = rules.findIndex((one) => one.id === dragged.peek());
      dragged.value = null;
      if (from >= 0 && from !== to) shift(from, to);
    };

    const actions = (rule, at) => {
      const name = words(rule, at);
      const one = `rule-${rule.id}`;
      const editing = open.value.has(rule.id);
      return html`<span class="rule-actions row tight">
        <span class="rule-grip" draggable="true" title="Drag to another place" aria-hidden="true" @dragstart=${(event) => { dragged.value = rule.id; event.dataTransfer.setData('text/plain', ''); event.dataTransfer.effectAllowed = 'move'; }} @dragend=${() => { dragged.value = null; }}>${icon('grip')}</span>
        ${button({ id: `${one}-up`, label: `Move the ${name} up`, hideLabel: true, kind: 'quiet', icon: 'up', disabled: at === 0, onClick: () => shift(at, at - 1, 'up') })}
        ${button({ id: `${one}-down`, label: `Move the ${name} down`, hideLabel: true, kind: 'quiet', icon: 'down', disabled: at === rules.length - 1, onClick: () => shift(at, at + 1, 'down') })}
        ${button({ id: `${one}-edit`, label: editing ? 'Done' : 'Edit', name: `${one}-edit`, title: `${editing ? 'Close' : 'Edit'} the ${name}`, small: true, expanded: editing, onClick: () => toggle(rule.id, !editing) })}
        ${menu({ id: `${one}-more`, kind: 'button quiet square', view: html`${icon('more')}<span class="seen-by-ear">More for the ${name}</span>`, items: [
          { label: 'Duplicate', icon: 'copy', onClick: () => add({ ...rule, name: rule.name ? `${rule.name} (copy)`.slice(0, 200) : '' }, at + 1) },
          { label: 'Remove', icon: 'trash', onClick: () => remove(at) },
        ] })}</span>`;
    };

    const item = (rule, at) => {
      const was = before.find((one) => one.id === rule.id);
      const wrong = complaint(at);
      return html`<li class="rule ${dragged.value === rule.id ? 'dragged' : ''}" @dragover=${(event) => { if (dragged.peek()) event.preventDefault(); }} @drop=${drop(at)}>
        <div class="rule-head"><p class="wrap grow">${ruleSentence(flag, rule)}${disabled || (was && same(was, rule)) ? nothing : html` <span class="chip accent">${was ? 'changed' : 'new'}</span>`}</p>${disabled ? nothing : actions(rule, at)}</div>
        ${!open.value.has(rule.id) && wrong('', { inside: true }) ? html`<p class="fault" role="alert">${icon('warn')}<span>${wrong('', { inside: true })}</span></p>` : nothing}
        ${warnings(at).map((text) => html`<p class="note warn small">${icon('warn')}<span>${sentenceCase(text)}</span></p>`)}
        ${open.value.has(rule.id) && !disabled ? ruleForm({ id: `rule-${rule.id}`, flag, rule, onChange: (next) => set(rules.map((one) => (one.id === rule.id ? next : one))), complaint: wrong, known }) : nothing}</li>`;
    };

    return html`<div class="stack tight"><p class="label" id="rules-label">Rules</p>${rules.length ? html`<p class="help">The first that somebody fits decides.</p>` : html`<p class="help">There are none${disabled ? '' : ' yet'}: everybody gets the same.</p>`}
      <ol class="flag-rules" aria-labelledby="rules-label">${repeat(rules.map((rule, at) => ({ rule, at })), ({ rule }) => rule.id, ({ rule, at }) => item(rule, at))}</ol>
      <p class="seen-by-ear" role="status">${said.value}</p>
      ${disabled ? nothing : html`<div>${button({ id: 'add-rule', label: 'Add a rule', icon: 'plus', small: true, disabled: rules.length >= MOST, onClick: () => add({ name: '', conditions: [], variation: flag.variations[0].key }, rules.length) })}</div>`}</div>`;
  };
}
