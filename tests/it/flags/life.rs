//! A flag that was archived is restored or deleted for good; any flag is the beginning of another.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use super::{at, everyone};
use crate::support::{Answer, Client, Server, Team};

fn forever(client: &Client, team: &Team, key: &str) -> Answer {
    client.delete(&format!("{}&permanent=true", team.flags(&format!("/{key}"))))
}

fn restored(team: &Team, key: &str) -> Answer {
    team.client.send("POST", &team.flags(&format!("/{key}/restore")), None)
}

fn requires(key: &str) -> Value {
    json!({"prerequisites": [{"flag_key": key, "variation_key": "on"}]})
}

#[test]
fn a_restored_flag_is_what_it_was() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": [everyone("on")]}));
    let before = team.client.get(&team.flags("/a")).expect(200)["data"].clone();
    restored(&team, "a").refused(409, "FLAG_NOT_ARCHIVED");
    team.client.delete(&team.flags("/a")).expect(204);
    let answer = restored(&team, "a");
    let after = answer.expect(200)["data"].clone();
    assert_eq!(answer.header("ETag"), Some("\"3\""));
    for field in ["id", "key", "status", "enabled", "targeting_rules", "variations", "created_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let question = json!({"flags": ["*"], "context": {"user_key": "u"}});
    let evaluated = sdk.post("/api/v1/evaluate", &question).expect(200)["data"]["evaluations"].clone();
    assert_eq!(evaluated["a"]["reason"], "TARGETING_RULE");
    let history = team.client.get(&team.flags("/a/history")).expect(200)["data"][0].clone();
    assert_eq!(history["action"], "flag.restored");
    assert_eq!(history["changes"], json!({"status": {"from": "archived", "to": "active"}}));
    restored(&team, "b").refused(404, "FLAG_NOT_FOUND");
}

#[test]
fn what_a_flag_requires_must_be_there_when_it_is_restored() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("b", &json!({}));
    team.create_flag("a", &json!({}));
    team.client.put(&at(&team.staging, "/a"), &requires("b")).expect(200);
    team.client.delete(&team.flags("/a")).expect(204);
    team.client.delete(&team.flags("/b")).expect(204);
    restored(&team, "a").faults(
        422,
        "PREREQUISITE_INVALID",
        &["environments[staging].prerequisites[0].flag_key"],
    );
    // ... and so it cannot be deleted before it is.
    let users = forever(&team.client, &team, "b").refused(409, "FLAG_IN_USE")["used_by"].clone();
    assert_eq!(users, json!(["a in staging"]));
    restored(&team, "b").expect(200);
    restored(&team, "a").expect(200);
}

#[test]
fn a_deleted_flag_leaves_its_key_and_its_entries_and_nothing_else() {
    let mut server = Server::start();
    let mut team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let made = team.create_flag("a", &json!({"enabled": true}));
    let id = made["id"].as_str().expect("an id");
    let question = json!({"flags": ["a"], "context": {"user_key": "u"}});
    sdk.post("/api/v1/evaluate", &question).expect(200);
    forever(&team.client, &team, "a").refused(409, "FLAG_NOT_ARCHIVED");
    team.client.delete(&team.flags("/a")).expect(204);
    for word in ["yes", "1", "TRUE"] {
        let path = format!("{}&permanent={word}", team.flags("/a"));
        team.client.delete(&path).faults(400, "VALIDATION_ERROR", &["permanent"]);
    }
    let editor = team.enrol(&server, "eddy@example.com", Role::Editor);
    let refused = forever(&editor, &team, "a").refused(403, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(refused["required_role"], "admin");
    forever(&team.client.with("If-Match", "\"1\""), &team, "a").refused(412, "REVISION_CONFLICT");

    let freeze = format!("/api/v1/environments/{}/freeze", team.production);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    forever(&team.client, &team, "a").refused(423, "ENVIRONMENT_FROZEN");
    team.client.post(&freeze.replace("freeze", "unfreeze"), &json!({})).expect(200);
    forever(&team.client, &team, "a").expect(204);
    forever(&team.client, &team, "a").refused(404, "FLAG_NOT_FOUND");
    for path in ["", "/history", "/revisions", "/stats"] {
        team.client.get(&team.flags(&format!("/{id}{path}"))).refused(404, "FLAG_NOT_FOUND");
    }
    let evaluated = sdk.post("/api/v1/evaluate", &question).expect(200)["data"]["evaluations"].clone();
    assert_eq!(evaluated["a"]["reason"], "FLAG_NOT_FOUND");
    let log = format!("/api/v1/audit-logs?resource_id={id}");
    let entries = team.client.get(&log).expect(200)["data"].clone();
    let actions: Vec<&str> =
        entries.as_array().unwrap().iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions[..2], ["flag.deleted", "flag.archived"]);
    assert_eq!(entries[0]["changes"]["key"], json!({"from": "a", "to": null}));

    // Another flag may have the key, and nothing of the old one is its own, also after a restart.
    let next = team.create_flag("a", &json!({}));
    assert_ne!(next["id"], made["id"]);
    server.restart();
    team = team.at(&server);
    let revisions = team.client.get(&team.flags("/a/revisions")).expect(200);
    assert_eq!(revisions["meta"]["total"], 1);
    let shown = team.client.get(&team.flags("/a")).expect(200)["data"].clone();
    assert_eq!((&shown["revision"], &shown["last_evaluated_at"]), (&json!(1), &Value::Null));
}

