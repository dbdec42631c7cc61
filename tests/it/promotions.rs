//! Promotions: what is taken, what is left, what is told of it, and who may.

use phaseflag::domain::{promotion::MAX_PROMOTED_FLAGS, role::Role};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team, copies::copy_flag};

fn promote(client: &Client, flag: &str, from: &str, to: &str, more: &Value) -> Answer {
    let body = with(json!({"from_environment_id": from, "to_environment_id": to}), more);
    client.post(&format!("/api/v1/flags/{flag}/promote"), &body)
}

fn promote_all(client: &Client, from: &str, to: &str, more: &Value) -> Answer {
    let body = with(json!({"from_environment_id": from}), more);
    client.post(&format!("/api/v1/environments/{to}/promote"), &body)
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn shown(team: &Team, flag: &str, environment: &str) -> Value {
    team.client.get(&format!("/api/v1/flags/{flag}?environment_id={environment}")).expect(200)["data"].clone()
}

fn version(client: &Client) -> u64 {
    client.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].as_u64().expect("a version")
}

/// Everything that an environment can say of a flag.
fn everything() -> Value {
    let conditions = json!([{"attribute": "plan", "operator": "is", "value": "pro"}]);
    json!({
        "enabled": true, "default_variation": "on", "targeting_rules": [{"conditions": conditions, "variation": "off"}],
        "prerequisites": [{"flag_key": "gate", "variation_key": "on"}],
    })
}

const PARTS: [&str; 4] = ["enabled", "default_variation", "targeting_rules", "prerequisites"];

#[test]
fn a_promoted_flag_says_there_what_it_says_here() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("gate", &json!({}));
    team.create_flag("f", &json!({}));
    let here = team.client.put(&team.flags("/f"), &everything()).expect(200)["data"].clone();
    let sdk = team.sdk(&team.production, "server");
    let before = version(&sdk);
    let path = (team.development.as_str(), team.production.as_str());
    let told = promote(&team.client, "f", path.0, path.1, &json!({})).expect(200)["data"].clone();
    assert_eq!((&told["dry_run"], &told["equal"]), (&json!(false), &json!(0)));
    let changes = told["changed"][0]["changes"].as_object().expect("changes").clone();
    assert_eq!(
        changes.keys().map(String::as_str).collect::<Vec<_>>(),
        ["default_variation", "enabled", "prerequisites", "targeting_rules"]
    );

    let there = shown(&team, "f", &team.production);
    for part in PARTS {
        assert_eq!(there[part], here[part], "{part}, and rules keep their ids");
    }
    assert_eq!(version(&sdk), before + 1);
    assert_eq!(shown(&team, "f", &team.staging)["enabled"], false, "nobody else is concerned");
    let history = format!("/api/v1/flags/f/history?environment_id={}", team.production);
    let entry = team.client.get(&history).expect(200)["data"][0].clone();
    assert_eq!(entry["action"], "flag.promoted");
    assert_eq!(entry["changes"]["promoted_from"], json!({"from": null, "to": "development"}));
    for part in ["default_variation", "enabled"] {
        assert_eq!(entry["changes"][part], changes[part]);
    }
    // The log tells of lists element by element.
    for (list, name) in [("targeting_rules", "id"), ("prerequisites", "flag_key")] {
        let element = &there[list][0];
        let change = format!("{list}[{}]", element[name].as_str().expect("a name"));
        assert_eq!(entry["changes"][change], json!({"from": null, "to": element}));
    }

    // Once more there is nothing to do, and nothing is done.
    let again = promote(&team.client, "f", path.0, path.1, &json!({})).expect(200)["data"].clone();
    assert_eq!((&again["changed"], &again["equal"]), (&json!([]), &json!(1)));
    assert_eq!(version(&sdk), before + 1);
    assert_eq!(team.client.get(&history).expect(200)["data"][0], entry);
}

#[test]
fn only_what_is_included_is_taken() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("gate", &json!({}));
    team.create_flag("f", &json!({}));
    let here = team.client.put(&team.flags("/f"), &everything()).expect(200)["data"].clone();
    let before = shown(&team, "f", &team.staging);
    let include = json!({"include": ["targeting_rules", "default_variation"]});
    promote(&team.client, "f", &team.development, &team.staging, &include).expect(200);
    let there = shown(&team, "f", &team.staging);
    for (part, says) in [
        ("enabled", &before),
        ("prerequisites", &before),
        ("targeting_rules", &here),
        ("default_variation", &here),
    ] {
        assert_eq!(there[part], says[part], "{part}");
    }
}

