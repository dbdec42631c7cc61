//! All violations at once: whatever their kind, each with its place; faults of shape before faults of meaning.

use serde_json::{Value, json};

use super::Bench;
use crate::support::Answer;

/// The places that an answer lists, in its order.
fn places(answer: &Answer) -> Vec<String> {
    let fields = answer.body()["error"]["details"]["fields"].as_array().expect("a list of fields").clone();
    fields.iter().map(|field| field["field"].as_str().expect("a place").to_owned()).collect()
}

fn both_kinds() -> Value {
    json!({
        "name": 5,
        "description": "x".repeat(2_001),
        "tags": ["a", "", "a"],
        "enabled": "yes",
        "colour": "red",
        "variations": [
            {"key": "on", "value": true},
            {"key": "not a key", "value": false, "weight": 1},
        ],
        "targeting_rules": [
            {"variation": "on"},
            {
                "conditions": [
                    {"attribute": "", "operator": "is", "value": "x"},
                    {"attribute": "x", "operator": "resembles", "value": "x"},
                    {"attribute": "x", "operator": "gt"},
                    {"attribute": "x", "operator": "matches_regex", "value": "("},
                    "no condition",
                ],
                "percentage_rollout": [{"variation": "on", "percentage": -5}, {"percentage": 120}],
                "variation": "maybe",
            },
        ],
        "prerequisites": [{"flag_key": "nobody", "variation_key": "on"}, {"flag_key": "UPPER"}],
    })
}

const SHAPE: [&str; 17] = [
    "colour",
    "description",
    "enabled",
    "name",
    "prerequisites[1].flag_key",
    "prerequisites[1].variation_key",
    "tags[1]",
    "tags[2]",
    "targeting_rules[0].conditions",
    "targeting_rules[1]",
    "targeting_rules[1].conditions[0].attribute",
    "targeting_rules[1].conditions[1].operator",
    "targeting_rules[1].conditions[2].value",
    "targeting_rules[1].conditions[4]",
    "targeting_rules[1].percentage_rollout[1].variation",
    "variations[1].key",
    "variations[1].weight",
];

#[test]
fn every_fault_of_shape_is_named_in_one_answer() {
    let bench = Bench::start();
    bench.create(&both_kinds()).faults(400, "VALIDATION_ERROR", &SHAPE);
    bench.update(&both_kinds()).faults(400, "VALIDATION_ERROR", &SHAPE);
    bench.unchanged();
}

#[test]
fn missing_members_are_all_named() {
    let bench = Bench::start();
    let answer = bench.team.client.post(&bench.team.flags(""), &json!({}));
    answer.faults(400, "VALIDATION_ERROR", &["key", "name", "flag_type", "variations", "default_variation"]);
    bench.unchanged();
}

#[test]
fn every_fault_of_meaning_is_named_in_one_answer() {
    let bench = Bench::start();
    let members = json!({
        "variations": [{"key": "on", "value": true}, {"key": "off", "value": "false"}],
        "default_variation": "maybe",
        "targeting_rules": [
            {
                "variation": "perhaps",
                "conditions": [
                    {"attribute": "x", "operator": "matches_regex", "value": "(?=a)"},
                    {"attribute": "x", "operator": "version_gt", "value": "one"},
                    {"attribute": "x", "operator": "gt", "value": "ten"},
                ],
            },
            {
                "conditions": [],
                "percentage_rollout": [{"variation": "on", "percentage": 60}, {"variation": "off", "percentage": 50}],
            },
            {"conditions": [], "percentage_rollout": [{"variation": "nobody", "percentage": 0.5}]},
        ],
        "prerequisites": [{"flag_key": "nobody", "variation_key": "on"}],
    });
    let expected = [
        "default_variation",
        "prerequisites[0].flag_key",
        "targeting_rules[0].conditions[0].value",
        "targeting_rules[0].conditions[1].value",
        "targeting_rules[0].conditions[2].value",
        "targeting_rules[0].variation",
        "targeting_rules[1].percentage_rollout",
        "targeting_rules[2].percentage_rollout[0].percentage",
        "targeting_rules[2].percentage_rollout[0].variation",
        "variations[1].value",
    ];
    for answer in [bench.create(&members), bench.update(&members)] {
        assert_eq!(answer.status, 422, "{}", answer.text());
        let mut named = places(&answer);
        // The code is that of the first fault in the list.
        let code = answer.body()["error"]["code"].as_str().unwrap().to_owned();
        let first = match named[0].as_str() {
            place if place.starts_with("variations") => "VARIATION_VALUE_INVALID",
            place if place.contains("conditions") => "RULE_INVALID",
            _ => "",
        };
        assert_eq!(code, first, "{}", answer.text());
        named.sort();
        assert_eq!(named, expected);
    }
    bench.unchanged();
}

#[test]
fn a_long_list_of_faults_is_cut_and_counted() {
    let bench = Bench::start();
    let rules: Vec<Value> = (0..150).map(|_| json!({"conditions": []})).collect();
    let answer = bench.update(&json!({"targeting_rules": rules}));
    answer.refused(400, "VALIDATION_ERROR");
    assert_eq!(places(&answer).len(), 100);
    let message = answer.body()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("149 more"), "{message}");
    bench.unchanged();
}

#[test]
fn faults_of_address_and_body_do_not_hide_each_other() {
    let bench = Bench::start();
    let body = json!({"enabled": "yes", "environment_id": bench.team.staging});
    let answer = bench.team.client.post(&bench.team.flags("/a/toggle"), &body);
    answer.faults(400, "VALIDATION_ERROR", &["enabled", "environment_id"]);
    bench.unchanged();
}
