//! Schedules: their records, and the two indexes of those that are not over: by moment, and by flag.

use std::ops::RangeInclusive;

use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    get, ramp,
    rule::RuleV1,
    tables,
};
use crate::domain::{
    audit::Actor,
    id::{EnvironmentId, FlagId, PersonalTokenId, RampId, ScheduleId, UserId},
    key::VariationKey,
    rollout::Percentage,
    schedule::{Due, Failure, MAX_SCHEDULES_KEPT, Planned, Schedule, ScheduleStatus, Setting, Step},
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct ScheduleV1 {
    id: u128,
    environment: u128,
    flag: u128,
    at: i64,
    planned: PlannedV1,
    made_by: ActorV1,
    created_at: i64,
    status: String,
    finished_at: Option<i64>,
    failure: Option<FailureV1>,
}

#[derive(Serialize, Deserialize)]
enum PlannedV1 {
    Set { enabled: Option<bool>, default_variation: Option<String>, rules: Option<Vec<RuleV1>> },
    Step { ramp: u128, variation: String, thousandths: u32 },
}

#[derive(Serialize, Deserialize)]
struct FailureV1 {
    code: String,
    message: String,
}

/// Who made something.
#[derive(Serialize, Deserialize)]
pub(super) struct ActorV1 {
    id: u128,
    email: String,
    token: Option<u128>,
}

impl From<&Actor> for ActorV1 {
    fn from(actor: &Actor) -> Self {
        let Actor { id, email, token } = actor;
        Self { id: id.bits(), email: email.clone(), token: token.map(PersonalTokenId::bits) }
    }
}

impl From<ActorV1> for Actor {
    fn from(record: ActorV1) -> Self {
        let token = record.token.map(PersonalTokenId::from_bits);
        Self { id: UserId::from_bits(record.id), email: record.email, token }
    }
}

impl From<&Planned> for PlannedV1 {
    fn from(planned: &Planned) -> Self {
        match planned {
            Planned::Set(Setting { enabled, default_variation, rules }) => Self::Set {
                enabled: *enabled,
                default_variation: default_variation.as_ref().map(ToString::to_string),
                rules: rules.as_ref().map(|rules| rules.iter().map(RuleV1::from).collect()),
            },
            Planned::Step(Step { ramp, variation, percentage }) => Self::Step {
                ramp: ramp.bits(),
                variation: variation.to_string(),
                thousandths: percentage.thousandths(),
            },
        }
    }
}

impl PlannedV1 {
    fn into_domain(self) -> Option<Planned> {
        Some(match self {
            Self::Set { enabled, default_variation, rules } => {
                let default_variation = match default_variation {
                    Some(key) => Some(VariationKey::parse(&key).ok()?),
                    None => None,
                };
                let rules = match rules {
                    Some(rules) => {
                        Some(rules.into_iter().map(RuleV1::into_domain).collect::<Option<Vec<_>>>()?)
                    }
                    None => None,
                };
                Planned::Set(Setting { enabled, default_variation, rules })
            }
            Self::Step { ramp, variation, thousandths } => Planned::Step(Step {
                ramp: RampId::from_bits(ramp),
                variation: VariationKey::parse(&variation).ok()?,
                percentage: Percentage::from_thousandths(thousandths)?,
            }),
        })
    }
}

impl Stored for Schedule {
    const NOUN: &'static str = "a schedule";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let failure = |it: &Failure| FailureV1 { code: it.code.clone(), message: it.message.clone() };
        let record = ScheduleV1 {
            id: self.id.bits(),
            environment: self.environment.bits(),
            flag: self.flag.bits(),
            at: self.at.millis(),
            planned: PlannedV1::from(&self.planned),
            made_by: ActorV1::from(&self.made_by),
            created_at: self.created_at.millis(),
            status: self.status.as_str().to_owned(),
            finished_at: self.finished_at.map(Timestamp::millis),
            failure: self.failure.as_ref().map(failure),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: ScheduleV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: ScheduleId::from_bits(record.id),
            environment: EnvironmentId::from_bits(record.environment),
            flag: FlagId::from_bits(record.flag),
            at: Timestamp::from_millis(record.at),
            planned: record.planned.into_domain()?,
            made_by: record.made_by.into(),
            created_at: Timestamp::from_millis(record.created_at),
            status: ScheduleStatus::parse(&record.status)?,
            finished_at: record.finished_at.map(Timestamp::from_millis),
            failure: record.failure.map(|FailureV1 { code, message }| Failure { code, message }),
        })
    }
}