#[test]
fn a_copy_has_everything_but_identities_and_is_off() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("b", &json!({}));
    let own = json!({
        "enabled": true, "targeting_rules": [everyone("on")], "tags": ["t"], "description": "D",
        "classification": "release", "prerequisites": requires("b")["prerequisites"],
        "bucketing": {"algorithm": "murmur3", "by": "team", "salt": "s"}, "default_variation": "on",
    });
    team.create_flag("a", &own);
    let elsewhere = json!({"targeting_rules": [everyone("off"), everyone("on")], "enabled": true});
    team.client.put(&at(&team.staging, "/a"), &elsewhere).expect(200);
    let body = json!({"key": "copy", "name": "Copy"});
    let answer = team.client.post(&team.flags("/a/clone"), &body);
    let copy = answer.expect(201)["data"].clone();
    assert_eq!((&copy["key"], &copy["name"], &copy["revision"]), (&json!("copy"), &json!("Copy"), &json!(1)));
    for environment in [&team.development, &team.staging, &team.production] {
        let show = |key: &str| team.client.get(&at(environment, key)).expect(200)["data"].clone();
        let (original, copy) = (show("/a"), show("/copy"));
        for field in [
            "description",
            "tags",
            "classification",
            "variations",
            "bucketing",
            "flag_type",
            "default_variation",
            "prerequisites",
            "status",
        ] {
            assert_eq!(copy[field], original[field], "{field}");
        }
        assert_eq!(copy["enabled"], false);
        let rules = |flag: &Value| flag["targeting_rules"].as_array().expect("a list").clone();
        assert_eq!(rules(&copy).len(), rules(&original).len());
        for (new, old) in rules(&copy).iter().zip(rules(&original)) {
            assert_ne!(new["id"], old["id"]);
            assert_eq!((&new["variation"], &new["conditions"]), (&old["variation"], &old["conditions"]));
        }
        let told = team.client.get(&at(environment, "/copy/history")).expect(200)["data"].clone();
        let entries = told.as_array().expect("a list");
        assert!(entries.iter().all(|entry| entry["action"] == "flag.created"));
        assert!(entries.iter().any(|entry| entry["changes"]["cloned_from"]["to"] == "a"));
    }
    let unnamed = team.client.post(&team.flags("/a/clone"), &json!({"key": "second"})).expect(201);
    assert_eq!(unnamed["data"]["name"], "a");

    team.client.post(&team.flags("/a/clone"), &body).refused(409, "FLAG_KEY_CONFLICT");
    let wrong = json!({"key": "No", "name": "", "enabled": true});
    team.client.post(&team.flags("/a/clone"), &wrong).faults(
        400,
        "VALIDATION_ERROR",
        &["key", "name", "enabled"],
    );
    team.client.post(&team.flags("/x/clone"), &json!({"key": "y"})).refused(404, "FLAG_NOT_FOUND");

    // A frozen environment takes a flag that is off; an archived original is as good as any other.
    let freeze = format!("/api/v1/environments/{}/freeze", team.production);
    team.client.delete(&team.flags("/second")).expect(204);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    let third = team.client.post(&team.flags("/second/clone"), &json!({"key": "third"})).expect(201);
    assert_eq!(third["data"]["status"], "active");
}
