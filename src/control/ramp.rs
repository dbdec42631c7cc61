//! Ramps of rollouts. Their steps are schedules, applied like any other; here they are made, and handled as one.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    flag::{FlagName, find, view},
    flag_check::check,
    flag_target::{Target, apply_knowing, rulesets, target},
    schedule::refuse_more,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, percent},
        flag_change::FlagChange,
        id::{EnvironmentId, FlagId, RampId, RuleId},
        page::{Direction, Page, PageRequest, SortKey, paginate},
        ramp::{NewRamp, NewStep, Origin, Ramp, RampState},
        role::Permission,
        rule::MAX_RULES,
        schedule::{Failure, Planned, Schedule, ScheduleStatus, Step},
        value::Value,
        violation::{Draft, Violations},
    },
    store::{self, Access},
};

/// A ramp, its flag and its steps.
#[derive(Clone, Debug)]
pub struct ShownRamp {
    /// The ramp.
    pub ramp: Ramp,
    /// The flag's key.
    pub flag_key: String,
    /// Its steps, in their order.
    pub steps: Vec<Schedule>,
}

impl ShownRamp {
    fn of(access: &impl Access, ramp: Ramp, flag_key: String) -> Result<Self, Error> {
        let steps = steps(access, &ramp)?;
        Ok(Self { ramp, flag_key, steps })
    }
}

/// The ramp of a flag with this identifier.
pub(super) fn kept(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    id: RampId,
) -> Result<Ramp, Error> {
    let missing = || Error::Missing(Thing::Ramp, id.to_string());
    store::ramp::by_id(access, environment, flag, id)?.ok_or_else(missing)
}

fn steps(access: &impl Access, ramp: &Ramp) -> Result<Vec<Schedule>, Error> {
    let lost = |step| Error::Internal(format!("the ramp {} has lost its step {step}", ramp.id));
    let step = |id| store::schedule::by_id(access, ramp.environment, ramp.flag, id)?.ok_or_else(|| lost(id));
    ramp.steps.iter().map(|id| step(*id)).collect()
}

/// Makes a ramp with its steps.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    draft: Draft<NewRamp>,
) -> Result<ShownRamp, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let Draft { value: new, mut faults } = draft;
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            target.must_be_in_use()?;
            new.check(&target.flag, target.named(), &mut faults);
            faults.or_ok(())?;
            change.may_change(environment)?;
            refuse_second(change, &target, new.rule)?;
            if new.rule.is_none() {
                refuse_more_rules(target.named().rules.len() + 1)?;
            }
            refuse_more(change, &target, new.steps.len())?;
            let (ramp, steps) = build(change, &target, &new)?;
            store::ramp::put(change.tx(), &ramp)?;
            steps.iter().try_for_each(|step| store::schedule::put(change.tx(), step))?;
            let told = |step: &NewStep| {
                let percentage = percent(step.percentage.percent());
                format!("{} %: {}", percentage, step.at)
            };
            let notes = vec![
                FieldChange::made("ramp", ramp.id.to_string()),
                FieldChange::made("variation", ramp.variation.as_str()),
                FieldChange::made("rule_id", ramp.rule.to_string()),
                FieldChange::made("steps", new.steps.iter().map(told).map(Value::from).collect::<Value>()),
            ];
            change.audit(Action::FlagRampCreated, target.place.scope(), target.flag.id, notes)?;
            Ok(ShownRamp { ramp, flag_key: target.flag.key.to_string(), steps })
        })
        .await
}

/// Refuses so many rules of a flag if they are too many.
pub(super) fn refuse_more_rules(rules: usize) -> Result<(), Error> {
    if rules <= MAX_RULES {
        return Ok(());
    }
    Err(Error::LimitReached(format!("a flag has at most {MAX_RULES} rules in an environment")))
}

