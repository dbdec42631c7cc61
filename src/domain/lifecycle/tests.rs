//! Flags in their lives, told by what is known of them.

use super::*;
use crate::domain::{
    flag::{FlagType, Prerequisite},
    id::{FlagId, ProjectId, RuleId},
    key::FlagKey,
    operator::{Case, Operand, Operator},
    rollout::{Bucketing, Percentage, Rollout, Share},
    rule::Condition,
    text::Name,
    value::Value,
};

/// The 1st of January 2026, from which days are counted.
const START: Timestamp = Timestamp::from_seconds(1_767_225_600);
const PATIENCE: Patience = Patience { days: 30 };

fn day(number: i64) -> Timestamp {
    START.plus_seconds(number * DAY_SECONDS)
}

fn key(text: &str) -> VariationKey {
    VariationKey::parse(text).expect("a key")
}

/// A flag made on day 0.
fn flag() -> Flag {
    Flag {
        id: FlagId::from_bits(1),
        project: ProjectId::from_bits(1),
        key: FlagKey::parse("f").expect("a key"),
        name: Name::trusted("F"),
        description: None,
        flag_type: FlagType::Boolean,
        classification: None,
        tags: Vec::new(),
        owner: None,
        expires_at: None,
        status: FlagStatus::Active,
        variations: Vec::new(),
        bucketing: Bucketing::default(),
        revision: 1,
        created_by: None,
        created_at: day(0),
        updated_at: day(0),
    }
}

/// What nobody has touched.
fn off() -> Configuration {
    Configuration::initial(key("off"), day(0))
}

/// On since the day that is given.
fn on(since: i64) -> Configuration {
    Configuration { enabled: true, revision: 1, updated_at: day(since), ..off() }
}

fn condition() -> Condition {
    let (operator, value) = (Operator::parse("is").expect("an operator"), Value::from("pro"));
    let operand = Operand::parse(operator, &value, Case::Sensitive).expect("an operand");
    Condition { attribute: "plan".into(), operator, value, case: Case::Sensitive, operand }
}

fn rule(conditions: Vec<Condition>, serve: Serve) -> Rule {
    Rule { id: RuleId::from_bits(1), priority: 1, name: None, conditions, serve }
}

fn split(shares: &[(&str, u32)]) -> Serve {
    let share = |(variation, percent): &(&str, u32)| Share {
        variation: key(variation),
        percentage: Percentage::from_thousandths(percent * 1_000).expect("a percentage"),
    };
    Serve::Rollout(Rollout::trusted(shares.iter().map(share).collect()))
}

fn evidence<'e>(flag: &'e Flag, says: &'e [Configuration], last: Option<i64>, now: i64) -> Evidence<'e> {
    let configurations = says.iter().collect();
    Evidence { flag, configurations, last_evaluated_at: last.map(day), scheduled_at: None, now: day(now) }
}

#[track_caller]
fn check(flag: &Flag, says: &[Configuration], last: Option<i64>, now: i64, stage: Stage, because: &str) {
    let evidence = evidence(flag, says, last, now);
    assert_eq!(evidence.lifecycle(PATIENCE), Lifecycle { stage, because: because.to_owned() });
}

#[test]
fn a_new_flag_is_a_draft_until_it_is_used_or_forgotten() {
    let off_everywhere = "It is off in every environment, and was never evaluated.";
    check(&flag(), &[off(), off()], None, 0, Stage::Draft, off_everywhere);
    check(&flag(), &[off(), off()], None, 29, Stage::Draft, off_everywhere);
    let forgotten = "It was never evaluated, and has not changed since 2026-01-01.";
    check(&flag(), &[off(), off()], None, 30, Stage::Stale, forgotten);
    check(&flag(), &[off(), on(5)], None, 6, Stage::Active, "It is on, and has not been evaluated yet.");
    check(&flag(), &[off(), off()], Some(3), 6, Stage::Active, "It was last evaluated on 2026-01-04.");
}

#[test]
fn a_flag_that_nobody_asks_for_any_more_is_stale() {
    let says = [off(), Configuration { rules: vec![rule(vec![condition()], split(&[("on", 50)]))], ..on(5) }];
    let last = "It was last evaluated on 2026-01-11.";
    check(&flag(), &says, Some(10), 39, Stage::Active, last);
    check(&flag(), &says, Some(10), 40, Stage::Stale, last);
    // Somebody works on it.
    check(
        &flag(),
        &[off(), Configuration { updated_at: day(39), ..says[1].clone() }],
        Some(10),
        41,
        Stage::Active,
        last,
    );
}