#[test]
fn an_environment_is_promoted_in_one_change() {
    let server = Server::start();
    let team = server.admin();
    for key in ["gate", "same", "archived"] {
        team.create_flag(key, &json!({}));
    }
    for key in ["a", "b", "c"] {
        team.create_flag(key, &everything());
    }
    team.client.put(&team.flags("/archived"), &json!({"enabled": true})).expect(200);
    team.client.delete(&team.flags("/archived")).expect(204);
    let sdk = team.sdk(&team.staging, "server");
    let before = version(&sdk);
    let path = (team.development.as_str(), team.staging.as_str());
    let told = |more: &Value| promote_all(&team.client, path.0, path.1, more).expect(200)["data"].clone();
    let keys = |told: &Value| -> Vec<String> {
        let flags = told["changed"].as_array().expect("a list").iter();
        flags.map(|flag| flag["flag_key"].as_str().expect("a key").to_owned()).collect()
    };

    let dry = told(&json!({"dry_run": true}));
    assert_eq!((keys(&dry), &dry["equal"]), (vec!["a".into(), "b".into(), "c".into()], &json!(2)));
    assert_eq!(version(&sdk), before, "it was not meant in earnest");
    assert_eq!(shown(&team, "a", path.1)["enabled"], false);

    let id = shown(&team, "b", path.0)["id"].clone();
    let some = told(&json!({"flags": ["c", id, "c", "same"]}));
    assert_eq!((keys(&some), &some["equal"]), (vec!["b".into(), "c".into()], &json!(1)));
    assert_eq!(version(&sdk), before + 1);
    let rest = told(&json!({}));
    assert_eq!((keys(&rest), &rest["equal"]), (vec!["a".into()], &json!(4)));
    assert_eq!(rest["changed"][0], dry["changed"][0], "what was foretold");
    assert_eq!(version(&sdk), before + 2);
    assert_eq!(keys(&told(&json!({}))), [""; 0]);
    assert_eq!(version(&sdk), before + 2);
}

#[test]
fn what_would_not_hold_there_is_refused() {
    let server = Server::start();
    let team = server.admin();
    for key in ["a", "b"] {
        team.create_flag(key, &json!({}));
    }
    let needs = |flag: &str| json!({"prerequisites": [{"flag_key": flag, "variation_key": "on"}]});
    team.client.put(&team.flags("/a"), &needs("b")).expect(200);
    let staging = format!("/api/v1/flags/b?environment_id={}", team.staging);
    team.client.put(&staging, &needs("a")).expect(200);
    for more in [json!({}), json!({"dry_run": true})] {
        let refused = promote(&team.client, "a", &team.development, &team.staging, &more);
        refused.faults(422, "PREREQUISITE_INVALID", &["prerequisites"]);
        let refused = promote_all(
            &team.client,
            &team.development,
            &team.staging,
            &with(more, &json!({"flags": ["a"]})),
        );
        refused.faults(422, "PREREQUISITE_INVALID", &["prerequisites"]);
    }
    // Both at once leave no cycle.
    promote_all(&team.client, &team.development, &team.staging, &json!({})).expect(200);
    assert_eq!(shown(&team, "b", &team.staging)["prerequisites"], json!([]));

    team.client.delete(&team.flags("/a")).expect(204);
    promote(&team.client, "a", &team.development, &team.production, &json!({})).refused(409, "FLAG_ARCHIVED");
    let listed = promote_all(&team.client, &team.development, &team.production, &json!({"flags": ["a"]}));
    listed.refused(409, "FLAG_ARCHIVED");
}

