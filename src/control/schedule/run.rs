//! Applying schedules at their time. Each is one transaction: what it changes, the entry in the audit log, and that it is
//! over. So it happens exactly once, whenever the process ends. What refuses it ends it as well, in a transaction of its
//! own; what only fails for now, as a disk that is full, leaves it as it was.

use crate::{
    control::{
        Control, Error, Thing,
        call::Call,
        change::Change,
        flag::FlagName,
        flag_check::check,
        flag_target::{Target, apply_knowing, rulesets, target},
        ramp,
        scope::find_place,
    },
    domain::{
        audit::{Action, FieldChange},
        flag_change::FlagChange,
        id::RuleId,
        named::named,
        role::Permission,
        schedule::{Due, Failure, Planned, Schedule, ScheduleStatus, Step},
        violation::{Fault, Violations},
    },
    store,
};

/// Why nothing is changed for somebody who has lost the right to.
const NO_RIGHT: &str = "whoever made it may no longer change flags here";

named! {
    /// What became of a schedule whose time had come.
    Ran {
        /// It was applied.
        Applied = "applied",
        /// It could not be, and is over.
        Failed = "failed",
        /// Somebody was faster to call it off.
        Gone = "gone",
    }
}

/// Applies a schedule whose time has come. `words` says why a change is refused, as whoever made it would have been told.
pub async fn run(
    control: &Control,
    call: &Call,
    due: Due,
    words: impl Fn(Error) -> Failure,
) -> Result<Ran, Error> {
    let refused = match control.change(call, None, move |change| apply(change, due)).await {
        Ok(ran) => return Ok(noted(control, ran)),
        Err(error) => error,
    };
    let failure = match refused {
        Error::Storage(_) | Error::Busy => return Err(refused),
        Error::Forbidden(_) | Error::TokenInvalid | Error::Missing(Thing::Environment, _) => {
            let Failure { code, .. } = words(Error::Forbidden(Permission::WriteFlags));
            Failure { code, message: NO_RIGHT.to_owned() }
        }
        error => words(error),
    };
    control.change(call, None, move |change| fail(change, due, failure)).await.map(|ran| noted(control, ran))
}

fn noted(control: &Control, ran: Ran) -> Ran {
    control.core.panel.measured.ran(ran);
    ran
}

fn apply(change: &mut Change<'_>, due: Due) -> Result<Ran, Error> {
    let Some(schedule) = store::schedule::due(change.tx(), due)? else { return Ok(Ran::Gone) };
    change.act_for(schedule.made_by.clone())?;
    let place = change.place(schedule.environment, Permission::WriteFlags)?;
    let rulesets = rulesets(change, &place)?;
    let target = target(place, &rulesets, &FlagName(schedule.flag.to_string()))?;
    target.must_be_in_use()?;
    remark(change, &schedule);
    let (value, ramp) = match &schedule.planned {
        Planned::Set(setting) => (FlagChange::from(setting.clone()), None),
        Planned::Step(step) => take(change, &target, step).map(|(value, ramp)| (value, Some(ramp)))?,
    };
    check(&target, &rulesets, &value, Violations::new())?;
    let own = value.rules.iter().flatten().filter_map(|rule| rule.id);
    let known: Vec<RuleId> = target.rules().into_iter().chain(own).collect();
    // Also where nothing changes: that a frozen environment was as wanted already is luck.
    change.may_change(schedule.environment)?;
    apply_knowing(change, &target, value, &known, Action::FlagUpdated)?;
    store::schedule::put(change.tx(), &schedule.over(ScheduleStatus::Applied, change.now()))?;
    ramp.map_or(Ok(()), |ramp| ramp::settle(change, ramp))?;
    Ok(Ran::Applied)
}

/// From here on, every entry says which schedule it is of.
fn remark(change: &mut Change<'_>, schedule: &Schedule) {
    change.remark(FieldChange::made("schedule", schedule.id.to_string()));
    if let Some(ramp) = schedule.ramp() {
        change.remark(FieldChange::made("ramp", ramp.to_string()));
    }
}

/// The change that a step of a ramp makes, and the ramp after it.
fn take(
    change: &Change<'_>,
    target: &Target,
    step: &Step,
) -> Result<(FlagChange, crate::domain::ramp::Ramp), Error> {
    let ramp = ramp::kept(change.tx(), target.place.environment.id, target.flag.id, step.ramp)?;
    let rule = ramp.rule;
    let Some((ramp, rules)) = ramp.step(step.percentage, &target.flag, target.named()) else {
        let message = format!("the flag has no rule '{rule}' here any more");
        return Err(Violations::one(Fault::Rule, "rule_id", message).into());
    };
    ramp::refuse_more_rules(rules.len())?;
    Ok((FlagChange { rules: Some(rules), ..FlagChange::default() }, ramp))
}

/// Ends a schedule that cannot be applied, and with it the rest of its ramp.
fn fail(change: &mut Change<'_>, due: Due, failure: Failure) -> Result<Ran, Error> {
    let Some(schedule) = store::schedule::due(change.tx(), due)? else { return Ok(Ran::Gone) };
    change.act_as(schedule.made_by.clone());
    remark(change, &schedule);
    let place = find_place(change.tx(), schedule.environment)?;
    let notes = vec![
        FieldChange::made("at", schedule.at.to_string()),
        FieldChange::made("code", failure.code.as_str()),
        FieldChange::made("reason", failure.message.as_str()),
    ];
    change.audit(Action::FlagScheduleFailed, place.scope(), schedule.flag, notes)?;
    store::schedule::put(change.tx(), &schedule.clone().failed(failure.clone(), change.now()))?;
    if let Some(flag) = store::flag::by_id(change.tx(), schedule.flag)? {
        let id = schedule.id.to_string();
        change.tell_schedule_failed(schedule.environment, &flag.key, &id, schedule.at, &failure.message)?;
    }
    if let Some(ramp) = schedule.ramp() {
        let ramp = ramp::kept(change.tx(), schedule.environment, schedule.flag, ramp)?;
        ramp::fail(change, ramp, &failure)?;
    }
    Ok(Ran::Failed)
}