#[test]
fn a_flag_that_gives_everyone_the_same_everywhere_is_stale() {
    let everyone = |serve| Configuration { rules: vec![rule(Vec::new(), serve)], ..on(5) };
    let to_all = |serve| [everyone(serve), Configuration { default_variation: key("on"), ..on(2) }];
    let stale = "Every environment has served 'on' to everyone since 2026-01-06.";
    let active = "It was last evaluated on 2026-02-05.";
    let on_for_all = Serve::Variation(key("on"));
    check(&flag(), &to_all(on_for_all.clone()), Some(35), 34, Stage::Active, active);
    for serve in [on_for_all, split(&[("on", 100)]), split(&[("off", 0), ("on", 60), ("on", 40)])] {
        check(&flag(), &to_all(serve), Some(35), 35, Stage::Stale, stale);
    }
    for serve in [split(&[("on", 99)]), split(&[("on", 99), ("off", 1)]), Serve::Variation(key("off"))] {
        check(&flag(), &to_all(serve), Some(35), 35, Stage::Active, active);
    }
}

#[test]
fn what_may_depend_on_the_user_is_not_the_same_for_everyone() {
    let active = "It was last evaluated on 2026-02-05.";
    let targeted =
        Configuration { rules: vec![rule(vec![condition()], Serve::Variation(key("on")))], ..on(5) };
    check(&flag(), std::slice::from_ref(&targeted), Some(35), 35, Stage::Active, active);
    let demand = Prerequisite { flag_key: FlagKey::parse("gate").expect("a key"), variation_key: key("on") };
    let everyone = rule(Vec::new(), Serve::Variation(key("on")));
    let demanding = Configuration { rules: vec![everyone], prerequisites: vec![demand], ..on(5) };
    check(&flag(), &[demanding], Some(35), 35, Stage::Active, active);
    // Off again, nobody is told apart.
    let back = Configuration { enabled: false, ..targeted };
    let stale = "Every environment has served 'off' to everyone since 2026-01-06.";
    check(&flag(), &[back], Some(35), 35, Stage::Stale, stale);
}

#[test]
fn a_parked_flag_serves_its_default_since_it_was_parked() {
    let parked = Flag { status: FlagStatus::Inactive, updated_at: day(10), ..flag() };
    let says = [on(5), Configuration { rules: vec![rule(vec![condition()], split(&[("on", 50)]))], ..on(5) }];
    check(&parked, &says, Some(39), 39, Stage::Active, "It was last evaluated on 2026-02-09.");
    let stale = "Every environment has served 'off' to everyone since 2026-01-11.";
    check(&parked, &says, Some(39), 40, Stage::Stale, stale);
}

#[test]
fn an_expired_flag_is_stale_and_an_archived_one_is_archived() {
    let expiring = Flag { expires_at: Some(day(7)), ..flag() };
    check(&expiring, &[on(5)], Some(6), 6, Stage::Active, "It was last evaluated on 2026-01-07.");
    check(&expiring, &[on(5)], Some(7), 7, Stage::Stale, "It expired on 2026-01-08.");
    let archived = Flag { status: FlagStatus::Archived, updated_at: day(8), ..expiring };
    check(&archived, &[on(5)], Some(7), 9, Stage::Archived, "It was archived on 2026-01-09.");
}

#[test]
fn what_is_about_to_change_is_not_stale() {
    let (flag, says) = (flag(), [on(5)]);
    let stale = evidence(&flag, &says, None, 100);
    assert_eq!(stale.lifecycle(PATIENCE).stage, Stage::Stale);
    let scheduled = Evidence { scheduled_at: Some(day(120)), ..stale };
    let because = "A change of it is scheduled for 2026-05-01.".to_owned();
    assert_eq!(scheduled.lifecycle(PATIENCE), Lifecycle { stage: Stage::Active, because });
    // What is known to be in use anyway is told as it was.
    let fresh = Evidence { scheduled_at: Some(day(9)), ..evidence(&flag, &says, Some(6), 7) };
    assert_eq!(fresh.lifecycle(PATIENCE).because, "It was last evaluated on 2026-01-07.");
}
