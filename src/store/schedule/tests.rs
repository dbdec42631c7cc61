//! Records of schedules, the indexes of those that are not over, and how many of the others are kept.

use super::*;
use crate::{
    domain::{
        rule::{Rule, Serve},
        text::Name,
    },
    store::{Store, tests::check},
};

const AT: Timestamp = Timestamp::from_millis(1_800_000_000_123);
const SOON: Timestamp = Timestamp::from_seconds(1_800_000_600);

/// A schedule that is to come.
pub(in crate::store) fn schedule() -> Schedule {
    Schedule {
        id: ScheduleId::from_bits(20),
        environment: EnvironmentId::from_bits(5),
        flag: FlagId::from_bits(8),
        at: SOON,
        planned: Planned::Set(Setting { enabled: Some(true), default_variation: None, rules: None }),
        made_by: Actor { id: UserId::from_bits(1), email: "ada@example.com".into(), token: None },
        created_at: AT,
        status: ScheduleStatus::Pending,
        finished_at: None,
        failure: None,
    }
}

/// A step of a ramp that is over.
pub(in crate::store) fn step(id: u128, ramp: RampId) -> Schedule {
    let percentage = Percentage::from_thousandths(12_500).unwrap();
    let step = Step { ramp, variation: VariationKey::parse("v2").unwrap(), percentage };
    let schedule = Schedule { id: ScheduleId::from_bits(id), planned: Planned::Step(step), ..schedule() };
    schedule.over(ScheduleStatus::Applied, AT)
}

#[test]
fn a_record_never_changes() {
    let rule = Rule {
        id: crate::domain::id::RuleId::from_bits(9),
        priority: 3,
        name: Some(Name::trusted("R")),
        conditions: vec![],
        serve: Serve::Variation(VariationKey::parse("v2").unwrap()),
    };
    let setting = Setting {
        enabled: Some(false),
        default_variation: Some(VariationKey::parse("v1").unwrap()),
        rules: Some(vec![rule]),
    };
    let token = Some(PersonalTokenId::from_bits(13));
    let made_by = Actor { token, ..schedule().made_by };
    check(
        &Schedule { planned: Planned::Set(setting), made_by, ..schedule() },
        "0119271470140508fd80efca304603000000010001027631010109060101520000027632010f616461406578616d706c65\
         2e636f6d010dfdf6a0b830460300000770656e64696e670000",
    );
    let failure = Failure { code: "RULE_INVALID".into(), message: "it is gone".into() };
    check(
        &step(22, RampId::from_bits(21)).failed(failure, SOON),
        "01a2a4ae4f160508fd80efca30460300000115027632fbd430010f616461406578616d706c652e636f6d00fdf6a0b83046\
         030000066661696c656401fd80efca3046030000010c52554c455f494e56414c49440a697420697320676f6e65",
    );
}

#[test]
fn the_next_one_is_the_first_by_moment_and_then_by_making() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    assert_eq!(next(&writer).unwrap(), None);
    let at = |id: u128, seconds: i64| Schedule {
        id: ScheduleId::from_bits(id),
        at: SOON.plus_seconds(seconds),
        ..schedule()
    };
    let all = [at(1, 2), at(2, 1), at(3, 1), at(4, 0)];
    for it in &all {
        put(&writer, it).unwrap();
    }
    let mut order = Vec::new();
    while let Some(due) = next(&writer).unwrap() {
        let found = super::due(&writer, due).unwrap().unwrap();
        order.push(found.id.bits());
        put(&writer, &found.over(ScheduleStatus::Applied, AT)).unwrap();
        assert_eq!(super::due(&writer, due).unwrap(), None, "it is over");
    }
    assert_eq!(order, [4, 2, 3, 1]);
    let Schedule { environment, flag, .. } = schedule();
    assert_eq!(count_ahead(&writer, environment, flag).unwrap(), 0);
}

#[test]
fn what_waits_is_ahead_but_not_due_and_may_come_at_another_moment() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let Schedule { environment, flag, .. } = schedule();
    let waiting = Schedule { status: ScheduleStatus::Paused, ..schedule() };
    put(&writer, &schedule()).unwrap();
    put(&writer, &waiting).unwrap();
    assert_eq!((next(&writer).unwrap(), count_ahead(&writer, environment, flag).unwrap()), (None, 1));
    assert!(due_in(&writer, environment).unwrap().is_empty());
    let later = Schedule { at: SOON.plus_seconds(60), ..schedule() };
    put(&writer, &later).unwrap();
    assert_eq!(next(&writer).unwrap(), Some(Due { at: later.at, schedule: later.id }));
    assert_eq!(due_of(&writer, environment, [flag]).unwrap(), [(later.at, flag, later.id)]);
    assert_eq!(count_due(&writer).unwrap(), 1);
}

#[test]
fn of_those_that_are_over_the_last_are_kept() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let surplus = 5;
    put(&writer, &Schedule { id: ScheduleId::from_bits(1), ..schedule() }).unwrap();
    put(&writer, &step(2, RampId::from_bits(21))).unwrap();
    for number in (100..).take(MAX_SCHEDULES_KEPT + surplus) {
        let over = AT.plus_seconds(i64::try_from(number).unwrap());
        let it = Schedule { id: ScheduleId::from_bits(number), ..schedule() };
        put(&writer, &it.over(ScheduleStatus::Cancelled, over)).unwrap();
    }
    let Schedule { environment, flag, .. } = schedule();
    let kept: Vec<u128> =
        of_flag(&writer, environment, flag).unwrap().iter().map(|it| it.id.bits()).collect();
    assert_eq!(kept.len(), 2 + MAX_SCHEDULES_KEPT);
    assert_eq!(kept[..3], [1, 2, 105], "what is to come stays, and what belongs to a ramp");
}