#[test]
fn a_frozen_environment_takes_nothing_unless_the_glass_is_broken() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({"enabled": true}));
    let freeze = format!("/api/v1/environments/{}/freeze", team.production);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    let ask = |client: &Client, more: &Value| promote(client, "f", &team.development, &team.production, more);
    ask(&team.client, &json!({})).refused(423, "ENVIRONMENT_FROZEN");
    ask(&team.client, &json!({"dry_run": true})).refused(423, "ENVIRONMENT_FROZEN");
    let breaking = team.client.with("X-PhaseFlag-Break-Glass", "Checkout is down");
    ask(&breaking, &json!({})).expect(200);
    // Where nothing differs, nothing is frozen either.
    ask(&team.client, &json!({})).expect(200);
    promote(&team.client, "f", &team.production, &team.staging, &json!({})).expect(200);
    let history = format!("/api/v1/flags/f/history?environment_id={}", team.production);
    let changes = team.client.get(&history).expect(200)["data"][0]["changes"].clone();
    assert_eq!(
        (&changes["break_glass"]["to"], &changes["promoted_from"]["to"]),
        (&json!("Checkout is down"), &json!("development"))
    );
}

#[test]
fn what_is_named_is_there_and_belongs_together() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    let second = team.new_project("second");
    let nowhere = format!("env_{}", "0".repeat(26));
    let (from, to) = (team.development.as_str(), team.staging.as_str());
    let unknown = promote_all(&team.client, from, to, &json!({"flags": ["nobody", "f", "flg_x"]}));
    unknown.faults(404, "FLAG_NOT_FOUND", &["flags[0]", "flags[2]"]);
    promote(&team.client, "nobody", from, to, &json!({})).refused(404, "FLAG_NOT_FOUND");
    for (from, to) in [(nowhere.as_str(), to), (from, nowhere.as_str())] {
        promote(&team.client, "f", from, to, &json!({})).refused(404, "ENVIRONMENT_NOT_FOUND");
        promote_all(&team.client, from, to, &json!({})).refused(404, "ENVIRONMENT_NOT_FOUND");
    }
    let field = &["from_environment_id"];
    promote(&team.client, "f", &second.development, to, &json!({})).faults(400, "VALIDATION_ERROR", field);
    promote_all(&team.client, &second.development, to, &json!({})).faults(400, "VALIDATION_ERROR", field);
    promote(&team.client, "f", to, to, &json!({})).faults(400, "VALIDATION_ERROR", field);
    promote_all(&team.client, to, to, &json!({})).faults(400, "VALIDATION_ERROR", field);
    let wrong = json!({"include": ["enabled", "name", "enabled"], "flags": [], "dry_run": "yes", "more": 1});
    promote_all(&team.client, from, to, &wrong).faults(
        400,
        "VALIDATION_ERROR",
        &["include[1]", "include[2]", "flags", "dry_run", "more"],
    );
    promote(&team.client, "f", from, to, &json!({"include": []})).faults(
        400,
        "VALIDATION_ERROR",
        &["include"],
    );
    let many: Vec<String> = (0..=MAX_PROMOTED_FLAGS).map(|number| format!("f{number}")).collect();
    promote_all(&team.client, from, to, &json!({"flags": many})).faults(400, "VALIDATION_ERROR", &["flags"]);
}

#[test]
fn viewers_look_and_editors_promote() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({"enabled": true}));
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    let editor = team.enrol(&server, "eddy@example.com", Role::Editor);
    let (from, to) = (team.development.as_str(), team.staging.as_str());
    for more in [json!({}), json!({"dry_run": true})] {
        promote(&viewer, "f", from, to, &more).refused(403, "INSUFFICIENT_PERMISSIONS");
        promote_all(&viewer, from, to, &more).refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    viewer.get(&format!("/api/v1/environments/{from}/diff?against={to}")).expect(200);
    promote_all(&editor, from, to, &json!({})).expect(200);
    assert_eq!(shown(&team, "f", to)["enabled"], true);
}

#[test]
fn no_more_flags_than_the_limit_change_at_once() {
    let mut server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({"enabled": true}));
    let team = copy_flag(&mut server, &team, "f", MAX_PROMOTED_FLAGS);
    let (from, to) = (team.development.as_str(), team.staging.as_str());
    promote_all(&team.client, from, to, &json!({})).refused(422, "LIMIT_EXCEEDED");
    assert_eq!(shown(&team, "f", to)["enabled"], false);
    promote(&team.client, "f", from, to, &json!({})).expect(200);
    let told = promote_all(&team.client, from, to, &json!({})).expect(200);
    assert_eq!(told["data"]["changed"].as_array().map(Vec::len), Some(MAX_PROMOTED_FLAGS));
}
