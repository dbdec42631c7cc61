// A schedule and a ramp in their lists: what is done, when, and what became of it.
import { html, nothing, css } from '../../../kit.js';
import { chip, variation } from '../../../parts/chip.js';
import { icon } from '../../../parts/icon.js';
import { sayMoment } from '../../../parts/moment.js';
import { ago, sayAgo } from '../../../parts/time.js';
import { ruleSentence } from '../sentence.js';

const STATES = {
  pending: ['to come', 'accent', 'clock'], running: ['running', 'accent', 'clock'], paused: ['paused', 'warn', 'clock'], applied: ['done', 'plain', 'check'], done: ['done', 'plain', 'check'],
  failed: ['failed', 'danger', 'warn'], cancelled: ['cancelled', 'plain', 'close'], rolled_back: ['rolled back', 'plain', 'undo'],
};
const state = (one) => STATES[one.status ?? one.state] ?? [one.status ?? one.state, 'plain', 'clock'];
const stateChip = (one) => chip(...state(one).slice(0, 2));

const by = (one) => html`by ${one.created_by.email}, ${ago(one.created_at)}`;
const failure = (one) => (one.failure ? html`<p class="fault wrap">${icon('warn')}<span>${one.failure.message} <code>${one.failure.code}</code></span></p>` : nothing);

/** When, and how far that is. */
const when = (one) => {
  const soon = new Date(one.at).getTime() - Date.now() < 45_000;
  return html`<time datetime=${one.at}>${sayMoment(one.at)}</time>${['pending', 'running'].includes(one.status) ? `, ${soon ? 'in a moment' : sayAgo(one.at)}` : nothing}`;
};

/** What a schedule sets, in words. */
function what(flag, { enabled, default_variation: fallback, targeting_rules: rules }) {
  const said = [
    enabled === undefined ? null : html`turn ${enabled ? 'on' : 'off'}`,
    fallback === undefined ? null : html`serve ${variation(flag, fallback)} by default`,
    rules === undefined ? null : rules.length ? html`replace the rules` : html`remove all rules`,
  ].filter(Boolean);
  return said.map((one, at) => html`${at ? ' and ' : ''}${one}`);
}

/** A row of the schedules; `buttons` are drawn at its end. */
export const scheduleRow = (flag, one, buttons) => html`<li class="settings-row">
  <div class="grow"><p class="row"><strong class="wrap sentence">${what(flag, one.change)}</strong>${stateChip(one)}</p>
    <p class="small muted wrap">${when(one)} · ${by(one)}</p>${failure(one)}
    ${one.change.targeting_rules?.length ? html`<ol class="flag-rules small">${one.change.targeting_rules.map((rule) => html`<li class="wrap">${ruleSentence(flag, rule)}</li>`)}</ol>` : nothing}</div>
  <div class="row">${buttons}</div></li>`;

const step = (one) => html`<li><span class="ramp-mark ${state(one)[1]}">${icon(state(one)[2])}</span><span class="ramp-percent num">${one.percentage} %</span>
  <span class="ramp-meter" aria-hidden="true"><i class=${one.status === 'applied' ? 'made' : ''} ${css({ width: `${one.percentage}%` })}></i></span>
  <span class="small muted wrap">${state(one)[0]} · ${when(one)}</span>${failure(one)}</li>`;

/** By which rule a ramp serves its variation. */
const rule = (flag, ramp) => {
  const at = [...flag.targeting_rules].sort((a, b) => a.priority - b.priority).findIndex((one) => one.id === ramp.rule_id);
  const name = at < 0 ? null : flag.targeting_rules.find((one) => one.id === ramp.rule_id).name || `rule ${at + 1}`;
  if (ramp.adds_rule) return name ? html`by the rule “${name}” that it added` : 'by a rule of its own for everybody';
  return name ? html`by the rule “${name}”` : 'by a rule that is gone';
};

/** A ramp with its steps; `buttons` are drawn at its end. */
export const rampRow = (flag, ramp, buttons) => html`<li class="settings-row">
  <div class="grow"><p class="row"><strong class="wrap">${variation(flag, ramp.variation)} to ${ramp.steps.at(-1).percentage} %</strong>${stateChip(ramp)}</p>
    <p class="small muted wrap">${rule(flag, ramp)} · made ${by(ramp)}${ramp.paused_at ? html` · paused ${ago(ramp.paused_at)}` : nothing}</p></div>
  <div class="row">${buttons}</div>
  <ol class="ramp-track" aria-label="Steps">${ramp.steps.map(step)}</ol></li>`;
