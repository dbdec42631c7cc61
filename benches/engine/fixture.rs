//! What is measured.

use std::hint::black_box;
use std::sync::Arc;

use phaseflag::domain::context::Context;
use phaseflag::domain::flag::Configuration;
use phaseflag::domain::time::Timestamp;
use phaseflag::engine::{Change, CompiledFlag, Ruleset, compile, evaluate, evaluate_all};
use serde_json::{Value, json};

use crate::compiled::{context, flag, ruleset, segment};

/// The key of the user who asks.
pub(crate) const USER: &str = "user-0000004242";

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const FLAGS: usize = 10_000;

/// Something that is measured.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Nanoseconds that it should take at most, where somebody said so.
    pub(crate) aim: Option<f64>,
    /// Prepares it, and gives what is measured.
    pub(crate) prepare: fn() -> Run,
}

pub(crate) type Run = Box<dyn FnMut()>;

pub(crate) const CASES: &[Case] = &[
    Case { name: "a flag without rules", aim: Some(60.0), prepare: || one(environment(json!({}))) },
    Case {
        name: "ten rules whose first condition misses",
        aim: None,
        prepare: || one(environment(ten_rules(0))),
    },
    Case {
        name: "ten rules whose third condition misses",
        aim: Some(400.0),
        prepare: || one(environment(ten_rules(2))),
    },
    Case {
        name: "200 rules of 50 conditions, of which the last misses",
        aim: None,
        prepare: || one(environment(largest())),
    },
    Case { name: "a rollout, djb2", aim: Some(100.0), prepare: || one(environment(rollout("djb2"))) },
    Case { name: "a rollout, murmur3", aim: Some(100.0), prepare: || one(environment(rollout("murmur3"))) },
    Case { name: "a segment with 5,000 included users", aim: Some(100.0), prepare: || one(segmented()) },
    Case { name: "a flag that requires another", aim: None, prepare: || one(requiring()) },
    Case { name: "a flag without rules, one of 10", aim: Some(60.0), prepare: || one(of_many(10)) },
    Case { name: "a flag without rules, one of 10,000", aim: Some(60.0), prepare: || one(of_many(FLAGS)) },
    Case { name: "all of 1,000 flags of all these kinds", aim: Some(150_000.0), prepare: all },
    Case { name: "compile 10,000 flags, and their ruleset", aim: Some(200_000_000.0), prepare: compile },
    Case {
        name: "toggle one of 10,000 flags, and the next ruleset",
        aim: Some(5_000_000.0),
        prepare: toggle,
    },
];

fn user() -> Context<'static> {
    context(&json!({"user_key": USER, "attributes": {
        "country": "de", "email": "grace@example.com", "age": 36, "plan": "pro", "app_version": "4.2.0",
    }}))
}

/// Asks the flag `f`.
fn one(ruleset: Ruleset) -> Run {
    let user = user();
    Box::new(move || {
        black_box(evaluate(black_box(&ruleset), black_box("f"), black_box(&user), NOW));
    })
}

/// An environment with the flag `f` and nothing else.
fn environment(members: Value) -> Ruleset {
    ruleset([flag("f", members)], [])
}

/// Ten rules of three conditions, of which the one at `missing` does not hold.
fn ten_rules(missing: usize) -> Value {
    let held = [
        json!({"attribute": "plan", "operator": "is", "value": "pro"}),
        json!({"attribute": "age", "operator": "gt", "value": 17}),
        json!({"attribute": "country", "operator": "one_of", "value": ["de", "at", "ch"]}),
    ];
    let missed = [
        json!({"attribute": "plan", "operator": "is", "value": "free"}),
        json!({"attribute": "age", "operator": "gt", "value": 64}),
        json!({"attribute": "country", "operator": "one_of", "value": ["us", "ca", "mx"]}),
    ];
    let mut conditions = held;
    conditions[missing].clone_from(&missed[missing]);
    json!({"targeting_rules": vec![json!({"conditions": conditions, "variation": "on"}); 10]})
}

/// As many conditions as a flag can have.
fn largest() -> Value {
    let mut conditions: Vec<Value> = vec![json!({"attribute": "plan", "operator": "is", "value": "pro"}); 49];
    conditions.push(json!({"attribute": "country", "operator": "is", "value": "us"}));
    json!({"targeting_rules": vec![json!({"conditions": conditions, "variation": "on"}); 200]})
}

fn rollout(algorithm: &str) -> Value {
    let shares = json!([{"variation": "on", "percentage": 30}, {"variation": "off", "percentage": 70}]);
    let rules = json!([{"conditions": [], "percentage_rollout": shares}]);
    json!({"bucketing": {"algorithm": algorithm}, "targeting_rules": rules})
}

fn in_segment() -> Value {
    json!({"targeting_rules": [{"conditions": [{"operator": "in_segment", "value": "beta"}], "variation": "on"}]})
}

fn beta() -> Value {
    let included: Vec<String> = (0..5_000).map(|number| format!("user-{number:010}")).collect();
    json!({"key": "beta", "name": "Beta", "included": included})
}

fn segmented() -> Ruleset {
    ruleset([flag("f", in_segment())], [segment(&beta())])
}

fn requiring() -> Ruleset {
    let demand = json!([{"flag_key": "gate", "variation_key": "on"}]);
    let gate = flag("gate", json!({"default_variation": "on"}));
    ruleset([flag("f", json!({"prerequisites": demand})), gate], [])
}

/// An environment in which `f` is one of so many flags.
fn of_many(count: usize) -> Ruleset {
    let others = (1..count).map(|number| flag(&format!("flag-{number:05}"), json!({})));
    ruleset(others.chain([flag("f", json!({}))]), [])
}

/// In turn: no rule, ten rules, a rollout of each hash, a segment.
fn mixed(count: usize) -> Vec<CompiledFlag> {
    let kinds = [json!({}), ten_rules(0), rollout("djb2"), rollout("murmur3"), in_segment()];
    (0..count).map(|number| flag(&format!("flag-{number:05}"), kinds[number % kinds.len()].clone())).collect()
}

fn all() -> Run {
    let (ruleset, user) = (ruleset(mixed(1_000), [segment(&beta())]), user());
    Box::new(move || drop(black_box(evaluate_all(black_box(&ruleset), black_box(&user), NOW))))
}

fn compile() -> Run {
    let parts: Vec<_> =
        mixed(FLAGS).iter().map(|it| (Arc::clone(it.flag()), Arc::clone(it.configuration()))).collect();
    Box::new(move || {
        let compiled = parts.iter().map(|(flag, configuration)| {
            compile::flag(Arc::clone(flag), Arc::clone(configuration)).expect("it compiled before")
        });
        drop(black_box(ruleset(compiled, [])));
    })
}

/// What the engine does for a toggle; making it durable is up to the store, and publishing it is one pointer.
fn toggle() -> Run {
    let mut ruleset = Arc::new(ruleset(mixed(FLAGS), [segment(&beta())]));
    Box::new(move || {
        let before = ruleset.get("flag-04242").expect("there is such a flag");
        let mut configuration = Configuration::clone(before.configuration());
        configuration.enabled = !configuration.enabled;
        let after = compile::flag(Arc::clone(before.flag()), Arc::new(configuration)).expect("it compiles");
        ruleset = Arc::new(ruleset.with(ruleset.version() + 1, [Change::Put(after)]));
    })
}
