//! Making the configurations of an environment what they were at a moment, all at once or not at all.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller, Run},
    change::Change,
    error::Error,
    flag::FlagName,
    flag_check::check,
    flag_target::{Target, keep, rulesets, target},
    scope::Place,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, Search, configuration_fields, itemized},
        environment::Environment,
        flag::{Configuration, Flag, FlagStatus, MAX_FLAGS_PER_PROJECT},
        flag_change::FlagChange,
        id::{EnvironmentId, FlagId, RuleId},
        role::Permission,
        time::Timestamp,
        violation::{Fault, Violations},
    },
    engine::Ruleset,
    store,
};

/// What is to be restored.
#[derive(Clone, Copy, Debug)]
pub struct Restoration {
    /// The moment.
    pub at: Timestamp,
    /// Whether to make it.
    pub run: Run,
}

/// What becomes of one flag.
#[derive(Clone, Debug)]
pub struct RestoredFlag {
    /// The flag.
    pub id: FlagId,
    /// Its key.
    pub key: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a flag when its environment is restored.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Its configuration changes.
    Changed(Vec<FieldChange>),
    /// It was archived since, and stays so.
    Archived,
    /// It was deleted since.
    Deleted,
    /// What it was does not fit what it is, or is not known any more.
    Refused(Violations),
}

/// What was restored, or would be.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Every flag that does not just stay as it is, by key.
    pub flags: Vec<RestoredFlag>,
    /// How many stay as they are.
    pub unchanged: u32,
}

/// Makes the configurations of all flags of an environment what they were at a moment. A flag that was made later is
/// turned off. A dry run tells of everything that is in the way; a real one is refused because of it.
pub async fn restore(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    restoration: Restoration,
) -> Result<Restored, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            if restoration.at.seconds() < place.environment.created_at.seconds() {
                let message =
                    format!("must not be before {}, when it was made", place.environment.created_at);
                return Err(Violations::one(Fault::NotKept, "at", message).into());
            }
            if restoration.run == Run::Dry {
                change.rehearse();
            }
            let rulesets = rulesets(change, &place)?;
            let planned = plan(change, &place, &rulesets, restoration.at)?;
            refuse_faults(&planned, restoration.run)?;
            make(change, place, &rulesets, planned, restoration.at)
        })
        .await
}

/// What is to become of a flag, and its new configuration where it gets one.
struct Planned {
    flag: Arc<Flag>,
    outcome: Result<Option<Configuration>, Fate>,
}

fn plan(
    change: &Change<'_>,
    place: &Place,
    rulesets: &[(Environment, Arc<Ruleset>)],
    at: Timestamp,
) -> Result<Vec<Planned>, Error> {
    let mut planned = Vec::new();
    for compiled in rulesets[0].1.flags() {
        let name = FlagName(compiled.key().to_owned());
        let target = target(place.clone(), rulesets, &name)?;
        let outcome = of_flag(change, &target, rulesets, at)?;
        planned.push(Planned { flag: target.flag, outcome });
    }
    Ok(planned)
}

