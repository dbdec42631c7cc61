//! Flags through the front door: one test for each row of the published table, and a file for each matter that has
//! more to it.

mod change;
mod history;
mod life;
mod list;
mod place;
mod prerequisite;
mod revision;
mod rule;
mod variation;

use serde_json::{Value, json};

use crate::support::{Client, Server, Team};

/// What a flag shows everywhere.
const FIELDS: [&str; 23] = [
    "bucketing",
    "classification",
    "created_at",
    "created_by",
    "default_variation",
    "description",
    "enabled",
    "environment_id",
    "expires_at",
    "flag_type",
    "id",
    "key",
    "last_evaluated_at",
    "lifecycle",
    "name",
    "owner",
    "prerequisites",
    "project_id",
    "revision",
    "status",
    "tags",
    "updated_at",
    "variations",
];

/// The address of `path` below `/flags` in `environment`.
fn at(environment: &str, path: &str) -> String {
    format!("/api/v1/flags{path}?environment_id={environment}")
}

/// The flag `key` as `environment` shows it.
fn view(client: &Client, environment: &str, key: &str) -> Value {
    client.get(&at(environment, &format!("/{key}"))).expect(200)["data"].clone()
}

/// The members' names, in alphabetical order.
fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// A rule for everyone that serves `variation`.
fn everyone(variation: &str) -> Value {
    json!({"priority": 1, "conditions": [], "variation": variation})
}

#[test]
fn a_flag_is_made_shown_changed_and_archived() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("new-nav", &json!({"tags": ["web"], "description": "The new navigation"}));
    assert_eq!((&made["status"], &made["enabled"]), (&json!("active"), &json!(false)));

    let shown = team.client.get(&team.flags("/new-nav")).expect(200)["data"].clone();
    assert_eq!(shown, made);
    let by_id = team.client.get(&team.flags(&format!("/{}", made["id"].as_str().unwrap()))).expect(200);
    assert_eq!(by_id["data"], made);

    let toggled = team.client.post(&team.flags("/new-nav/toggle"), &json!({"enabled": true})).expect(200);
    assert_eq!(toggled["data"]["enabled"], true);
    let changed = team.client.put(&team.flags("/new-nav"), &json!({"name": "Navigation"})).expect(200);
    assert_eq!(
        (&changed["data"]["name"], &changed["data"]["enabled"], &changed["data"]["description"]),
        (&json!("Navigation"), &json!(true), &json!("The new navigation"))
    );

    team.client.delete(&team.flags("/new-nav")).expect(204);
    assert_eq!(team.client.get(&team.flags("")).expect(200)["meta"]["total"], 0);
    assert_eq!(team.client.get(&team.flags("/new-nav")).expect(200)["data"]["status"], "archived");
    team.client
        .post(&team.flags(""), &Team::flag_body("new-nav", &json!({})))
        .refused(409, "FLAG_KEY_CONFLICT");
}

#[test]
fn views_have_the_documented_members_and_no_others() {
    let server = Server::start();
    let team = server.admin();
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    let made = team.create_flag("a", &json!({"targeting_rules": [everyone("on")]}));
    let mut flag_fields = FIELDS.to_vec();
    flag_fields.extend(["targeting_rules", "warnings"]);
    flag_fields.sort_unstable();
    assert_eq!(members(&made), flag_fields);
    assert!(made["id"].as_str().unwrap().starts_with("flg_"), "{made}");
    assert_eq!(
        (&made["project_id"], &made["environment_id"], &made["created_by"]),
        (&json!(team.project), &json!(team.development), &me)
    );
    assert_eq!(
        made["variations"],
        json!([{"key": "on", "name": "On", "value": true}, {"key": "off", "name": "Off", "value": false}])
    );
    assert_eq!(made["bucketing"], json!({"algorithm": "djb2", "by": "user_key", "salt": null}));
    for absent in ["description", "classification", "last_evaluated_at"] {
        assert_eq!(made[absent], Value::Null, "{absent}");
    }
    for moment in ["created_at", "updated_at"] {
        let text = made[moment].as_str().unwrap();
        assert!(text.len() == "2027-01-15T08:00:00Z".len() && text.ends_with('Z'), "{text}");
    }

    let mut item_fields = FIELDS.to_vec();
    item_fields.push("targeting_rules_count");
    item_fields.sort_unstable();
    let listed = team.client.get(&team.flags("")).expect(200);
    assert_eq!(members(&listed["data"][0]), item_fields);
    assert_eq!(listed["data"][0]["targeting_rules_count"], 1);
    assert_eq!(members(&listed), ["data", "meta"]);
    assert_eq!(listed["meta"], json!({"page": 1, "per_page": 50, "total": 1, "next_cursor": null}));

    let toggled = team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    assert_eq!(members(&toggled["data"]), ["enabled", "id", "updated_at"]);
    assert_eq!(toggled["data"]["id"], made["id"]);
}

