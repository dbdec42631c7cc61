//! Back to a revision: the old content, checked as any other change.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use super::{at, now, revisions};
use crate::support::{Answer, Server, Team};

fn back(team: &Team, revision: u64) -> Answer {
    team.client.post(&team.flags("/a/rollback"), &json!({"revision": revision}))
}

/// The flag without what every change changes.
fn settled(flag: &Value) -> Value {
    let mut settled = flag.clone();
    for name in ["revision", "updated_at"] {
        settled.as_object_mut().expect("a flag").remove(name);
    }
    settled
}

fn everyone(variation: &str) -> Value {
    json!({"conditions": [], "variation": variation})
}

#[test]
fn the_old_content_comes_back_as_a_new_revision() {
    let server = Server::start();
    let team = server.admin();
    let variations = json!([
        {"key": "x", "value": "X"}, {"key": "y", "value": "Y"}, {"key": "z", "value": "Z"},
    ]);
    let own = json!({
        "flag_type": "string", "variations": variations, "default_variation": "x", "tags": ["t"],
        "targeting_rules": [everyone("z")], "description": "D", "classification": "release",
    });
    team.create_flag("a", &own);
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let before = now(&team, &team.development);
    let elsewhere = now(&team, &team.staging);
    let fewer = json!([{"key": "x", "value": "X!"}, {"key": "w", "value": "W"}]);
    let body = json!({
        "variations": fewer, "targeting_rules": [everyone("w")], "name": "A", "tags": [], "description": null,
        "classification": null, "status": "inactive", "enabled": false,
        "bucketing": {"algorithm": "murmur3", "by": "user_key"},
    });
    team.client.put(&team.flags("/a"), &body).expect(200);
    let sdk = team.sdk(&team.development, "server");
    let version = sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].clone();

    let answer = back(&team, 2);
    let shown = answer.expect(200)["data"].clone();
    assert_eq!(shown["revision"], 6);
    assert_eq!(answer.header("ETag"), Some("\"6\""));
    assert_eq!(settled(&now(&team, &team.development)), settled(&before), "also the ids of its rules");
    assert_eq!(settled(&now(&team, &team.staging)), settled(&elsewhere));
    let question = json!({"flags": ["a"], "context": {"user_key": "u"}});
    let outcome = sdk.post("/api/v1/evaluate", &question).expect(200)["data"]["evaluations"]["a"].clone();
    assert_eq!((&outcome["value"], &outcome["reason"]), (&json!("Z"), &json!("TARGETING_RULE")));
    let next = sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].clone();
    assert_eq!(next.as_u64(), version.as_u64().map(|version| version + 1));

    let made = &revisions(&team, &team.development)[0];
    assert_eq!((&made["action"], &made["revision"]), (&json!("flag.rolled_back"), &json!(6)));
    let history = team.client.get(&team.flags("/a/history")).expect(200)["data"].clone();
    for entry in &history.as_array().expect("a list")[..2] {
        assert_eq!(entry["action"], "flag.rolled_back");
        assert_eq!(entry["changes"]["rolled_back_to"], json!({"from": null, "to": 2}));
    }
    // There is nothing to go back from.
    assert_eq!(back(&team, 6).expect(200)["data"]["revision"], 6);
    assert_eq!(back(&team, 2).expect(200)["data"]["revision"], 6);
    back(&team, 9).refused(404, "REVISION_NOT_FOUND");
    team.client.post(&team.flags("/a/rollback"), &json!({})).faults(400, "VALIDATION_ERROR", &["revision"]);
}

