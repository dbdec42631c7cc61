//! Ramps. Their steps are schedules, with records of their own.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    get,
    rule::ServeV1,
    schedule::{self, ActorV1, Keys, all_of},
    tables,
};
use crate::domain::{
    id::{EnvironmentId, FlagId, RampId, RuleId, ScheduleId},
    key::VariationKey,
    ramp::{MAX_RAMPS_KEPT, Origin, Ramp, RampState},
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct RampV1 {
    id: u128,
    environment: u128,
    flag: u128,
    variation: String,
    rule: u128,
    origin: OriginV1,
    state: String,
    paused_at: Option<i64>,
    made_by: ActorV1,
    created_at: i64,
    finished_at: Option<i64>,
    steps: Vec<u128>,
}

#[derive(Serialize, Deserialize)]
enum OriginV1 {
    New,
    Added,
    Found,
    Changed(ServeV1),
}

impl Stored for Ramp {
    const NOUN: &'static str = "a ramp";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = RampV1 {
            id: self.id.bits(),
            environment: self.environment.bits(),
            flag: self.flag.bits(),
            variation: self.variation.to_string(),
            rule: self.rule.bits(),
            origin: match &self.origin {
                Origin::New => OriginV1::New,
                Origin::Added => OriginV1::Added,
                Origin::Found => OriginV1::Found,
                Origin::Changed(before) => OriginV1::Changed(ServeV1::from(before)),
            },
            state: self.state.as_str().to_owned(),
            paused_at: self.paused_at.map(Timestamp::millis),
            made_by: ActorV1::from(&self.made_by),
            created_at: self.created_at.millis(),
            finished_at: self.finished_at.map(Timestamp::millis),
            steps: self.steps.iter().map(|step| step.bits()).collect(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: RampV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: RampId::from_bits(record.id),
            environment: EnvironmentId::from_bits(record.environment),
            flag: FlagId::from_bits(record.flag),
            variation: VariationKey::parse(&record.variation).ok()?,
            rule: RuleId::from_bits(record.rule),
            origin: match record.origin {
                OriginV1::New => Origin::New,
                OriginV1::Added => Origin::Added,
                OriginV1::Found => Origin::Found,
                OriginV1::Changed(before) => Origin::Changed(before.into_domain()?),
            },
            state: RampState::parse(&record.state)?,
            paused_at: record.paused_at.map(Timestamp::from_millis),
            made_by: record.made_by.into(),
            created_at: Timestamp::from_millis(record.created_at),
            finished_at: record.finished_at.map(Timestamp::from_millis),
            steps: record.steps.into_iter().map(ScheduleId::from_bits).collect(),
        })
    }
}

fn key(environment: EnvironmentId, flag: FlagId, ramp: RampId) -> (u128, u128, u128) {
    (environment.bits(), flag.bits(), ramp.bits())
}

/// The ramp of a flag with this identifier.
pub fn by_id(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    id: RampId,
) -> Result<Option<Ramp>, Error> {
    get(access, tables::RAMPS, key(environment, flag, id))
}

/// The ramps of a flag in an environment, in the order in which they were made.
pub fn of_flag(access: &impl Access, environment: EnvironmentId, flag: FlagId) -> Result<Vec<Ramp>, Error> {
    let table = access.table(tables::RAMPS)?;
    let rows = table.range(all_of(environment, flag))?;
    rows.map(|row| Ramp::open(row?.1.value())).collect()
}

/// Keeps a ramp. If it is over, those that were over first go with their steps if there are too many.
pub fn put(writer: &Writer, ramp: &Ramp) -> Result<(), Error> {
    writer.put(tables::RAMPS, key(ramp.environment, ramp.flag, ramp.id), ramp)?;
    if !ramp.state.is_over() {
        return Ok(());
    }
    let mut over = of_flag(writer, ramp.environment, ramp.flag)?;
    over.retain(|it| it.state.is_over());
    over.sort_by_key(|it| (it.finished_at, it.id));
    let surplus = over.len().saturating_sub(MAX_RAMPS_KEPT);
    for old in over.iter().take(surplus) {
        for step in &old.steps {
            schedule::drop_over(writer, old.environment, old.flag, *step)?;
        }
        writer.remove(tables::RAMPS, key(old.environment, old.flag, old.id))?;
    }
    Ok(())
}

/// Forgets the ramps with these keys.
pub(super) fn remove(writer: &Writer, keys: Keys) -> Result<(), Error> {
    Ok(writer.0.open_table(tables::RAMPS)?.retain_in(keys, |_, _| false)?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        domain::{
            audit::Actor,
            id::UserId,
            rollout::{Percentage, Rollout, Share},
            rule::Serve,
        },
        store::{Store, tests::check},
    };

    const AT: Timestamp = Timestamp::from_millis(1_800_000_000_123);

    /// A ramp without steps of its own.
    pub(in crate::store) fn ramp() -> Ramp {
        Ramp {
            id: RampId::from_bits(21),
            environment: EnvironmentId::from_bits(5),
            flag: FlagId::from_bits(8),
            variation: VariationKey::parse("v2").unwrap(),
            rule: RuleId::from_bits(9),
            origin: Origin::Found,
            state: RampState::Running,
            paused_at: None,
            made_by: Actor { id: UserId::from_bits(1), email: "ada@example.com".into(), token: None },
            created_at: AT,
            finished_at: None,
            steps: vec![],
        }
    }

    #[test]
    fn a_record_never_changes() {
        let percentage = Percentage::from_thousandths(12_500).unwrap();
        let share = Share { variation: VariationKey::parse("v1").unwrap(), percentage };
        let ramp = Ramp {
            origin: Origin::Changed(Serve::Rollout(Rollout::trusted(vec![share]))),
            state: RampState::Paused,
            paused_at: Some(AT),
            steps: vec![ScheduleId::from_bits(20)],
            ..ramp()
        };
        check(
            &ramp,
            "0145c0b61415050802763209030101027631fbd4300670617573656401fdf6a0b83046030000010f616461406578616d70\
             6c652e636f6d00fdf6a0b83046030000000114",
        );
    }

    #[test]
    fn those_that_were_over_first_go_with_their_steps() {
        let store = Store::in_memory().unwrap();
        let writer = store.write().unwrap();
        // What is not over is never dropped, however old.
        put(&writer, &Ramp { id: RampId::from_bits(1), ..ramp() }).unwrap();
        for number in (100..).take(MAX_RAMPS_KEPT + 3) {
            let step = schedule::tests::step(number, RampId::from_bits(number));
            schedule::put(&writer, &step).unwrap();
            // The last to be made is the first to be over.
            let over = AT.plus_seconds(1_000 - i64::try_from(number).unwrap());
            let done = Ramp { id: RampId::from_bits(number), steps: vec![step.id], ..ramp() };
            put(&writer, &done.over(RampState::Done, over)).unwrap();
        }
        let (environment, flag) = (ramp().environment, ramp().flag);
        let kept: Vec<u128> =
            of_flag(&writer, environment, flag).unwrap().iter().map(|it| it.id.bits()).collect();
        let first = u128::try_from(100 + MAX_RAMPS_KEPT).unwrap();
        assert_eq!(kept, [1].into_iter().chain(100..first).collect::<Vec<u128>>());
        assert_eq!(schedule::of_flag(&writer, environment, flag).unwrap().len(), MAX_RAMPS_KEPT);
    }
}
