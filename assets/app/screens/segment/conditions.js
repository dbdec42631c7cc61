// The conditions of a segment, as a sentence.
import { html, nothing } from '../../kit.js';
import { choice } from '../../parts/field.js';
import { joined } from './changes.js';

const MATCHES = [['all', 'All of these hold'], ['any', 'Any of these is enough']];

/** `fields` are those of the draft. */
export const conditionsOf = ({ fields, disabled, set }) => html`<section class="stack tight" aria-label="Conditions"><h3>Conditions</h3>
  <p class="help">Who is neither included nor excluded below is in it where these hold.</p>
  ${fields.conditions.length > 1 ? choice({ id: 'segment-match', label: 'Match', value: fields.match, options: MATCHES, onChange: set('match'), disabled }) : nothing}
  <p class="wrap">${fields.conditions.length ? joined(fields.conditions, fields.match) : html`<span class="muted">No conditions: only who is included is in it.</span>`}</p></section>`;
