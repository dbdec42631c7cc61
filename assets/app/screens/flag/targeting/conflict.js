// Somebody else changed the flag while it was edited here. What only one side changed is merged by itself; of what both changed
// the reader chooses, part by part. Nothing of either is lost before that.
import { html, nothing, signal } from '../../../kit.js';
import { button } from '../../../parts/button.js';
import { focusOn } from '../../../parts/focus.js';
import { ago } from '../../../parts/time.js';
import { ruleSentence } from '../sentence.js';
import { disputed, fieldsOf, WORDS } from './merge.js';
import { differences, said, seenWith } from './review.js';

/** Answers a view of the conflict, if there is one. `forget()` drops what goes with edits that are discarded. */
export function conflict(draft, forget) {
  const choices = signal({});

  /** What a rule is called: as it was, if it was there before. */
  const nameOf = (rule) => {
    const { targeting_rules: before } = fieldsOf(draft.base.value);
    const at = before.findIndex((one) => one.id === rule.id);
    return before[at]?.name || rule.name || (at < 0 ? 'a new rule' : `rule ${at + 1}`);
  };

  const version = (flag, fields, part) => {
    if (part === 'targeting_rules') return fields.targeting_rules.map(nameOf).join(', then ');
    const rule = fields.targeting_rules.find((one) => one.id === part);
    if (rule) return ruleSentence(seenWith(flag, fields), rule);
    if (!WORDS[part]) return html`<span class="muted">The rule is removed.</span>`;
    return said(seenWith(flag, fields), part, fields[part]);
  };

  // The question is gone with its answer, and the focus would be with it.
  const keepBoth = () => {
    draft.rebase(choices.peek());
    choices.value = {};
    focusOn('review', 'main');
  };
  const takeTheirs = () => {
    forget();
    draft.discard();
    focusOn('main');
  };

  return (flag) => {
    if (!draft.overtaken.value) return nothing;
    const [base, mine, theirs] = [fieldsOf(draft.base.value), draft.fields.value, fieldsOf(flag)];
    const both = disputed(base, mine, theirs);
    const option = (part, side, words, fields) => html`<label class="tick conflict-side"><input type="radio" name="part-${part}" .checked=${(choices.value[part] ?? 'mine') === side}
      @change=${() => { choices.value = { ...choices.value, [part]: side }; }}><span class="wrap"><strong>${words}</strong> ${version(flag, fields, part)}</span></label>`;
    const name = (part) => (part === 'targeting_rules' ? 'Order of the rules' : WORDS[part]) ?? `Rule ${base.targeting_rules.find((one) => one.id === part)?.name || base.targeting_rules.findIndex((one) => one.id === part) + 1}`;
    return html`<section class="note warn conflict" id="flag-conflict" role="alert" tabindex="-1" aria-label="Changed by somebody else"><div class="stack tight grow">
      <p><strong>Somebody else changed this flag ${ago(flag.updated_at)}.</strong> Your changes are kept and not saved yet. They changed:</p>
      ${differences(flag, base, theirs)}
      ${both.length ? html`<p>You changed the same. Choose for each:</p>${both.map((part) => html`<fieldset class="stack tight"><legend>${name(part)}</legend>${option(part, 'mine', 'Yours:', mine)}${option(part, 'theirs', 'Theirs:', theirs)}</fieldset>`)}`
        : html`<p>That is something else than you changed, so both can be kept.</p>`}
      <div class="row">${button({ label: both.length ? 'Go on with these' : 'Keep both', kind: 'primary', onClick: keepBoth })}${button({ label: 'Take theirs, discard mine', kind: 'quiet', onClick: takeTheirs })}</div></div></section>`;
  };
}
