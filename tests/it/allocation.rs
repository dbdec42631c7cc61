//! Asking one flag allocates nothing, whatever it asks of the context, of segments and of other flags.

use std::hint::black_box;

use phaseflag::domain::operator::OPERATORS;
use phaseflag::domain::time::Timestamp;
use phaseflag::engine::{Ruleset, evaluate};
use serde_json::{Value, json};

use crate::support::compiled::{context, flag, ruleset, segment};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// How often the second of two evaluations allocates, and its reason. The first one may make the caches of regular
/// expressions, which belong to the thread.
fn allocations(ruleset: &Ruleset, context_body: &Value) -> (u64, &'static str) {
    let context = context(context_body);
    let mut reason = "";
    let mut ask = || {
        let outcome = evaluate(black_box(ruleset), black_box("f"), black_box(&context), NOW);
        reason = black_box(outcome).expect("there is a flag f").reason.name();
    };
    ask();
    let counted = allocation_counter::measure(ask).count_total;
    (counted, reason)
}

#[track_caller]
fn allocates_nothing(ruleset: &Ruleset, context: &Value, reason: &str) {
    assert_eq!(allocations(ruleset, context), (0, reason), "{context}");
}

fn rule(conditions: &Value) -> Value {
    json!({"conditions": conditions, "variation": "on"})
}

fn rollout(bucketing: &Value) -> Value {
    let shares = json!([{"variation": "on", "percentage": 60}, {"variation": "off", "percentage": 40}]);
    json!({"bucketing": bucketing, "targeting_rules": [{"conditions": [], "percentage_rollout": shares}]})
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(black_box(Box::new(1)))).count_total, 1);
}

#[test]
fn flags_with_and_without_rules() {
    let user = json!({"user_key": "user-42", "attributes": {"plan": "pro", "age": 17, "beta": true}});
    allocates_nothing(&ruleset([flag("f", json!({}))], []), &user, "DEFAULT");
    let misses = json!([
        {"attribute": "plan", "operator": "is", "value": "pro"},
        {"attribute": "beta", "operator": "is", "value": "true"},
        {"attribute": "age", "operator": "gt", "value": 17},
    ]);
    let rules = vec![rule(&misses); 10];
    allocates_nothing(&ruleset([flag("f", json!({"targeting_rules": rules}))], []), &user, "DEFAULT");
    for algorithm in ["djb2", "murmur3"] {
        for by in ["user_key", "age"] {
            let split = flag("f", rollout(&json!({"algorithm": algorithm, "by": by})));
            allocates_nothing(&ruleset([split], []), &user, "PERCENTAGE_ROLLOUT");
        }
    }
}

#[test]
fn every_operator_on_every_kind_of_attribute() {
    let values: Vec<String> = (0..5_000).map(|number| format!("value-{number}")).collect();
    let attributes = [
        json!(null),
        json!("1.2.3-a.pre-release.of.many.letters.1234567890"),
        json!("2027-03-01T12:00:00.123456+02:00"),
        json!("10.1.2.3"),
        json!("value-4999"),
        json!("Grüße von der José 😀"),
        json!("x".repeat(20_000)),
        json!(12),
        json!(-1.5e-300),
        json!(u64::MAX),
        json!(true),
        json!({"a": 1}),
        json!(["a", 1, null, "2001:db8::1", ["b"]]),
    ];
    let user = |attribute: &Value| json!({"user_key": "u", "attributes": {"a": attribute}});
    for row in OPERATORS {
        let example: Value = row.example.parse().expect("the example is JSON");
        let mut operands = vec![example];
        if row.name.ends_with("one_of") {
            operands.push(json!(values));
        }
        for operand in operands {
            let mut condition = json!({"operator": row.name, "value": operand});
            if row.takes_attribute() {
                condition["attribute"] = json!("a");
            }
            let asked = flag("f", json!({"targeting_rules": [rule(&json!([condition]))]}));
            let asked = ruleset([asked], [segment(&json!({"key": "beta-testers", "name": "Testers"}))]);
            for attribute in &attributes {
                let (counted, _) = allocations(&asked, &user(attribute));
                assert_eq!(counted, 0, "{} {attribute}", row.name);
            }
        }
    }
}

#[test]
fn text_without_regard_to_case() {
    let condition = |operator: &str| json!({"attribute": "a", "operator": operator, "value": "ß", "case_insensitive": true});
    for operator in ["is", "contains", "starts_with", "ends_with", "one_of", "matches_regex"] {
        let asked = flag("f", json!({"targeting_rules": [rule(&json!([condition(operator)]))]}));
        let user = json!({"user_key": "u", "attributes": {"a": "ẞ".repeat(100)}});
        assert_eq!(allocations(&ruleset([asked], []), &user).0, 0, "{operator}");
    }
}

#[test]
fn segments_inside_of_segments() {
    let listed: Vec<String> = (0..5_000).map(|number| format!("user-{number}")).collect();
    let inside = |key: &str| json!({"operator": "in_segment", "value": key});
    let mut segments = vec![
        segment(&json!({"key": "s0", "name": "s0", "included": listed, "excluded": ["user-7"]})),
        segment(&json!({"key": "other", "name": "other", "conditions": [
            {"attribute": "plan", "operator": "one_of", "value": ["pro", "team"]},
        ]})),
    ];
    for depth in 1..=10 {
        let conditions = json!([inside("other"), inside(&format!("s{}", depth - 1))]);
        let key = format!("s{depth}");
        segments.push(segment(&json!({"key": key, "name": key, "match": "any", "conditions": conditions})));
    }
    for (user, plan, reason) in [
        ("user-4999", "free", "TARGETING_RULE"),
        ("user-7", "free", "DEFAULT"),
        ("user-7", "pro", "TARGETING_RULE"),
    ] {
        let user = json!({"user_key": user, "attributes": {"plan": plan}});
        let asked = flag("f", json!({"targeting_rules": [rule(&json!([inside("s10")]))]}));
        allocates_nothing(&ruleset([asked], segments.clone()), &user, reason);
    }
}

#[test]
fn prerequisites_of_prerequisites() {
    let split = rollout(&json!({"algorithm": "murmur3"}));
    let mut flags = vec![flag("p0", split.clone())];
    for depth in 1..=10 {
        let key = if depth == 10 { "f".to_owned() } else { format!("p{depth}") };
        let mut members = split.clone();
        // The one before it twice removed as well, so that what was found is asked for again.
        let before = [depth - 1, i32::max(depth - 2, 0)].map(|depth| format!("p{depth}"));
        let demands = before.map(|key| json!({"flag_key": key, "variation_key": "on"}));
        members["prerequisites"] = if depth == 1 { json!([demands[0]]) } else { json!(demands) };
        flags.push(flag(&key, members));
    }
    let flags = ruleset(flags, []);
    let mut reasons: Vec<&str> = Vec::new();
    for user in 0..1_000 {
        let (counted, reason) = allocations(&flags, &json!({"user_key": format!("user-{user}")}));
        assert_eq!(counted, 0);
        reasons.push(reason);
    }
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons, ["PERCENTAGE_ROLLOUT", "PREREQUISITE"]);
}
