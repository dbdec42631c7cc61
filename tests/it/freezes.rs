//! Frozen environments: what is refused, what is not, and who may change them all the same.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

fn of(environment: &str, path: &str) -> String {
    format!("/api/v1/environments/{environment}{path}")
}

fn freeze(team: &Team, environment: &str) -> Value {
    let body = json!({"reason": "Year-end sales"});
    team.client.post(&of(environment, "/freeze"), &body).expect(200)["data"].clone()
}

fn version(team: &Team, environment: &str) -> u64 {
    let sdk = team.sdk(environment, "server");
    sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].as_u64().expect("a version")
}

#[track_caller]
fn is_frozen(answer: &Answer) {
    let details = answer.refused(423, "ENVIRONMENT_FROZEN");
    assert_eq!(details, json!({"environment_key": "production", "frozen_reason": "Year-end sales"}));
}

#[test]
fn nothing_that_would_change_the_ruleset_gets_through() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    let segment = format!("/api/v1/segments/s?project_id={}", team.project);
    team.client.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
    let there = |path: &str| format!("/api/v1/flags{path}?environment_id={}", team.production);
    let before = version(&team, &team.production);
    let frozen = freeze(&team, &team.production);
    assert_eq!((&frozen["frozen"], &frozen["frozen_reason"]), (&json!(true), &json!("Year-end sales")));

    is_frozen(&team.client.post(&there("/a/toggle"), &json!({"enabled": true})));
    is_frozen(&team.client.put(&there("/a"), &json!({"default_variation": "on"})));
    is_frozen(&team.client.post(&there(""), &Team::flag_body("b", &json!({"enabled": true}))));
    // What all environments share, changed by way of another one.
    is_frozen(&team.client.put(&team.flags("/a"), &json!({"name": "Renamed"})));
    is_frozen(&team.client.put(&team.flags("/a"), &json!({"status": "inactive"})));
    is_frozen(&team.client.delete(&team.flags("/a")));
    is_frozen(&team.client.post(&segments, &json!({"key": "t", "name": "T"})));
    is_frozen(&team.client.put(&segment, &json!({"name": "Renamed"})));
    is_frozen(&team.client.delete(&segment));
    assert_eq!(version(&team, &team.production), before);
    assert_eq!(team.client.get(&team.flags("/a")).expect(200)["data"]["name"], "a", "nothing is half done");

    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    team.create_flag("b", &json!({"enabled": true}));
    let made = team.client.get(&there("/b")).expect(200)["data"].clone();
    assert_eq!(
        (&made["enabled"], &made["targeting_rules"]),
        (&json!(false), &json!([])),
        "a new flag is off there"
    );

    team.client.post(&of(&team.production, "/unfreeze"), &json!({})).expect(200);
    team.client.post(&there("/a/toggle"), &json!({"enabled": true})).expect(200);
}

#[test]
fn an_admin_who_says_why_breaks_the_glass_and_the_history_tells() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    freeze(&team, &team.production);
    let editor = team.enrol(&server, "eddy@example.com", Role::Editor);
    let path = format!("/api/v1/flags/a/toggle?environment_id={}", team.production);
    let breaking = |client: &Client, why: &str| {
        client.with("X-PhaseFlag-Break-Glass", why).post(&path, &json!({"enabled": true}))
    };
    let refused = breaking(&editor, "Checkout is down");
    assert_eq!(refused.refused(403, "INSUFFICIENT_PERMISSIONS")["required_role"], "admin");
    for why in ["", "x".repeat(2_001).as_str()] {
        breaking(&team.client, why).faults(400, "VALIDATION_ERROR", &["X-PhaseFlag-Break-Glass"]);
    }
    breaking(&team.client, "Checkout is down").expect(200);

    let history = format!("/api/v1/flags/a/history?environment_id={}", team.production);
    let entry = team.client.get(&history).expect(200)["data"][0].clone();
    assert_eq!(entry["action"], "flag.toggled");
    assert_eq!(entry["changes"]["break_glass"], json!({"from": null, "to": "Checkout is down"}));

    // Where nothing is frozen, nothing is broken.
    let elsewhere = team.client.with("X-PhaseFlag-Break-Glass", "No need");
    elsewhere.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let entry = team.client.get(&team.flags("/a/history")).expect(200)["data"][0].clone();
    assert_eq!(entry["changes"], json!({"enabled": {"from": false, "to": true}}));
}

#[test]
fn freezing_survives_a_restart_and_can_be_said_again() {
    let mut server = Server::start();
    let mut team = server.admin();
    freeze(&team, &team.production);
    server.restart();
    team.client = server.reach(&team.client);
    let shown = |team: &Team| team.client.get(&of(&team.production, "")).expect(200)["data"].clone();
    assert_eq!(shown(&team)["frozen"], true);
    let again = json!({"reason": "Audit"});
    let frozen = team.client.post(&of(&team.production, "/freeze"), &again).expect(200);
    assert_eq!(frozen["data"]["frozen_reason"], "Audit");
    for body in
        [json!({}), json!({"reason": ""}), json!({"reason": " "}), json!({"reason": "x".repeat(2_001)})]
    {
        team.client.post(&of(&team.production, "/freeze"), &body).faults(
            400,
            "VALIDATION_ERROR",
            &["reason"],
        );
    }
    for _ in 0..2 {
        team.client.post(&of(&team.production, "/unfreeze"), &json!({})).expect(200);
    }
    assert_eq!((&shown(&team)["frozen"], &shown(&team)["frozen_reason"]), (&json!(false), &Value::Null));
}

#[test]
fn environments_and_projects_change_what_is_said() {
    let server = Server::start();
    let team = server.admin();
    let path = of(&team.staging, "");
    let before = team.client.get(&path).expect(200)["data"].clone();
    server.clock.advance_seconds(60);
    let body = json!({"name": "Rehearsal", "color": "#ABCDEF", "type": "development"});
    let after = team.client.put(&path, &body).expect(200)["data"].clone();
    assert_eq!(
        (&after["name"], &after["color"], &after["type"]),
        (&json!("Rehearsal"), &json!("#abcdef"), &json!("development"))
    );
    assert_eq!((&after["key"], &after["created_at"]), (&before["key"], &before["created_at"]));
    assert_ne!(after["updated_at"], before["updated_at"]);
    server.clock.advance_seconds(60);
    assert_eq!(team.client.put(&path, &json!({})).expect(200)["data"], after, "nothing was said");
    let wrong = json!({"name": "", "color": "red", "type": "other", "key": "new"});
    team.client.put(&path, &wrong).faults(400, "VALIDATION_ERROR", &["name", "color", "type", "key"]);
    assert_eq!(team.client.get(&path).expect(200)["data"], after);

    let project = format!("/api/v1/projects/{}", team.project);
    let named = json!({"name": "Shop", "description": "All of it"});
    let changed = team.client.put(&project, &named).expect(200)["data"].clone();
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Shop"), &json!("All of it")));
    let cleared = team.client.put(&project, &json!({"description": null})).expect(200)["data"].clone();
    assert_eq!((&cleared["name"], &cleared["description"]), (&json!("Shop"), &Value::Null));
    team.client.put(&project, &json!({"name": "", "id": "x"})).faults(
        400,
        "VALIDATION_ERROR",
        &["name", "id"],
    );
}
