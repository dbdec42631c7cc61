// What the server warns of: in the flag as it is, and in what is being edited, which it is asked about while somebody edits. Nothing
// is changed by asking.
import { html, nothing, effect, signal } from '../../../kit.js';
import * as api from '../../../api.js';
import * as place from '../../../store/place.js';
import { icon } from '../../../parts/icon.js';
import { fieldsOf, same } from './merge.js';

/** How long nothing is typed before the server is asked. */
const PAUSE_MS = 300;
const RULE = /^targeting_rules\[(\d+)\]/;
const OTHER = /targeting_rules\[(\d+)\]/g;

const empty = (value) => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
const finished = ({ operator, attribute, value }) => (operator.endsWith('exists') || !empty(value)) && (operator.endsWith('in_segment') || !empty(attribute));
/** Whether there is nothing in it that is obviously still to be filled in: that would be refused, and is no reason to ask. */
const filled = ({ name, variations, prerequisites, targeting_rules: rules }) => name.trim() !== '' && variations.every((one, at) => one.key !== '' && variations.findIndex((other) => other.key === one.key) === at)
  && prerequisites.every((one) => one.flag_key !== '' && one.variation_key !== '') && rules.every((one) => one.conditions.every(finished));

/** The warnings by the rule that they are about, and those of none. */
function sorted(fields, warnings) {
  const found = { rules: fields.targeting_rules.map((rule) => ({ rule, texts: [] })), others: [] };
  const said = (message) => message.replace(OTHER, (_path, at) => `“${fields.targeting_rules[at]?.name || `rule ${Number(at) + 1}`}”`);
  for (const { path, message } of warnings) {
    const at = RULE.exec(path ?? '')?.[1];
    (found.rules[at]?.texts ?? found.others).push(said(message));
  }
  return found;
}

/** Answers `{ of(flag, fields), review(fields), close }`: `of` answers `rule(at)`, the texts about a rule, and `others`. */
export function warned(draft, flag) {
  const answer = signal(null);
  let turn = 0;
  const stop = effect(() => {
    const fields = draft.fields.value;
    const mine = ++turn;
    const rests = !draft.dirty.value || draft.overtaken.value;
    if (rests) answer.value = null;
    if (rests || !filled(fields)) return undefined;
    const timer = setTimeout(async () => {
      const one = flag.peek();
      try {
        const { data } = await api.post(`/flags/${encodeURIComponent(one.key)}/preview`, { change: draft.request().body, contexts: [] }, { query: { environment_id: place.environment.peek().id } });
        if (mine === turn) answer.value = sorted(fields, data.warnings);
      } catch {
        // What cannot be saved as it is has no warnings; saving says what is wrong with it.
      }
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  });

  return {
    of(one, fields) {
      const known = answer.value ?? sorted(fieldsOf(one), one.warnings);
      return {
        // Of what was edited since, the server has not said anything yet.
        rule: (at) => known.rules.find(({ rule }) => same(rule, fields.targeting_rules[at]))?.texts ?? [],
        others: draft.dirty.value && !answer.value ? [] : known.others,
      };
    },
    /** What to know before these fields are saved. */
    review(fields) {
      const known = answer.peek();
      if (!known) return nothing;
      const named = ({ rule, texts }, at) => (same(rule, fields.targeting_rules[at]) ? texts.map((text) => `${rule.name || `Rule ${at + 1}`}: ${text}`) : []);
      const all = [...known.rules.flatMap(named), ...known.others];
      return all.length ? html`<div class="note warn">${icon('warn')}<ul class="stack tight" aria-label="Warnings">${all.map((text) => html`<li>${api.sentenceCase(text)}</li>`)}</ul></div>` : nothing;
    },
    close: stop,
  };
}
