//! What the published SDKs cannot compute comes to them without rules, so that they serve the default variation and
//! not a wrong one (contract A7): every reason for that, each in a flag that otherwise they could compute.

use serde_json::{Value, json};

use super::{PATH, bench};
use crate::support::Team;

/// Something that a flag can have.
struct Feature {
    what: String,
    /// What the flag has beside being on.
    members: Value,
    /// The status that it is given.
    status: Option<&'static str>,
    /// What the published SDKs see of it.
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Rules,
    TheDefault,
    /// As the last, but it is no loss: the server serves the default as well.
    Off,
}

fn feature(what: impl Into<String>, members: Value, seen: Seen) -> Feature {
    Feature { what: what.into(), members, status: None, seen }
}

/// What is seen if the published SDKs can compute it, or if they cannot.
fn seen(computable: bool) -> Seen {
    if computable { Seen::Rules } else { Seen::TheDefault }
}

fn rule(condition: &Value) -> Value {
    json!({"conditions": [condition], "variation": "on"})
}

fn ruled(condition: &Value) -> Value {
    json!({"targeting_rules": [rule(condition)]})
}

fn is(attribute: &str) -> Value {
    json!({"attribute": attribute, "operator": "is", "value": "x"})
}

fn inside(segment: impl Into<Value>) -> Value {
    json!({"operator": "in_segment", "value": segment.into()})
}

/// A condition with each operator, and whether the published SDKs know it.
fn operators(rows: &[Value]) -> Vec<(String, Value, bool)> {
    let condition = |row: &Value| json!({"attribute": "a", "operator": row["name"], "value": row["example"]});
    let on_attributes = rows.iter().filter(|row| row["group"] != "segment");
    let known = on_attributes.map(|row| (row, row["published"] == true));
    known.map(|(row, known)| (row["name"].as_str().unwrap().to_owned(), condition(row), known)).collect()
}

/// Operators that can disregard case, with a condition that does.
fn without_case(rows: &[Value]) -> Vec<(String, Value)> {
    let folding: Vec<Value> = rows.iter().filter(|row| row["folds_case"] == true).cloned().collect();
    let insensitive = |mut condition: Value| {
        condition["case_insensitive"] = json!(true);
        condition
    };
    operators(&folding).into_iter().map(|(name, it, _)| (name, insensitive(it))).collect()
}

/// Segments that are more than AND-ed conditions that those SDKs know, and some that are not.
fn segments(rows: &[Value]) -> Vec<(String, Value, bool)> {
    let of = |condition: Value| json!({"conditions": [condition]});
    let mut segments = vec![
        ("plain".to_owned(), json!({"conditions": [is("a"), is("b")]}), true),
        ("nested".to_owned(), json!({"conditions": [inside("plain"), is("c")]}), true),
        ("any-of-one".to_owned(), json!({"match": "any", "conditions": [is("a")]}), true),
        ("any-of-two".to_owned(), json!({"match": "any", "conditions": [is("a"), is("b")]}), false),
        ("included".to_owned(), json!({"included": ["ada"], "conditions": [is("a")]}), false),
        ("excluded".to_owned(), json!({"excluded": ["ada"], "conditions": [is("a")]}), false),
        ("empty".to_owned(), json!({}), false),
        ("nested-included".to_owned(), of(inside("included")), false),
        ("nested-several".to_owned(), of(inside(json!(["plain", "nested"]))), false),
        ("nested-negated".to_owned(), of(json!({"operator": "not_in_segment", "value": "plain"})), false),
        ("clock".to_owned(), of(json!({"attribute": "$now", "operator": "gt", "value": 1})), false),
        ("large".to_owned(), json!({"conditions": vec![is("a"); 50]}), true),
    ];
    for (name, condition, known) in operators(rows) {
        segments.push((format!("of-{name}"), of(condition), known));
    }
    for (name, condition) in without_case(rows) {
        segments.push((format!("of-{name}-without-case"), of(condition), false));
    }
    segments
}

