//! The language-neutral cases of `tests/vectors` over HTTP: every group is made through the API in a project of its
//! own, since buckets depend on keys. Every case is asked of `POST /evaluate` in each form that can express it, with a
//! `server` key, and of explain with an access token; all of them give the expected answer.

use serde_json::{Value, json};

use super::{PATH, bench};
use crate::support::{Answer, Client, Team};
use crate::vectors::{Case, Group, files};

/// Groups that the API refuses to make: they refer to what is not there, or in a circle. Evaluation is total all the
/// same.
const REFUSED: [&str; 11] = [
    "prerequisite: archived",
    "prerequisite: its own prerequisite is unmet",
    "prerequisite: not there",
    "not enabled counts before prerequisites",
    "a variation that is not there",
    "a circle",
    "into a circle",
    "in_segment: one that is not there",
    "in_segment: one that leads to itself",
    "not_in_segment: one that is not there",
    "not_in_segment: one that leads to itself",
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

/// Whether it was made; if not, because what it refers to is wrong.
fn made(answer: &Answer) -> bool {
    if answer.status != 201 {
        let code = answer.body()["error"]["code"].clone();
        assert!(code == "PREREQUISITE_INVALID" || code == "RULE_INVALID", "{}", answer.text());
        answer.expect(422);
    }
    answer.status == 201
}

/// Makes a flag as its group has it; whether that was possible.
fn make_flag(team: &Team, vector: &Value) -> bool {
    let mut body = vector.clone();
    let status = body.as_object_mut().expect("a flag").remove("status");
    if !made(&team.client.post(&team.flags(""), &body)) {
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

/// Makes all of a group; whether that was possible.
fn make(team: &Team, group: &Group) -> bool {
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    group.segments.iter().all(|segment| made(&team.client.post(&segments, segment)))
        && group.others.iter().chain([&group.flag]).all(|flag| make_flag(team, flag))
}

/// Asks a case in each form that can express it.
fn ask(team: &Team, sdk: &Client, key: &str, case: &Case, group: &str) {
    let Case { context, expected } = case;
    let said = |answer: &Value, form: &str| {
        let found = ["value", "variation_key", "reason"].map(|member| answer[member].to_string());
        let reason = if form == "flag_key" { sdk_reason(&expected.reason) } else { &expected.reason };
        // As text, so that 10 and 10.0 differ.
        let wanted = [
            expected.value.to_string(),
            json!(expected.variation_key).to_string(),
            json!(reason).to_string(),
        ];
        assert_eq!(found, wanted, "{group}: {form}: {context}");
    };
    let flat = sdk.post(PATH, &json!({"flag_key": key, "context": context})).expect(200);
    said(&flat, "flag_key");
    let explained = team.client.post(&team.flags(&format!("/{key}/explain")), &json!({"context": context}));
    let explained = explained.expect(200)["data"]["evaluation"].clone();
    said(&explained, "explain");
    // The documented form knows the user by its key alone.
    if context["user_key"].as_str().is_some_and(|user| !user.is_empty()) {
        let answer = sdk.post(PATH, &json!({"flags": [key], "context": context})).expect(200);
        let documented = &answer["data"]["evaluations"][key];
        said(documented, "flags");
        assert_eq!(*documented, explained, "{group}: {context}");
    }
}

/// Runs a file, and gives the groups that could not be made.
fn run(file: &str) -> Vec<String> {
    let groups = files().remove(file).expect("a file of vectors");
    let (_server, admin, _) = bench();
    let mut refused = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let team = admin.new_project(&format!("group-{number}"));
        if make(&team, group) {
            let sdk = team.sdk(&team.development, "server");
            group.cases.iter().for_each(|case| ask(&team, &sdk, group.key(), case, &group.name));
        } else {
            refused.push(group.name.clone());
        }
    }
    refused
}

macro_rules! run {
    ($($test:ident: $file:literal, refusing $refused:expr;)*) => {
        $(#[test]
        fn $test() {
            assert_eq!(run($file), $refused, "what cannot be expressed");
        })*

        #[test]
        fn no_file_is_forgotten() {
            let asked = std::collections::BTreeSet::from([$($file.to_owned()),*]);
            assert_eq!(asked, files().into_keys().collect());
        }
    };
}

run! {
    operators: "operators.json", refusing [""; 0];
    operators_beyond: "operators_beyond.json", refusing [""; 0];
    rollouts: "rollouts.json", refusing [""; 0];
    order: "order.json", refusing REFUSED[..4];
    prerequisites: "prerequisites.json", refusing REFUSED[4..7];
    segments: "segments.json", refusing REFUSED[7..];
}