fn key(environment: EnvironmentId, flag: FlagId, schedule: ScheduleId) -> (u128, u128, u128) {
    (environment.bits(), flag.bits(), schedule.bits())
}

/// A range of keys.
pub(super) type Keys = RangeInclusive<(u128, u128, u128)>;

/// The keys of everything that a flag has in an environment.
pub(super) fn all_of(environment: EnvironmentId, flag: FlagId) -> Keys {
    (environment.bits(), flag.bits(), 0)..=(environment.bits(), flag.bits(), u128::MAX)
}

/// The keys of everything that is in an environment.
pub(super) fn all_in(environment: EnvironmentId) -> Keys {
    (environment.bits(), 0, 0)..=(environment.bits(), u128::MAX, u128::MAX)
}

/// The schedule of a flag with this identifier.
pub fn by_id(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    id: ScheduleId,
) -> Result<Option<Schedule>, Error> {
    get(access, tables::SCHEDULES, key(environment, flag, id))
}

/// The schedules of a flag in an environment, in the order in which they were made.
pub fn of_flag(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
) -> Result<Vec<Schedule>, Error> {
    let table = access.table(tables::SCHEDULES)?;
    let rows = table.range(all_of(environment, flag))?;
    rows.map(|row| Schedule::open(row?.1.value())).collect()
}

/// A schedule whose time is to come: when, of which flag, and which.
pub type Coming = (Timestamp, FlagId, ScheduleId);

/// The schedules of an environment whose time is to come, in no order that means anything.
pub fn due_in(access: &impl Access, environment: EnvironmentId) -> Result<Vec<Coming>, Error> {
    coming(access, [all_in(environment)])
}

/// Those of these flags alone.
pub fn due_of(
    access: &impl Access,
    environment: EnvironmentId,
    flags: impl IntoIterator<Item = FlagId>,
) -> Result<Vec<Coming>, Error> {
    coming(access, flags.into_iter().map(|flag| all_of(environment, flag)))
}

fn coming(access: &impl Access, ranges: impl IntoIterator<Item = Keys>) -> Result<Vec<Coming>, Error> {
    let (ahead, due) = (access.table(tables::SCHEDULES_AHEAD)?, access.table(tables::SCHEDULES_DUE)?);
    let mut found = Vec::new();
    for keys in ranges {
        for row in ahead.range(keys)? {
            let (key, at) = row?;
            let ((_, flag, schedule), at) = (key.value(), at.value());
            // What waits has no place among those that are due.
            if due.get((at, schedule))?.is_some() {
                let (flag, schedule) = (FlagId::from_bits(flag), ScheduleId::from_bits(schedule));
                found.push((Timestamp::from_millis(at), flag, schedule));
            }
        }
    }
    Ok(found)
}

/// How many schedules of a flag in an environment are not over.
pub fn count_ahead(access: &impl Access, environment: EnvironmentId, flag: FlagId) -> Result<usize, Error> {
    Ok(access.table(tables::SCHEDULES_AHEAD)?.range(all_of(environment, flag))?.count())
}

/// The schedule whose time comes next.
pub fn next(access: &impl Access) -> Result<Option<Due>, Error> {
    let table = access.table(tables::SCHEDULES_DUE)?;
    let first = table.first()?.map(|(key, _)| key.value());
    Ok(first.map(|(at, id)| Due { at: Timestamp::from_millis(at), schedule: ScheduleId::from_bits(id) }))
}