#[test]
fn what_has_come_to_depend_on_the_present_is_in_the_way() {
    let server = Server::start();
    let team = server.admin();
    let two = json!([{"key": "x", "value": "X"}, {"key": "y", "value": "Y"}]);
    team.create_flag("a", &json!({"flag_type": "string", "variations": two, "default_variation": "x"}));
    let three = json!([{"key": "x", "value": "X"}, {"key": "y", "value": "Y"}, {"key": "z", "value": "Z"}]);
    team.client.put(&team.flags("/a"), &json!({"variations": three})).expect(200);
    team.client.put(&at(&team.staging, "/a"), &json!({"targeting_rules": [everyone("z")]})).expect(200);
    let details = back(&team, 1).refused(409, "VARIATION_IN_USE");
    assert_eq!(details, json!({"variation": "z", "used_by": ["environment staging"]}));
    team.client.put(&at(&team.staging, "/a"), &json!({"targeting_rules": []})).expect(200);
    team.create_flag("b", &json!({"prerequisites": [{"flag_key": "a", "variation_key": "z"}]}));
    let details = back(&team, 1).refused(409, "VARIATION_IN_USE");
    assert_eq!(details["used_by"], json!(["b in development"]));
    assert_eq!(now(&team, &team.development)["revision"], 2, "nothing was changed");
    team.client.put(&team.flags("/b"), &json!({"prerequisites": []})).expect(200);
    back(&team, 1).expect(200);
}

#[test]
fn what_the_old_content_names_and_is_gone_is_in_the_way() {
    let server = Server::start();
    let team = server.admin();
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    team.client.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
    team.create_flag("b", &json!({}));
    let rules = json!([{"conditions": [{"operator": "in_segment", "value": "s"}], "variation": "on"}]);
    let prerequisites = json!([{"flag_key": "b", "variation_key": "on"}]);
    team.create_flag("a", &json!({"targeting_rules": rules, "prerequisites": prerequisites}));
    team.client.put(&team.flags("/a"), &json!({"targeting_rules": [], "prerequisites": []})).expect(200);
    team.client.delete(&format!("/api/v1/segments/s?project_id={}", team.project)).expect(204);
    team.client.delete(&team.flags("/b")).expect(204);
    let fields = ["targeting_rules[0].conditions[0].value", "prerequisites[0].flag_key"];
    back(&team, 1).faults(422, "RULE_INVALID", &fields);

    // Of two flags that would require each other, neither can go back.
    let requires = |key: &str| json!({"prerequisites": [{"flag_key": key, "variation_key": "on"}]});
    team.create_flag("c", &json!({}));
    team.client.put(&team.flags("/a"), &requires("c")).expect(200);
    let then = now(&team, &team.development)["revision"].as_u64().expect("a number");
    team.client.put(&team.flags("/a"), &json!({"prerequisites": []})).expect(200);
    team.client.put(&team.flags("/c"), &requires("a")).expect(200);
    back(&team, then).faults(422, "PREREQUISITE_INVALID", &["prerequisites"]);
}

#[test]
fn it_is_a_change_like_any_other() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    let stale = team.client.with("If-Match", "\"1\"");
    let body = json!({"revision": 1});
    let refused = stale.post(&team.flags("/a/rollback"), &body).refused(412, "REVISION_CONFLICT");
    assert_eq!(refused["revision"], 2);
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    viewer.post(&team.flags("/a/rollback"), &body).refused(403, "INSUFFICIENT_PERMISSIONS");

    // What all environments share cannot change while one of them is frozen.
    let freeze = format!("/api/v1/environments/{}/freeze", team.production);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    assert_eq!(back(&team, 1).refused(423, "ENVIRONMENT_FROZEN")["environment_key"], "production");
    let breaking = team.client.with("X-PhaseFlag-Break-Glass", "Sales are down");
    let done = breaking.post(&team.flags("/a/rollback"), &body).expect(200);
    assert_eq!(done["data"]["name"], "a");
    let history = team.client.get(&team.flags("/a/history")).expect(200)["data"][0]["changes"].clone();
    assert_eq!(history["break_glass"]["to"], "Sales are down");

    let unfreeze = format!("/api/v1/environments/{}/unfreeze", team.production);
    team.client.post(&unfreeze, &json!({})).expect(200);
    team.client.delete(&team.flags("/a")).expect(204);
    back(&team, 1).refused(409, "FLAG_ARCHIVED");
}

#[test]
fn revisions_survive_a_restart() {
    let mut server = Server::start();
    let mut team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    let before = revisions(&team, &team.development);
    server.restart();
    team = team.at(&server);
    assert_eq!(revisions(&team, &team.development), before);
    assert_eq!(back(&team, 1).expect(200)["data"]["name"], "a");
}
