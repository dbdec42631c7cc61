// An evaluation explained: what came out, why in plain words, and every step on the way there.
import { html, nothing, css } from '../../../kit.js';
import { environment as environmentView, variation } from '../../../parts/chip.js';
import { icon } from '../../../parts/icon.js';
import { brief, pretty } from '../../../parts/json.js';
import { condition as conditionSentence } from '../sentence.js';

const GROUNDS = {
  excluded: 'the user key is in its list of excluded ones', included: 'the user key is in its list of included ones',
  conditions: 'its conditions decide', missing: 'there is no such segment',
};

const percent = (number) => `${Number(number.toFixed(3))} %`;
const mark = (good, words) => html`<span class="try-mark ${good ? 'good' : ''}">${icon(good ? 'check' : 'close')}<span class="seen-by-ear">${words}: </span></span>`;
const inOrder = (flag) => [...flag.targeting_rules].sort((a, b) => a.priority - b.priority);
const nameOf = (rule, at) => (rule?.name ? html`rule ${at + 1}, “${rule.name}”,` : `rule ${at + 1}`);

/** Why the flag served what it served, in a sentence. */
function reason(flag, { steps, environment }) {
  const at = inOrder(flag).findIndex((rule) => rule.id === steps.rule_id);
  const served = variation(flag, steps.variation_key);
  const unmet = steps.prerequisites.find((one) => !one.met);
  switch (steps.reason) {
    case 'TARGETING_RULE': return html`They get ${served} because ${nameOf(inOrder(flag)[at], at)} matches.`;
    case 'PERCENTAGE_ROLLOUT': return html`They get ${served} because ${nameOf(inOrder(flag)[at], at)} matches, and their bucket is in its share.`;
    case 'DISABLED': return html`They get ${served} because the flag is ${flag.status === 'archived' ? 'archived' : html`off in ${environmentView(environment)}`}: no rule is looked at.`;
    case 'PREREQUISITE': return html`They get ${served} because <code>${unmet?.flag_key}</code> does not serve what this flag requires.`;
    default: return html`They get ${served}, the default, because no rule decides.`;
  }
}

const seen = (step) => html`<span class="muted">· ${step.present ? html`seen: <code>${brief(step.actual)}</code>` : 'the context has nothing there'}</span>`;

const segmentStep = (step) => html`<li>${mark(step.inside, step.inside ? 'in it' : 'not in it')}<div class="grow wrap"><code>${step.segment_key}</code> ${step.inside ? 'has them' : 'does not have them'}: ${GROUNDS[step.decided_by] ?? step.decided_by}${step.conditions?.length ? html`, ${step.match === 'any' ? 'any of' : 'all of'}${conditionSteps(step.conditions)}` : '.'}</div></li>`;

const conditionStep = (step) => html`<li>${mark(step.holds, step.holds ? 'holds' : 'does not hold')}<div class="grow wrap">${conditionSentence(step.condition)}
  ${step.segments.length ? html`<ul class="try-steps">${step.segments.map(segmentStep)}</ul>` : html` ${seen(step)}`}</div></li>`;

function conditionSteps(steps) {
  return html`<ul class="try-steps">${steps.map(conditionStep)}</ul>`;
}

/** The shares of a rollout as a bar, with the place where the user's bucket is. */
function rollout({ bucket, thresholds }, flag) {
  const shares = thresholds.map((one, at) => ({ ...one, from: at ? thresholds[at - 1].below : 0 }));
  const color = (key) => `c${Math.max(0, flag?.variations.findIndex((one) => one.key === key) ?? 0) % 8}`;
  const name = (key) => (flag ? variation(flag, key) : html`<code>${key}</code>`);
  return html`<div class="try-rollout"><div class="try-bar" aria-hidden="true"><div>${shares.map((one) => html`<span class=${color(one.variation_key)} ${css({ width: `${one.below - one.from}%` })}></span>`)}</div>
      ${bucket === null ? nothing : html`<i ${css({ left: `${bucket}%` })}></i>`}</div>
    <p class="small wrap">${bucket === null ? 'The context lacks what users are bucketed by, so no share takes them.' : html`Bucket ${percent(bucket)}.`} ${shares.map((one, at) => html`${at ? ', ' : ''}${name(one.variation_key)} has ${percent(one.from)} to ${percent(one.below)}`)}.</p></div>`;
}

function ruleStep(step, at, rule, flag) {
  const decided = step.variation_key !== null;
  const verdict = decided ? 'decides' : step.holds ? 'matches, but no share takes them' : 'does not match';
  return html`<li class="try-rule ${decided ? 'decided' : ''}">${mark(decided, verdict)}<div class="grow stack tight">
    <p class="wrap"><span class="strong">${rule?.name || `Rule ${at + 1}`}</span> <span class="muted">${verdict}${decided && flag ? ':' : ''}</span> ${decided ? (flag ? variation(flag, step.variation_key) : html`<code>${step.variation_key}</code>`) : nothing}</p>
    ${step.conditions.length ? conditionSteps(step.conditions) : html`<p class="muted">For everybody.</p>`}
    ${step.rollout ? rollout(step.rollout, flag) : nothing}</div></li>`;
}

const prerequisiteStep = (step) => html`<li class="try-rule">${mark(step.met, step.met ? 'met' : 'not met')}<div class="grow stack tight">
  <p class="wrap"><span class="strong">Requires <code>${step.flag_key}</code></span> to serve <code>${step.required_variation_key}</code>; ${step.served_variation_key === null ? 'there is no such flag' : html`it serves <code>${step.served_variation_key}</code>`}.</p>
  ${step.steps ? html`<details><summary>How it came to that</summary>${steps(step.steps, null)}</details>` : html`<p class="muted small">How it came to that is told above.</p>`}</div></li>`;

/** The steps of one flag; `flag` is null where only its key is known. */
function steps(given, flag) {
  const rules = flag ? inOrder(flag) : [];
  const rest = rules.slice(given.rules.length).filter(() => given.reason !== 'DISABLED' && given.reason !== 'PREREQUISITE');
  const byDefault = given.reason === 'DEFAULT';
  return html`<ol class="try-tree">${given.prerequisites.map(prerequisiteStep)}
    ${given.rules.map((step, at) => ruleStep(step, at, rules.find((rule) => rule.id === step.rule_id), flag))}
    ${byDefault ? html`<li class="try-rule decided">${mark(true, 'decides')}<p class="grow wrap"><span class="strong">The default</span>: ${flag ? variation(flag, given.variation_key) : html`<code>${given.variation_key}</code>`}</p></li>` : nothing}
    ${rest.map((rule, at) => html`<li class="try-rule muted"><span class="try-mark"></span><p class="grow wrap">${rule.name || `Rule ${given.rules.length + at + 1}`} was not tried.</p></li>`)}
    ${given.steps_left_out ? html`<li class="try-rule muted"><span class="try-mark"></span>${given.steps_left_out} more steps are not told: there are too many.</li>` : nothing}</ol>`;
}

/** The whole answer: `data` is what the server explained, and the environment. */
export const explanation = (flag, data) => html`<h2>Answer in ${environmentView(data.environment)}</h2>
  <div class="try-value"><p>${variation(flag, data.steps.variation_key)}</p><pre class="code" tabindex="0"><code>${pretty(data.evaluation.value)}</code></pre></div>
  <p class="wrap">${reason(flag, data)} <span class="muted small mono">${data.evaluation.reason}</span></p>
  ${data.steps.rules.length || data.steps.prerequisites.length ? html`<h3>Step by step</h3>${steps(data.steps, flag)}` : nothing}`;
