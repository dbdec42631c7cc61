//! Warnings through the front door: they come with the answer, and keep nobody from anything.

use serde_json::{Value, json};

use crate::support::{Server, Team};

/// Code and path of every warning of an answer.
fn told(data: &Value) -> Vec<(&str, &str)> {
    let warnings = data["warnings"].as_array().expect("a list of warnings");
    let text = |warning: &'_ Value, member: &str| {
        assert!(warning["message"].as_str().is_some_and(|message| message.len() > 10), "{warning}");
        assert!(warning[member].is_string(), "{warning}");
    };
    for warning in warnings {
        text(warning, "code");
        text(warning, "path");
    }
    warnings
        .iter()
        .map(|it| (it["code"].as_str().unwrap_or_default(), it["path"].as_str().unwrap_or_default()))
        .collect()
}

fn rule(conditions: &Value, variation: &str) -> Value {
    json!({"conditions": conditions, "variation": variation})
}

fn is(attribute: &str, value: &str) -> Value {
    json!({"attribute": attribute, "operator": "is", "value": value})
}

fn segment(team: &Team, key: &str, fields: &Value) -> Value {
    let mut body = json!({"key": key, "name": key});
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let path = format!("/api/v1/segments?project_id={}", team.project);
    team.client.post(&path, &body).expect(201)["data"].clone()
}

#[test]
fn every_kind_of_warning_comes_with_the_answer_and_blocks_nothing() {
    let server = Server::start();
    let team = server.admin();
    let nobody = segment(&team, "nobody", &json!({"included": ["eve"], "excluded": ["eve"]}));
    assert_eq!(told(&nobody), [("SEGMENT_EMPTY", "included")]);
    let colors =
        json!([{"key": "red", "value": "r"}, {"key": "green", "value": "g"}, {"key": "blue", "value": "b"}]);
    let rules = json!([
        rule(&json!([is("plan", "pro")]), "green"),
        rule(&json!([is("plan", "pro"), is("country", "DE")]), "red"),
        rule(&json!([is("plan", "pro")]), "green"),
        {"conditions": [], "percentage_rollout": [{"variation": "green", "percentage": 40}, {"variation": "blue", "percentage": 0}]},
        rule(&json!([is("age", "1"), {"attribute": "age", "operator": "not_exists"}]), "red"),
        rule(&json!([{"operator": "in_segment", "value": "nobody"}]), "red"),
    ]);
    let made = team.create_flag(
        "f",
        &json!({"flag_type": "string", "variations": colors, "default_variation": "red", "targeting_rules": rules}),
    );
    let expected = [
        ("RULE_UNREACHABLE", "targeting_rules[1]"),
        ("RULE_REPEATED", "targeting_rules[2]"),
        ("ROLLOUT_BELOW_100", "targeting_rules[3].percentage_rollout"),
        ("CONDITION_NEVER_HOLDS", "targeting_rules[4].conditions[1]"),
        ("CONDITION_NEVER_HOLDS", "targeting_rules[5].conditions[0]"),
        ("VARIATION_UNUSED", "variations[2]"),
    ];
    assert_eq!(told(&made), expected);
    assert_eq!(made["targeting_rules"].as_array().map(Vec::len), Some(6), "all of it was kept");
    let shown = team.client.get(&team.flags("/f")).expect(200)["data"].clone();
    assert_eq!(shown["warnings"], made["warnings"]);
    let changed = team.client.put(&team.flags("/f"), &json!({"name": "F"})).expect(200);
    assert_eq!(changed["data"]["warnings"], made["warnings"], "what was wrong before still is");
}

#[test]
fn warnings_go_with_their_reason() {
    let server = Server::start();
    let team = server.admin();
    let made = segment(&team, "beta", &json!({}));
    assert_eq!(told(&made), [("SEGMENT_EMPTY", "included")]);
    let rules = json!([rule(&json!([{"operator": "in_segment", "value": "beta"}]), "on")]);
    let flag = team.create_flag("f", &json!({"enabled": true, "targeting_rules": rules}));
    assert_eq!(told(&flag), [("CONDITION_NEVER_HOLDS", "targeting_rules[0].conditions[0]")]);

    let path = format!("/api/v1/segments/beta?project_id={}", team.project);
    let filled = team.client.put(&path, &json!({"included": ["ada"]})).expect(200);
    assert_eq!(told(&filled["data"]), []);
    assert_eq!(told(&team.client.get(&path).expect(200)["data"]), []);
    assert_eq!(told(&team.client.get(&team.flags("/f")).expect(200)["data"]), []);
}

#[test]
fn a_warning_is_of_one_environment_and_not_of_lists() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("f", &json!({}));
    assert_eq!(told(&made), [], "of a new flag nothing was said yet");
    let elsewhere = format!("/api/v1/flags/f?environment_id={}", team.staging);
    let on = team.client.put(&elsewhere, &json!({"enabled": true})).expect(200);
    assert_eq!(told(&on["data"]), [("VARIATION_UNUSED", "variations[0]")]);
    assert_eq!(told(&team.client.get(&team.flags("/f")).expect(200)["data"]), []);
    let listed = team.client.get(&team.flags("")).expect(200);
    assert!(listed["data"][0].get("warnings").is_none());
}