/// How many there are whose time is to come, of all organizations.
pub fn count_due(access: &impl Access) -> Result<u64, Error> {
    Ok(access.table(tables::SCHEDULES_DUE)?.len()?)
}

/// The schedule that is to be applied at a moment, if it still is.
pub fn due(access: &impl Access, due: Due) -> Result<Option<Schedule>, Error> {
    let place = {
        let index = access.table(tables::SCHEDULES_DUE)?;
        index.get((due.at.millis(), due.schedule.bits()))?.map(|place| place.value())
    };
    let Some((environment, flag)) = place else { return Ok(None) };
    let lost = || Error::Damaged(format!("the schedule {} has no record", due.schedule));
    let found = by_id(access, EnvironmentId::from_bits(environment), FlagId::from_bits(flag), due.schedule)?;
    found.ok_or_else(lost).map(Some)
}

/// Keeps a schedule. One whose moment changes has to be one that waits.
pub fn put(writer: &Writer, schedule: &Schedule) -> Result<(), Error> {
    let key = key(schedule.environment, schedule.flag, schedule.id);
    let due = (schedule.at.millis(), schedule.id.bits());
    writer.put(tables::SCHEDULES, key, schedule)?;
    match schedule.status {
        ScheduleStatus::Pending => {
            let place = (schedule.environment.bits(), schedule.flag.bits());
            writer.set(tables::SCHEDULES_DUE, due, place)?;
        }
        ScheduleStatus::Paused
        | ScheduleStatus::Applied
        | ScheduleStatus::Failed
        | ScheduleStatus::Cancelled => writer.remove(tables::SCHEDULES_DUE, due)?,
    }
    if schedule.status.is_over() {
        writer.remove(tables::SCHEDULES_AHEAD, key)?;
        return if schedule.ramp().is_none() { trim(writer, schedule) } else { Ok(()) };
    }
    writer.set(tables::SCHEDULES_AHEAD, key, schedule.at.millis())
}

/// Drops those that are over and too many beside this one. What belongs to a ramp goes with it.
fn trim(writer: &Writer, beside: &Schedule) -> Result<(), Error> {
    let mut over = of_flag(writer, beside.environment, beside.flag)?;
    over.retain(|it| it.status.is_over() && it.ramp().is_none());
    over.sort_by_key(|it| (it.finished_at, it.id));
    let surplus = over.len().saturating_sub(MAX_SCHEDULES_KEPT);
    for old in over.iter().take(surplus) {
        writer.remove(tables::SCHEDULES, key(old.environment, old.flag, old.id))?;
    }
    Ok(())
}

/// Drops a schedule of a ramp that is dropped.
pub(super) fn drop_over(
    writer: &Writer,
    environment: EnvironmentId,
    flag: FlagId,
    id: ScheduleId,
) -> Result<(), Error> {
    writer.remove(tables::SCHEDULES, key(environment, flag, id))
}

/// Forgets everything that was to happen, or has, with a flag in an environment.
pub(super) fn remove(writer: &Writer, environment: EnvironmentId, flag: FlagId) -> Result<(), Error> {
    remove_range(writer, all_of(environment, flag))
}

/// Forgets everything that was to happen, or has, in an environment.
pub(super) fn remove_of_environment(writer: &Writer, environment: EnvironmentId) -> Result<(), Error> {
    remove_range(writer, all_in(environment))
}

fn remove_range(writer: &Writer, keys: Keys) -> Result<(), Error> {
    let ahead = {
        let mut table = writer.0.open_table(tables::SCHEDULES_AHEAD)?;
        let rows = table.extract_from_if(keys.clone(), |_, _| true)?;
        let due = rows.map(|row| row.map(|(key, at)| (at.value(), key.value().2)));
        due.collect::<Result<Vec<_>, _>>()?
    };
    for due in ahead {
        writer.remove(tables::SCHEDULES_DUE, due)?;
    }
    writer.0.open_table(tables::SCHEDULES)?.retain_in(keys.clone(), |_, _| false)?;
    ramp::remove(writer, keys)
}

#[cfg(test)]
pub(super) mod tests;
