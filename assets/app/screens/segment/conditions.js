// The conditions of a segment: a sentence, and the form that changes it.
import { html, nothing, signal, track } from '../../kit.js';
import { button } from '../../parts/button.js';
import { choice } from '../../parts/field.js';
import { conditionEditor } from '../conditions/editor.js';
import { fresh } from '../conditions/operators.js';
import { joined } from './changes.js';

const MATCHES = [['all', 'All of these hold'], ['any', 'Any of these is enough']];

/** Answers a view: `view({ fields, disabled, set, complaint, attributes, segments })`, where `fields` are those of the draft. */
export function segmentConditions() {
  const open = signal(false);
  // What is wrong with the list; what is wrong in it is beside its field, once the fields are there.
  const wrong = (complaint) => {
    const words = complaint('conditions', { inside: !open.value });
    return words ? html`<p class="fault">${words}</p>` : nothing;
  };
  return ({ fields: { conditions, match }, disabled, set, complaint, attributes, segments }) => track(() => html`<section class="stack tight" aria-label="Conditions"><div class="row"><h3>Conditions <span class="muted">${conditions.length}</span></h3>
      ${disabled ? nothing : html`<span class="push">${button({ label: open.value ? 'Done' : conditions.length ? 'Edit' : 'Add conditions', name: 'edit-conditions', small: true, icon: open.value ? 'check' : 'edit', expanded: open.value, onClick: () => { if (!open.value && !conditions.length) set('conditions')([fresh()]); open.value = !open.value; } })}</span>`}</div>
    <p class="help">Who is neither included nor excluded below is in it where these hold.</p>
    ${open.value ? html`${conditions.length > 1 ? html`<div class="segment-match">${choice({ id: 'segment-match', label: 'Match', hideLabel: true, value: match, options: MATCHES, onChange: set('match'), error: complaint('match') })}</div>` : nothing}
      ${conditionEditor({ id: 'condition', list: conditions, onChange: set('conditions'), match, attributes, segments, complaint: (place) => complaint(`conditions${place}`) })}`
      : html`<p class="wrap">${conditions.length ? html`If ${joined(conditions, match)}.` : html`<span class="muted">No conditions: only who is included is in it.</span>`}</p>`}
    ${wrong(complaint)}</section>`);
}
