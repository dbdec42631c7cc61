//! Partial changes: what is absent stays, what is given replaces, and each field is either the project's or the
//! environment's.

use serde_json::{Value, json};

use super::{at, everyone, members, view};
use crate::support::{Server, Team};

/// Every field that a change can name, with a value that differs from [`full`].
fn changes() -> [(&'static str, Value, Reach); 11] {
    [
        ("name", json!("Renamed"), Reach::Project),
        ("description", json!("Two\nlines"), Reach::Project),
        ("classification", json!("experiment"), Reach::Project),
        ("tags", json!(["b"]), Reach::Project),
        ("status", json!("inactive"), Reach::Project),
        (
            "variations",
            json!([{"key": "off", "name": "No", "value": false}, {"key": "on", "name": "Yes", "value": true}]),
            Reach::Project,
        ),
        ("bucketing", json!({"algorithm": "murmur3", "by": "team", "salt": "s"}), Reach::Project),
        ("enabled", json!(true), Reach::Environment),
        ("default_variation", json!("on"), Reach::Environment),
        ("targeting_rules", json!([]), Reach::Environment),
        ("prerequisites", json!([]), Reach::Environment),
    ]
}

/// Who sees a change.
#[derive(PartialEq)]
enum Reach {
    Project,
    Environment,
}

/// A flag with something in every field.
fn full(team: &Team) -> Value {
    team.create_flag("needed", &json!({}));
    team.create_flag(
        "a",
        &json!({
            "description": "What it is for", "classification": "release", "tags": ["a", "z"],
            "targeting_rules": [everyone("on")],
            "prerequisites": [{"flag_key": "needed", "variation_key": "off"}],
        }),
    )
}

/// The members in which two views differ, except for those that follow from the others.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let bookkeeping = ["revision", "updated_at", "warnings"];
    let names = members(before).into_iter().filter(|name| !bookkeeping.contains(name));
    names.filter(|name| before[*name] != after[*name]).map(str::to_owned).collect()
}

#[test]
fn a_change_touches_what_it_names_where_it_belongs() {
    let server = Server::start();
    let team = server.admin();
    let made = full(&team);
    let mut here = made.clone();
    let mut there = view(&team.client, &team.staging, "a");
    for (field, value, reach) in changes() {
        let body = json!({field: value});
        let answered = team.client.put(&team.flags("/a"), &body).expect(200)["data"].clone();
        assert_eq!(answered[field], value, "{field}");
        assert_eq!(differing(&here, &answered), [field], "{field}");
        assert_eq!(view(&team.client, &team.development, "a"), answered, "the answer is the whole flag");

        let elsewhere = view(&team.client, &team.staging, "a");
        let seen: &[&str] = if reach == Reach::Project { &[field] } else { &[] };
        assert_eq!(differing(&there, &elsewhere), seen, "{field}");
        (here, there) = (answered, elsewhere);
    }
    for never in ["id", "key", "flag_type", "created_at", "created_by", "project_id"] {
        assert_eq!(here[never], made[never], "{never}");
    }
}

#[test]
fn an_empty_change_changes_nothing() {
    let server = Server::start();
    let team = server.admin();
    let made = full(&team);
    let told = team.client.get(&team.flags("/a/history")).expect(200);
    assert_eq!(team.client.put(&team.flags("/a"), &json!({})).expect(200)["data"], made);
    let same = json!({"name": "a", "tags": ["a", "z"], "enabled": false, "targeting_rules": made["targeting_rules"]});
    assert_eq!(team.client.put(&team.flags("/a"), &same).expect(200)["data"], made);
    assert_eq!(team.client.get(&team.flags("/a/history")).expect(200), told);
}

#[test]
fn null_clears_what_can_be_empty() {
    let server = Server::start();
    let team = server.admin();
    full(&team);
    let cleared = json!({"description": null, "classification": null});
    let cleared = team.client.put(&team.flags("/a"), &cleared).expect(200)["data"].clone();
    assert_eq!((&cleared["description"], &cleared["classification"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["tags"], json!(["a", "z"]));
    team.client.put(&team.flags("/a"), &json!({"bucketing": {"algorithm": "murmur3"}})).expect(200);
    let reset = team.client.put(&team.flags("/a"), &json!({"bucketing": null})).expect(200);
    assert_eq!(reset["data"]["bucketing"], json!({"algorithm": "djb2", "by": "user_key", "salt": null}));
}

#[test]
fn what_never_changes_is_refused_by_name() {
    let server = Server::start();
    let team = server.admin();
    full(&team);
    let before = view(&team.client, &team.development, "a");
    let body = json!({"key": "b", "flag_type": "string", "id": "flg_x", "revision": 9, "name": "B"});
    let refused = team.client.put(&team.flags("/a"), &body);
    refused.faults(400, "VALIDATION_ERROR", &["key", "flag_type", "id", "revision"]);
    let archived = team.client.put(&team.flags("/a"), &json!({"status": "archived"}));
    archived.faults(400, "VALIDATION_ERROR", &["status"]);
    assert_eq!(view(&team.client, &team.development, "a"), before);
}

#[test]
fn a_parked_flag_can_be_changed_and_comes_back() {
    let server = Server::start();
    let team = server.admin();
    full(&team);
    team.client.put(&team.flags("/a"), &json!({"status": "inactive"})).expect(200);
    for environment in [&team.development, &team.staging, &team.production] {
        assert_eq!(view(&team.client, environment, "a")["status"], "inactive");
    }
    team.client.put(&team.flags("/a"), &json!({"name": "Renamed"})).expect(200);
    team.client.post(&at(&team.staging, "/a/toggle"), &json!({"enabled": true})).expect(200);
    let back = team.client.put(&at(&team.staging, "/a"), &json!({"status": "active"})).expect(200);
    assert_eq!((&back["data"]["status"], &back["data"]["enabled"]), (&json!("active"), &json!(true)));
}