fn features(rows: &[Value]) -> Vec<Feature> {
    let plain = ruled(&is("a"));
    let with = |members: Value| {
        let mut all = plain.clone();
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        all
    };
    let split = json!([{"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 50}]}]);
    let bucketed = |bucketing: Value| json!({"targeting_rules": split, "bucketing": bucketing});
    let (djb2, murmur3) = (json!({"algorithm": "djb2"}), json!({"algorithm": "murmur3"}));
    let mut features = vec![
        feature("nothing special", plain.clone(), Seen::Rules),
        feature("no rules", json!({}), Seen::Off),
        feature("disabled", with(json!({"enabled": false})), Seen::Off),
        Feature { status: Some("inactive"), ..feature("parked", plain.clone(), Seen::Off) },
        feature(
            "a prerequisite",
            with(json!({"prerequisites": [{"flag_key": "gate", "variation_key": "on"}]})),
            Seen::TheDefault,
        ),
        feature(
            "the clock",
            ruled(&json!({"attribute": "$now", "operator": "gt", "value": 1})),
            Seen::TheDefault,
        ),
        feature("a rollout", bucketed(djb2), Seen::Rules),
        feature("murmur3", bucketed(murmur3.clone()), Seen::TheDefault),
        feature("a salt", bucketed(json!({"algorithm": "djb2", "salt": "s"})), Seen::TheDefault),
        feature(
            "buckets by attribute",
            bucketed(json!({"algorithm": "djb2", "by": "team"})),
            Seen::TheDefault,
        ),
        feature("murmur3 without a rollout", with(json!({"bucketing": murmur3})), Seen::Rules),
        feature(
            "one rule of two",
            json!({"targeting_rules": [rule(&is("a")), rule(&json!({"attribute": "a", "operator": "gte", "value": 1}))]}),
            Seen::TheDefault,
        ),
        feature("several segments", ruled(&inside(json!(["plain", "nested"]))), Seen::TheDefault),
        feature(
            "not in a segment",
            ruled(&json!({"operator": "not_in_segment", "value": "plain"})),
            Seen::TheDefault,
        ),
        feature(
            "too many conditions once segments are written out",
            json!({"targeting_rules": [{"conditions": vec![inside("large"); 11], "variation": "on"}]}),
            Seen::TheDefault,
        ),
    ];
    for (name, condition, known) in operators(rows) {
        features.push(feature(format!("the operator {name}"), ruled(&condition), seen(known)));
    }
    for (name, condition) in without_case(rows) {
        features.push(feature(format!("{name} without case"), ruled(&condition), Seen::TheDefault));
    }
    for (key, _, known) in segments(rows) {
        features.push(feature(format!("the segment {key}"), ruled(&inside(key)), seen(known)));
    }
    features
}

fn make(team: &Team, rows: &[Value]) {
    for (key, mut body, _) in segments(rows) {
        (body["key"], body["name"]) = (json!(key), json!(key));
        team.client.post(&format!("/api/v1/segments?project_id={}", team.project), &body).expect(201);
    }
    team.create_flag("gate", &json!({"enabled": true, "default_variation": "on"}));
    for (number, feature) in features(rows).into_iter().enumerate() {
        let mut members = json!({"name": feature.what, "enabled": true});
        members.as_object_mut().unwrap().extend(feature.members.as_object().unwrap().clone());
        let key = format!("f{number}");
        team.create_flag(&key, &members);
        if let Some(status) = feature.status {
            let path = team.flags(&format!("/{key}"));
            team.client.put(&path, &json!({"status": status})).expect(200);
        }
    }
}

#[test]
fn what_they_cannot_compute_comes_without_rules() {
    let (_server, team, sdk) = bench();
    let rows = team.client.get("/api/v1/system/operators").expect(200)["data"].as_array().unwrap().clone();
    make(&team, &rows);
    let ruleset = sdk.get(PATH).expect(200);
    let shown = ruleset["flags"].as_array().unwrap();
    for (number, feature) in features(&rows).into_iter().enumerate() {
        let flag = shown.iter().find(|flag| flag["key"] == format!("f{number}")).unwrap();
        let rules = flag["targeting_rules"].as_array().unwrap();
        let marked = flag["tags"] == json!(["server-evaluated"]);
        let found = match (rules.is_empty(), marked) {
            (false, false) => Seen::Rules,
            (true, true) => Seen::TheDefault,
            (true, false) => Seen::Off,
            (false, true) => panic!("{flag}"),
        };
        assert_eq!(found, feature.seen, "{}: {flag}", feature.what);
        // Whatever is seen is in the words that those SDKs know.
        for condition in rules.iter().flat_map(|rule| rule["conditions"].as_array().unwrap()) {
            let row = rows.iter().find(|row| row["name"] == condition["operator"]).unwrap();
            let known = row["published"] == true && condition.get("case_insensitive").is_none();
            assert!(known && condition["attribute"] != "$now", "{}: {condition}", feature.what);
        }
    }
}
