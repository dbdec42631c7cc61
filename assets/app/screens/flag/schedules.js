// Schedules and ramps: what is to be done with the flag in the environment that is looked at, and what became of what was.
import { html, nothing, effect, track, repeat, untracked } from '../../kit.js';
import { onChange, onFocus } from '../../live.js';
import { ofFlag, reopens } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { cancelRamp, cancelSchedule, handleRamp, isAhead, readSchedules, schedule } from '../../store/schedules.js';
import { permission, refusal } from '../../store/switching.js';
import { button } from '../../parts/button.js';
import { environment as environmentView } from '../../parts/chip.js';
import { zone, sayMoment } from '../../parts/moment.js';
import { resource, shown } from '../../parts/resource.js';
import { empty, skeleton } from '../../parts/state.js';
import { toast } from '../../parts/toast.js';
import { FORM as RAMP, newRamp } from './schedules/new-ramp.js';
import { FORM as SCHEDULE, newSchedule } from './schedules/new-schedule.js';
import { rampRow, scheduleRow } from './schedules/rows.js';

const HEADING = 'schedules-heading';

export function schedules({ key, flag, flags }) {
  const all = resource(() => readSchedules(key, place.environment.peek()));
  let asked = null;
  const stop = effect(() => {
    const id = place.environment.value?.id ?? null;
    if (id === asked) return;
    asked = id;
    untracked(() => {
      all.value = null;
      if (id) all.load();
    });
  });
  const again = () => { if (asked) all.load(); };
  const stopLive = onChange((change) => { if (!change.flag_key || change.flag_key === key) again(); });
  const stopFocus = onFocus(again);

  /** Asks what must be asked, does it, and shows what is so then. */
  async function act(asks, work, done, undo) {
    const environment = place.environment.peek();
    const given = await permission(flag.peek(), environment, { when: 'later', ...asks });
    if (!given) return;
    await work(environment, given.reason);
    toast(done, undo ? { undo: async () => { await undo(environment, given.reason); await all.load(); } } : {});
    await all.load();
    document.getElementById(HEADING)?.focus();
  }

  async function make(ask, done) {
    const made = await ask(flag.peek(), place.environment.peek(), flags.peek());
    if (!made) return;
    toast(done(made));
    await all.load();
  }
  const scheduleOne = () => make(newSchedule, (made) => `The change is scheduled for ${sayMoment(made.at)}.`);
  const rampUp = () => make(newRamp, (made) => `The ramp begins at ${sayMoment(made.steps[0].at)}.`);

  const named = (what) => () => all.value && ofFlag(what, flag.value);
  const stopReopen = [reopens(named(SCHEDULE), scheduleOne), reopens(named(RAMP), rampUp)];

  const cancel = (one) => act(
    { title: 'Cancel the scheduled change?', action: 'Cancel it' },
    (environment, reason) => cancelSchedule(key, environment, one.id, reason), 'The scheduled change is cancelled.',
    (environment, reason) => schedule(key, environment, { at: one.at, change: one.change }, reason ? { 'X-PhaseFlag-Break-Glass': reason } : {}),
  );
  const handle = (ramp, what, undo, asks, done) => act(asks, (environment, reason) => handleRamp(key, environment, ramp.id, what, reason), done,
    undo && ((environment, reason) => handleRamp(key, environment, ramp.id, undo, reason)));
  const pause = (ramp) => handle(ramp, 'pause', 'resume', { title: 'Pause the ramp?', action: 'Pause' }, 'The ramp is paused: its steps wait, the flag stays as it is.');
  const resume = (ramp) => handle(ramp, 'resume', 'pause', { title: 'Resume the ramp?', action: 'Resume' }, 'The ramp goes on: its steps are later by as long as it was paused.');
  const end = (ramp) => act(
    { title: 'Cancel the ramp?', action: 'Cancel the ramp', always: true, danger: true, text: html`<p>Its steps to come are not made, and the flag stays as it is. This cannot be undone.</p>` },
    (environment, reason) => cancelRamp(key, environment, ramp.id, reason), 'The ramp is cancelled.',
  );
  const back = (ramp) => handle(ramp, 'rollback', null, {
    title: 'Roll the ramp back?', action: 'Roll back', always: true, danger: true, when: 'at once',
    text: html`<p>${ramp.adds_rule ? 'The rule that it added is removed' : 'Its rule serves again what it served before'}, and steps to come are cancelled. Everything else about the flag stays.</p>`,
  }, 'The ramp is rolled back.');

  const small = (label, one, work, kind) => button({ label, name: `${label} ${one.id}`, small: true, kind, work: () => work(one) });
  const mayChange = () => flag.value && !refusal(flag.value, place.environment.value);
  const ofSchedule = (one) => (mayChange() && isAhead(one) ? small('Cancel', one, cancel) : nothing);
  const begun = (ramp) => ramp.state !== 'rolled_back' && ramp.steps.some((one) => one.status === 'applied');
  const ofRamp = (ramp) => (mayChange() ? html`${ramp.state === 'running' ? small('Pause', ramp, pause) : nothing}${ramp.state === 'paused' ? small('Resume', ramp, resume) : nothing}
    ${isAhead(ramp) ? small('Cancel', ramp, end) : nothing}${begun(ramp) ? small('Roll back', ramp, back) : nothing}` : nothing);

  const list = (label, rows, view) => html`<ul class="settings-list" aria-label=${label}>${repeat(rows, (one) => one.id, view)}</ul>`;
  const schedulesOf = (rows, label) => list(label, rows, (one) => scheduleRow(flag.value, one, ofSchedule(one)));
  const rampsOf = (rows, label) => list(label, rows, (one) => rampRow(flag.value, one, ofRamp(one)));

  const buttons = () => (mayChange() ? html`${button({ label: 'New ramp', icon: 'chart', onClick: rampUp, name: 'new ramp' })}${button({ label: 'Schedule a change', kind: 'primary', icon: 'plus', onClick: scheduleOne, name: 'new schedule' })}` : nothing);

  const lists = ({ schedules: plans, ramps }) => {
    if (!flag.value) return nothing;
    const [next, past] = [plans.filter(isAhead).sort((a, b) => a.at.localeCompare(b.at)), plans.filter((one) => !isAhead(one))];
    const [running, over] = [ramps.filter(isAhead), ramps.filter((one) => !isAhead(one))];
    const none = next.length + running.length === 0;
    return html`${none ? empty({ title: 'Nothing is to come', text: 'A schedule turns the flag on or off, or changes its default or its rules, at a moment that you choose. A ramp gives a variation to more and more people, step by step.' }) : nothing}
      ${running.length ? html`<section class="stack tight"><h3>Ramps</h3>${rampsOf(running, 'Ramps')}</section>` : nothing}
      ${next.length ? html`<section class="stack tight"><h3>Scheduled</h3>${schedulesOf(next, 'Scheduled')}</section>` : nothing}
      ${over.length + past.length ? html`<details class="past" ?open=${none}><summary>What was (${over.length + past.length})</summary>${over.length ? rampsOf(over, 'Ramps that are over') : nothing}${past.length ? schedulesOf(past, 'Schedules that are over') : nothing}</details>` : nothing}`;
  };

  const why = () => {
    const text = flag.value && refusal(flag.value, place.environment.value);
    return text ? html`<p class="note">${text}</p>` : nothing;
  };

  const view = () => (place.environment.value ? html`<section class="stack flag-tab"><div class="row"><h2 id=${HEADING} tabindex="-1" class="grow">Schedules in ${environmentView(place.environment.value)}</h2>${track(buttons)}</div>
    <p class="muted small">Times are in your time zone, ${zone}.</p>${track(why)}${shown(all, lists)}</section>` : skeleton());
  return {
    view: () => track(view),
    close() {
      stop();
      stopLive();
      stopFocus();
      stopReopen.forEach((end) => end());
    },
  };
}