/// Refuses a ramp beside another that is not over and changes the same rule, or would add one as well.
fn refuse_second(change: &Change<'_>, target: &Target, rule: Option<RuleId>) -> Result<(), Error> {
    let ramps = store::ramp::of_flag(change.tx(), target.place.environment.id, target.flag.id)?;
    let same = |it: &&Ramp| match (&it.origin, rule) {
        (Origin::New | Origin::Added, None) => true,
        (_, Some(rule)) => it.rule == rule,
        (Origin::Found | Origin::Changed(_), None) => false,
    };
    match ramps.iter().filter(|it| !it.state.is_over()).find(same) {
        Some(other) => Err(Error::RampRunning(other.id)),
        None => Ok(()),
    }
}

fn build(change: &Change<'_>, target: &Target, new: &NewRamp) -> Result<(Ramp, Vec<Schedule>), Error> {
    let (id, environment, flag) = (change.mint(), target.place.environment.id, target.flag.id);
    let (made_by, created_at) = (change.actor()?, change.now());
    let schedule = |step: &NewStep| Schedule {
        id: change.mint(),
        environment,
        flag,
        at: step.at,
        planned: Planned::Step(Step {
            ramp: id,
            variation: new.variation.clone(),
            percentage: step.percentage,
        }),
        made_by: made_by.clone(),
        created_at,
        status: ScheduleStatus::Pending,
        finished_at: None,
        failure: None,
    };
    let steps: Vec<Schedule> = new.steps.iter().map(schedule).collect();
    let ramp = Ramp {
        id,
        environment,
        flag,
        variation: new.variation.clone(),
        rule: new.rule.unwrap_or_else(|| change.mint()),
        origin: if new.rule.is_some() { Origin::Found } else { Origin::New },
        state: RampState::Running,
        paused_at: None,
        made_by: made_by.clone(),
        created_at,
        finished_at: None,
        steps: steps.iter().map(|step| step.id).collect(),
    };
    Ok((ramp, steps))
}

/// A page of the ramps of a flag in an environment, the newest first.
pub fn list(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    request: &PageRequest,
) -> Result<Page<ShownRamp>, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    let flag = find(&ruleset, &view.place.environment, name)?.flag();
    let ramps = store::ramp::of_flag(&view.reader, environment, flag.id)?;
    let mut page = paginate(ramps, Direction::Descending, request, |it| {
        (SortKey::Number(it.created_at.millis()), it.id.bits())
    });
    let mut shown = Vec::with_capacity(page.rows.len());
    for ramp in std::mem::take(&mut page.rows) {
        shown.push(ShownRamp::of(&view.reader, ramp, flag.key.to_string())?);
    }
    Ok(page.with(shown))
}

/// One ramp of a flag.
pub fn get(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    id: RampId,
) -> Result<ShownRamp, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    let flag = find(&ruleset, &view.place.environment, name)?.flag();
    let ramp = kept(&view.reader, environment, flag.id, id)?;
    ShownRamp::of(&view.reader, ramp, flag.key.to_string())
}

/// What is done with a ramp as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// Its steps wait.
    Pause,
    /// They are to come again, later by as long as they have waited.
    Resume,
    /// Its rule is what it was, and the rest is called off.
    RollBack,
    /// The rest is called off.
    Cancel,
}

/// Handles a ramp as one.
pub async fn handle(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    (name, id): (FlagName, RampId),
    handling: Handling,
) -> Result<ShownRamp, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            let ramp = kept(change.tx(), environment, target.flag.id, id)?;
            if handling == Handling::RollBack {
                change.expects(target.shown_revision())?;
            }
            let (action, note) = (action(handling), FieldChange::made("ramp", id.to_string()));
            let ramp = match (handling, ramp.state) {
                (Handling::Pause, RampState::Running) => pause(change, ramp)?,
                (Handling::Resume, RampState::Paused) => resume(change, ramp)?,
                (Handling::Cancel, RampState::Running | RampState::Paused) => {
                    call_off(change, ramp, RampState::Cancelled)?
                }
                (
                    Handling::RollBack,
                    RampState::Running
                    | RampState::Paused
                    | RampState::Done
                    | RampState::Failed
                    | RampState::Cancelled,
                ) => {
                    target.must_be_in_use()?;
                    if let Some(rules) = ramp.undone(target.named()) {
                        let value = FlagChange { rules: Some(rules), ..FlagChange::default() };
                        check(&target, &rulesets, &value, Violations::new())?;
                        change.remark(note);
                        let known = target.rules();
                        apply_knowing(change, &target, value, &known, action)?;
                        let ramp = call_off(change, ramp, RampState::RolledBack)?;
                        return ShownRamp::of(change.tx(), ramp, target.flag.key.to_string());
                    }
                    call_off(change, ramp, RampState::RolledBack)?
                }
                (Handling::Pause | Handling::Resume | Handling::Cancel | Handling::RollBack, state) => {
                    return Err(Error::RampState(state));
                }
            };
            change.audit(action, target.place.scope(), target.flag.id, vec![note])?;
            ShownRamp::of(change.tx(), ramp, target.flag.key.to_string())
        })
        .await
}

