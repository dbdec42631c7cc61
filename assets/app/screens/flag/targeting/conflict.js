// Somebody else changed the flag while it was edited here. What only one side changed is merged by itself; of what both changed
// the reader chooses, part by part. Nothing of either is lost before that.
import { html, nothing, signal } from '../../../kit.js';
import { button } from '../../../parts/button.js';
import { ago } from '../../../parts/time.js';
import { ruleSentence } from '../sentence.js';
import { disputed, fieldsOf, WORDS } from './merge.js';
import { differences, said, seenWith } from './review.js';

/** Answers a view of the conflict, if there is one. */
export function conflict(draft) {
  const choices = signal({});

  const version = (flag, fields, part) => {
    const rule = fields.targeting_rules.find((one) => one.id === part);
    if (rule) return ruleSentence(seenWith(flag, fields), rule);
    if (!WORDS[part]) return html`<span class="muted">The rule is removed.</span>`;
    return said(seenWith(flag, fields), part, fields[part]);
  };

  return (flag) => {
    if (!draft.overtaken.value) return nothing;
    const [base, mine, theirs] = [fieldsOf(draft.base.value), draft.fields.value, fieldsOf(flag)];
    const both = disputed(base, mine, theirs);
    const option = (part, side, words, fields) => html`<label class="tick conflict-side"><input type="radio" name="part-${part}" .checked=${(choices.value[part] ?? 'mine') === side}
      @change=${() => { choices.value = { ...choices.value, [part]: side }; }}><span class="wrap"><strong>${words}</strong> ${version(flag, fields, part)}</span></label>`;
    const name = (part) => WORDS[part] ?? `Rule ${base.targeting_rules.find((one) => one.id === part)?.name || base.targeting_rules.findIndex((one) => one.id === part) + 1}`;
    return html`<section class="note warn conflict" id="flag-conflict" role="alert" tabindex="-1" aria-label="Changed by somebody else"><div class="stack tight grow">
      <p><strong>Somebody else changed this flag ${ago(flag.updated_at)}.</strong> Your changes are kept and not saved yet. They changed:</p>
      ${differences(flag, base, theirs)}
      ${both.length ? html`<p>You changed the same. Choose for each:</p>${both.map((part) => html`<fieldset class="stack tight"><legend>${name(part)}</legend>${option(part, 'mine', 'Yours:', mine)}${option(part, 'theirs', 'Theirs:', theirs)}</fieldset>`)}`
        : html`<p>That is something else than you changed, so both can be kept.</p>`}
      <div class="row">${button({ label: both.length ? 'Go on with these' : 'Keep both', kind: 'primary', onClick: () => { draft.rebase(choices.peek()); choices.value = {}; } })}${button({ label: 'Take theirs, discard mine', kind: 'quiet', onClick: draft.discard })}</div></div></section>`;
  };
}