#[test]
fn a_new_flag_is_in_every_environment_and_configured_in_the_named_one() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("other", &json!({}));
    let extras = json!({
        "enabled": true,
        "targeting_rules": [everyone("on")],
        "prerequisites": [{"flag_key": "other", "variation_key": "off"}],
        "default_variation": "on",
        "classification": "release",
        "bucketing": {"algorithm": "murmur3", "by": "team", "salt": "s"},
    });
    let made = team.create_flag("a", &extras);
    assert_eq!(made["enabled"], true);
    assert_eq!(made["prerequisites"], extras["prerequisites"]);
    assert_eq!(made["targeting_rules"][0]["variation"], "on");

    let elsewhere = view(&team.client, &team.staging, "a");
    assert_eq!(elsewhere["enabled"], false);
    assert_eq!((&elsewhere["targeting_rules"], &elsewhere["prerequisites"]), (&json!([]), &json!([])));
    for shared in ["id", "name", "default_variation", "classification", "bucketing", "variations"] {
        assert_eq!(elsewhere[shared], made[shared], "{shared}");
    }
    let later = team.client.post(
        &format!("/api/v1/environments?project_id={}", team.project),
        &json!({"key": "qa", "name": "QA", "type": "staging"}),
    );
    let later = later.expect(201)["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(view(&team.client, &later, "a")["enabled"], false);
}

#[test]
fn every_row_accepts_the_id_and_the_key() {
    let server = Server::start();
    let team = server.admin();
    let id = team.create_flag("a", &json!({}))["id"].as_str().unwrap().to_owned();
    for name in ["a", &id] {
        let path = format!("/{name}");
        assert_eq!(team.client.get(&team.flags(&path)).expect(200)["data"]["key"], "a");
        team.client.put(&team.flags(&path), &json!({"description": name})).expect(200);
        team.client.post(&team.flags(&format!("{path}/toggle")), &json!({"enabled": true})).expect(200);
        team.client.get(&team.flags(&format!("{path}/history"))).expect(200);
        team.client.get(&team.flags(&format!("{path}/stats"))).expect(200);
    }
    for name in ["a", &id] {
        team.client.delete(&team.flags(&format!("/{name}"))).expect(204);
        assert_eq!(view(&team.client, &team.development, "a")["status"], "archived");
    }
}

#[test]
fn a_toggle_leaves_everything_else_alone() {
    let server = Server::start();
    let team = server.admin();
    let before = team.create_flag("a", &json!({"targeting_rules": [everyone("on")]}));
    for enabled in [true, false] {
        team.client.post(&team.flags("/a/toggle"), &json!({"enabled": enabled})).expect(200);
        let after = view(&team.client, &team.development, "a");
        assert_eq!(after["enabled"], enabled);
        for untouched in ["targeting_rules", "variations", "default_variation", "name", "status"] {
            assert_eq!(after[untouched], before[untouched], "{untouched}");
        }
        assert_eq!(view(&team.client, &team.staging, "a")["enabled"], false);
    }
    team.client.post(&team.flags("/a/toggle"), &json!({})).faults(400, "VALIDATION_ERROR", &["enabled"]);
}

#[test]
fn an_archived_flag_is_kept_and_cannot_be_changed() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({"enabled": true}));
    team.client.delete(&team.flags("/a")).expect(204);
    let archived = view(&team.client, &team.staging, "a");
    assert_eq!(archived["status"], "archived", "in every environment");

    assert!(team.client.delete(&team.flags("/a")).expect(204).is_null());
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).refused(409, "FLAG_ARCHIVED");
    team.client.put(&team.flags("/a"), &json!({"status": "active"})).refused(409, "FLAG_ARCHIVED");
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": false})).refused(409, "FLAG_ARCHIVED");
    let taken = team.client.post(&team.flags(""), &Team::flag_body("a", &json!({})));
    assert_eq!(taken.refused(409, "FLAG_KEY_CONFLICT")["key"], "a");
    assert_eq!(view(&team.client, &team.staging, "a"), archived);
    team.client.get(&team.flags("/a/history")).expect(200);
}

#[test]
fn a_key_is_taken_in_its_own_project_alone() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let conflict = team.client.post(&at(&team.staging, ""), &Team::flag_body("a", &json!({})));
    conflict.refused(409, "FLAG_KEY_CONFLICT");
    team.new_project("second").create_flag("a", &json!({}));
}

#[test]
fn an_unknown_flag_is_named_with_the_environment() {
    let server = Server::start();
    let team = server.admin();
    let foreign = team.new_project("second").create_flag("far-away", &json!({}));
    let foreign = foreign["id"].as_str().unwrap();
    for name in ["nobody", "flg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "Not-A-Key", foreign, "far-away"] {
        let path = format!("/{name}");
        for answer in [
            team.client.get(&team.flags(&path)),
            team.client.put(&team.flags(&path), &json!({"name": "A"})),
            team.client.delete(&team.flags(&path)),
            team.client.post(&team.flags(&format!("{path}/toggle")), &json!({"enabled": true})),
            team.client.get(&team.flags(&format!("{path}/history"))),
            team.client.get(&team.flags(&format!("{path}/stats"))),
        ] {
            answer.refused(404, "FLAG_NOT_FOUND");
            let message = answer.body()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(name) && message.contains("development"), "{message}");
        }
    }
}