fn action(handling: Handling) -> Action {
    match handling {
        Handling::Pause => Action::FlagRampPaused,
        Handling::Resume => Action::FlagRampResumed,
        Handling::RollBack => Action::FlagRampRolledBack,
        Handling::Cancel => Action::FlagRampCancelled,
    }
}

/// Makes of every step that is not over what `becomes` says.
fn each_ahead(change: &Change<'_>, ramp: &Ramp, becomes: impl Fn(Schedule) -> Schedule) -> Result<(), Error> {
    for step in steps(change.tx(), ramp)?.into_iter().filter(|it| !it.status.is_over()) {
        store::schedule::put(change.tx(), &becomes(step))?;
    }
    Ok(())
}

fn keep(change: &Change<'_>, ramp: Ramp) -> Result<Ramp, Error> {
    store::ramp::put(change.tx(), &ramp)?;
    Ok(ramp)
}

fn pause(change: &Change<'_>, ramp: Ramp) -> Result<Ramp, Error> {
    each_ahead(change, &ramp, |step| Schedule { status: ScheduleStatus::Paused, ..step })?;
    keep(change, Ramp { state: RampState::Paused, paused_at: Some(change.now()), ..ramp })
}

fn resume(change: &Change<'_>, ramp: Ramp) -> Result<Ramp, Error> {
    let since = ramp.paused_at.unwrap_or(change.now());
    // Moments of schedules are whole seconds; a step never comes earlier than it would have.
    let waited = change.now().millis().saturating_sub(since.millis()).max(0).unsigned_abs().div_ceil(1_000);
    let waited = i64::try_from(waited).unwrap_or(i64::MAX);
    let later = |step: Schedule| Schedule {
        status: ScheduleStatus::Pending,
        at: step.at.plus_seconds(waited),
        ..step
    };
    each_ahead(change, &ramp, later)?;
    keep(change, Ramp { state: RampState::Running, paused_at: None, ..ramp })
}

fn call_off(change: &Change<'_>, ramp: Ramp, state: RampState) -> Result<Ramp, Error> {
    each_ahead(change, &ramp, |step| step.over(ScheduleStatus::Cancelled, change.now()))?;
    keep(change, ramp.over(state, change.now()))
}

/// Keeps a ramp after one of its steps was over: with the last one, so is the ramp.
pub(super) fn settle(change: &Change<'_>, ramp: Ramp) -> Result<(), Error> {
    store::ramp::put(change.tx(), &ramp)?;
    let steps = steps(change.tx(), &ramp)?;
    if ramp.state.is_over() || steps.iter().any(|step| !step.status.is_over()) {
        return Ok(());
    }
    let applied = steps.iter().any(|step| step.status == ScheduleStatus::Applied);
    let state = if applied { RampState::Done } else { RampState::Cancelled };
    keep(change, ramp.over(state, change.now())).map(drop)
}

/// Ends a ramp of which a step has failed.
pub(super) fn fail(change: &Change<'_>, ramp: Ramp, failure: &Failure) -> Result<(), Error> {
    let Failure { code, message } = failure;
    let because = Failure { code: code.clone(), message: format!("a step before it failed: {message}") };
    each_ahead(change, &ramp, |step| step.failed(because.clone(), change.now()))?;
    keep(change, ramp.over(RampState::Failed, change.now())).map(drop)
}
