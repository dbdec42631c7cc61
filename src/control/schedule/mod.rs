//! Schedules: changes of flags that are made later. They are checked when they are made as if they were to be applied at
//! once, and once more when they are applied (`run.rs`).

mod run;

pub use run::{Ran, run};

use tokio::sync::watch;

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    flag::{FlagName, find, view},
    flag_check::check,
    flag_target::{Target, rulesets, target},
    ramp,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, configuration_fields},
        id::{EnvironmentId, FlagId, RuleId, ScheduleId},
        page::{Direction, Page, PageRequest, SortKey, paginate},
        role::Permission,
        schedule::{
            CHANGE, Due, MAX_SCHEDULES_AHEAD, NewSchedule, Planned, Schedule, ScheduleStatus, Setting,
        },
        violation::{Draft, Violations},
    },
    store::{self, Access},
};

/// A schedule, and the flag that it is for.
#[derive(Clone, Debug)]
pub struct ShownSchedule {
    /// The schedule.
    pub schedule: Schedule,
    /// The flag's key.
    pub flag_key: String,
}

/// The schedule whose time comes next, and word of every other one.
pub fn due(control: &Control) -> watch::Receiver<Option<Due>> {
    control.core.due()
}

/// Schedules a change of a flag.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    draft: Draft<NewSchedule>,
) -> Result<ShownSchedule, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let Draft { value: NewSchedule { at, change: value }, faults } = draft;
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            target.must_be_in_use()?;
            check(&target, &rulesets, &value, faults).map_err(of_change)?;
            change.may_change(environment)?;
            refuse_more(change, &target, 1)?;
            let fields = [value.enabled.is_some(), value.default_variation.is_some(), value.rules.is_some()];
            let mut mint = || change.mint::<RuleId>();
            let (_, after) =
                value.clone().apply(&target.flag, target.named(), &target.rules(), at, &mut mint);
            let schedule = Schedule {
                id: change.mint(),
                environment,
                flag: target.flag.id,
                at,
                planned: Planned::Set(Setting {
                    enabled: value.enabled,
                    default_variation: value.default_variation,
                    rules: value.rules.map(|_| after.rules.clone()),
                }),
                made_by: change.actor()?.clone(),
                created_at: change.now(),
                status: ScheduleStatus::Pending,
                finished_at: None,
                failure: None,
            };
            store::schedule::put(change.tx(), &schedule)?;
            let mut notes = notes(&schedule);
            // The fields of a configuration come in this order.
            let said = configuration_fields(&after).into_iter().zip(fields).filter(|(_, said)| *said);
            notes
                .extend(said.map(|((name, value), _)| FieldChange::made(&format!("{CHANGE}.{name}"), value)));
            change.audit(Action::FlagScheduled, target.place.scope(), target.flag.id, notes)?;
            Ok(ShownSchedule { schedule, flag_key: target.flag.key.to_string() })
        })
        .await
}

/// What is wrong with a change, with the paths of the request that has it in a member.
fn of_change(error: Error) -> Error {
    let Error::Invalid(inner) = error else { return error };
    let mut faults = Violations::new();
    faults.add_of(CHANGE, inner);
    faults.into()
}

/// What the audit log says of any schedule.
fn notes(schedule: &Schedule) -> Vec<FieldChange> {
    vec![
        FieldChange::made("schedule", schedule.id.to_string()),
        FieldChange::made("at", schedule.at.to_string()),
    ]
}

/// Refuses so many more schedules of a flag if there would be too many.
pub(super) fn refuse_more(change: &Change<'_>, target: &Target, more: usize) -> Result<(), Error> {
    let ahead = store::schedule::count_ahead(change.tx(), target.place.environment.id, target.flag.id)?;
    if ahead.saturating_add(more) <= MAX_SCHEDULES_AHEAD {
        return Ok(());
    }
    let sentence = format!(
        "a flag has at most {MAX_SCHEDULES_AHEAD} schedules to come in an environment, steps of ramps included"
    );
    Err(Error::LimitReached(sentence))
}

/// A page of the schedules of a flag in an environment, those of one status or all, the latest moment first.
pub fn list(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    status: Option<ScheduleStatus>,
    request: &PageRequest,
) -> Result<Page<ShownSchedule>, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    let flag = find(&ruleset, &view.place.environment, name)?.flag();
    let mut schedules = store::schedule::of_flag(&view.reader, environment, flag.id)?;
    schedules.retain(|it| status.is_none_or(|status| it.status == status));
    let page = paginate(schedules, Direction::Descending, request, |it| {
        (SortKey::Number(it.at.millis()), it.id.bits())
    });
    Ok(page.map(|schedule| ShownSchedule { schedule, flag_key: flag.key.to_string() }))
}

/// A page of what is to come in an environment, the next first.
pub fn upcoming(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    request: &PageRequest,
) -> Result<Page<ShownSchedule>, Error> {
    let view = view(control, caller, environment)?;
    let due = store::schedule::due_in(&view.reader, environment)?;
    let page =
        paginate(due, Direction::Ascending, request, |(at, _, id)| (SortKey::Number(at.millis()), id.bits()));
    let mut shown = Vec::with_capacity(page.rows.len());
    for (_, flag, id) in &page.rows {
        let lost = || Error::Internal(format!("the flag {flag} of the schedule {id} is gone"));
        let flag_key = store::flag::by_id(&view.reader, *flag)?.ok_or_else(lost)?.key.to_string();
        shown.push(ShownSchedule { schedule: kept(&view.reader, environment, *flag, *id)?, flag_key });
    }
    Ok(page.with(shown))
}

/// One schedule of a flag.
pub fn get(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    id: ScheduleId,
) -> Result<ShownSchedule, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    let flag = find(&ruleset, &view.place.environment, name)?.flag();
    let schedule = kept(&view.reader, environment, flag.id, id)?;
    Ok(ShownSchedule { schedule, flag_key: flag.key.to_string() })
}

fn kept(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    id: ScheduleId,
) -> Result<Schedule, Error> {
    let missing = || Error::Missing(Thing::Schedule, id.to_string());
    store::schedule::by_id(access, environment, flag, id)?.ok_or_else(missing)
}

/// Calls a schedule off.
pub async fn cancel(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    id: ScheduleId,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            let schedule = kept(change.tx(), environment, target.flag.id, id)?;
            if schedule.status.is_over() {
                return Err(Error::ScheduleOver(schedule.status));
            }
            let notes = notes(&schedule);
            let ramp = schedule.ramp();
            store::schedule::put(change.tx(), &schedule.over(ScheduleStatus::Cancelled, change.now()))?;
            if let Some(ramp) = ramp {
                ramp::settle(change, ramp::kept(change.tx(), environment, target.flag.id, ramp)?)?;
            }
            change.audit(Action::FlagScheduleCancelled, target.place.scope(), target.flag.id, notes)
        })
        .await
}