fn of_flag(
    change: &Change<'_>,
    target: &Target,
    rulesets: &[(Environment, Arc<Ruleset>)],
    at: Timestamp,
) -> Result<Result<Option<Configuration>, Fate>, Error> {
    let (environment, flag) = (target.place.environment.id, &target.flag);
    let made_later = flag.created_at.seconds() > at.seconds();
    let revision = store::revision::at(change.tx(), environment, flag.id, at)?;
    let then = revision
        .map(|revision| store::revision::state(change.tx(), environment, flag.id, &revision))
        .transpose()?;
    let value = match (flag.status, then) {
        (FlagStatus::Archived, then) => {
            let stays = made_later || then.is_some_and(|then| then.flag.status == FlagStatus::Archived);
            return Ok(if stays { Ok(None) } else { Err(Fate::Archived) });
        }
        (FlagStatus::Active | FlagStatus::Inactive, _) if made_later => FlagChange::toggle(false),
        (FlagStatus::Active | FlagStatus::Inactive, Some(then)) => {
            FlagChange::to_configuration(&then.configuration)
        }
        (FlagStatus::Active | FlagStatus::Inactive, None) => {
            let oldest = store::revision::oldest(change.tx(), environment, flag.id)?;
            let since = oldest.map_or_else(String::new, |it| format!("; it is since {}", it.at));
            let message = format!("what it was at that time is not kept any more{since}");
            return Ok(Err(Fate::Refused(Violations::one(Fault::NotKept, "", message))));
        }
    };
    match check(target, rulesets, &value, Violations::new()) {
        Ok(()) => {}
        Err(Error::Invalid(faults)) => return Ok(Err(Fate::Refused(faults))),
        Err(error) => return Err(error),
    }
    let known: Vec<RuleId> = value.rules.iter().flatten().filter_map(|rule| rule.id).collect();
    let mut mint = || change.mint::<RuleId>();
    let (_, configuration) = value.apply(flag, target.named(), &known, change.now(), &mut mint);
    Ok(Ok((configuration != **target.named()).then_some(configuration)))
}

/// Refuses a real run if anything is in the way, and says all of it.
fn refuse_faults(planned: &[Planned], run: Run) -> Result<(), Error> {
    let mut faults = Violations::new();
    for planned in planned {
        if let Err(Fate::Refused(own)) = &planned.outcome {
            faults.add_within(&format!("flags[{}]", planned.flag.key), own);
        }
    }
    match run {
        Run::Real => Ok(faults.or_ok(())?),
        Run::Dry => Ok(()),
    }
}

fn make(
    change: &mut Change<'_>,
    place: Place,
    rulesets: &[(Environment, Arc<Ruleset>)],
    planned: Vec<Planned>,
    at: Timestamp,
) -> Result<Restored, Error> {
    let (mut flags, mut unchanged, mut changed) = (Vec::new(), 0, 0_u32);
    for Planned { flag, outcome } in planned {
        let fate = match outcome {
            Ok(None) => {
                unchanged += 1;
                continue;
            }
            Ok(Some(configuration)) => {
                let target = target(place.clone(), rulesets, &FlagName(flag.key.to_string()))?;
                let fields = [target.named(), &configuration].map(configuration_fields);
                keep(change, &target, (*flag).clone(), configuration, Action::FlagRolledBack)?;
                changed += 1;
                Fate::Changed(itemized(&fields[0], &fields[1]))
            }
            Err(fate) => fate,
        };
        flags.push(RestoredFlag { id: flag.id, key: flag.key.to_string(), fate });
    }
    flags.extend(deleted_since(change, &place, at)?);
    flags.sort_by(|left, right| left.key.cmp(&right.key));
    if changed > 0 {
        let notes = vec![
            FieldChange::made("restored_to", at.to_string()),
            FieldChange::made("flags_changed", changed),
        ];
        change.audit(Action::EnvironmentRestored, place.scope(), place.environment.id, notes)?;
    }
    Ok(Restored { flags, unchanged })
}

/// The flags that were there at a moment and have been deleted since, by what the audit log says.
fn deleted_since(change: &Change<'_>, place: &Place, at: Timestamp) -> Result<Vec<RestoredFlag>, Error> {
    let search = Search {
        organizations: vec![place.project.organization],
        project: Some(place.project.id),
        action: Some(Action::FlagDeleted),
        from: Some(at),
        ..Search::default()
    };
    let deletions = store::audit::newest_of(change.tx(), &search, MAX_FLAGS_PER_PROJECT)?;
    let told = deletions.into_iter().filter_map(|entry| {
        let id = FlagId::parse(&entry.resource).filter(|id| id.made_at().seconds() <= at.seconds())?;
        let key = entry.changes.into_iter().find(|it| it.field == "key")?.from;
        Some(RestoredFlag { id, key: key.as_str()?.to_owned(), fate: Fate::Deleted })
    });
    Ok(told.collect())
}
