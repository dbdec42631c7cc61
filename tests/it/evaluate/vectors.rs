//! The language-neutral cases of `tests/vectors` over HTTP: every group's flags are made through the API in a project
//! of their own, since buckets depend on keys, and every case is asked in each form that can express it.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{PATH, bench};
use crate::support::{Client, Team};

/// Groups that the API refuses to make, since they demand flags that are not there. Evaluation is total all the same.
const REFUSED: [&str; 4] = [
    "prerequisite: archived",
    "prerequisite: its own prerequisite is unmet",
    "prerequisite: not there",
    "not enabled counts before prerequisites",
];

fn sdk_reason(reason: &str) -> &'static str {
    match reason {
        "TARGETING_RULE" => "targeting_match",
        "PERCENTAGE_ROLLOUT" => "percentage_rollout",
        "DEFAULT" => "default",
        "DISABLED" => "disabled",
        "PREREQUISITE" => "prerequisite_failed",
        other => panic!("no reason is called {other}"),
    }
}

/// Makes a flag as its group has it; whether that was possible.
fn make(team: &Team, vector: &Value) -> bool {
    let mut body = vector.clone();
    let status = body.as_object_mut().expect("a flag").remove("status");
    let answer = team.client.post(&team.flags(""), &body);
    if answer.status != 201 {
        answer.refused(422, "PREREQUISITE_INVALID");
        return false;
    }
    let path = format!("/{}", vector["key"].as_str().expect("a key"));
    match status.as_ref().and_then(Value::as_str) {
        Some("archived") => drop(team.client.delete(&team.flags(&path)).expect(204)),
        Some(status) => drop(team.client.put(&team.flags(&path), &json!({"status": status})).expect(200)),
        None => {}
    }
    true
}

/// Asks a case in each form that can express it; how often it was asked.
fn ask(sdk: &Client, key: &str, case: &Value, group: &str) -> usize {
    let (context, expected) = (&case["context"], &case["expected"]);
    let answer = sdk.post(PATH, &json!({"flag_key": key, "context": context})).expect(200);
    for (member, wanted) in [
        ("value", expected["value"].clone()),
        ("variation_key", expected["variation_key"].clone()),
        ("reason", json!(sdk_reason(expected["reason"].as_str().expect("a reason")))),
    ] {
        assert_eq!(answer[member].to_string(), wanted.to_string(), "{group}: {context}");
    }
    // The documented form knows the user by its key alone.
    let named = context["user_key"].as_str().is_some_and(|user| !user.is_empty());
    if !named {
        return 1;
    }
    let answer = sdk.post(PATH, &json!({"flags": [key], "context": context})).expect(200);
    for member in ["value", "variation_key", "reason"] {
        let found = &answer["data"]["evaluations"][key][member];
        assert_eq!(found.to_string(), expected[member].to_string(), "{group}: {context}");
    }
    2
}

/// Runs a file; the groups that could not be made, and how often was asked.
fn run(file: &str) -> (Vec<String>, usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    let groups: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (_server, admin, _) = bench();
    let (mut refused, mut asked) = (Vec::new(), 0);
    for (number, group) in groups.iter().enumerate() {
        let name = group["name"].as_str().unwrap();
        let team = admin.new_project(&format!("group-{number}"));
        let others = group["others"].as_array().cloned().unwrap_or_default();
        let made: Vec<bool> =
            others.iter().chain([&group["flag"]]).map(|vector| make(&team, vector)).collect();
        if made.contains(&false) {
            refused.push(name.to_owned());
            continue;
        }
        let sdk = team.sdk(&team.development, "server");
        let key = group["flag"]["key"].as_str().unwrap();
        let cases = group["cases"].as_array().unwrap().iter();
        asked += cases.map(|case| ask(&sdk, key, case, name)).sum::<usize>();
    }
    (refused, asked)
}

#[test]
fn operators() {
    let (refused, asked) = run("operators.json");
    assert!(refused.is_empty() && asked > 2_000, "{refused:?} {asked}");
}

#[test]
fn rollouts() {
    let (refused, asked) = run("rollouts.json");
    assert!(refused.is_empty() && asked > 300, "{refused:?} {asked}");
}

#[test]
fn order() {
    let (refused, asked) = run("order.json");
    assert_eq!(refused, REFUSED, "what cannot be expressed");
    assert!(asked > 50, "{asked}");
}
