//! Two environments compared: what differs, what does not, and which ones can be compared.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

fn diff(client: &Client, this: &str, other: &str, more: &str) -> Answer {
    client.get(&format!("/api/v1/environments/{this}/diff?against={other}{more}"))
}

fn put(team: &Team, flag: &str, environment: &str, change: &Value) -> Value {
    let path = format!("/api/v1/flags/{flag}?environment_id={environment}");
    team.client.put(&path, change).expect(200)["data"].clone()
}

fn rules(variation: &str) -> Value {
    let conditions = json!([{"attribute": "plan", "operator": "is", "value": "pro"}]);
    json!([{"name": "Pro", "conditions": conditions, "variation": variation}])
}

#[test]
fn flags_are_compared_field_by_field_and_rules_by_what_they_say() {
    let server = Server::start();
    let team = server.admin();
    for key in ["c-rules", "a-same", "b-rules", "d-all", "gate", "z-gone"] {
        team.create_flag(key, &json!({}));
    }
    put(&team, "b-rules", &team.staging, &json!({"targeting_rules": rules("on")}));
    let here = put(&team, "b-rules", &team.development, &json!({"targeting_rules": rules("on")}));
    put(&team, "c-rules", &team.staging, &json!({"targeting_rules": rules("off")}));
    let there = put(&team, "c-rules", &team.development, &json!({"targeting_rules": rules("on")}));
    let everything = json!({
        "enabled": true, "default_variation": "on", "targeting_rules": rules("off"),
        "prerequisites": [{"flag_key": "gate", "variation_key": "on"}],
    });
    put(&team, "d-all", &team.development, &everything);
    put(&team, "z-gone", &team.development, &json!({"enabled": true}));
    team.client.delete(&team.flags("/z-gone")).expect(204);
    // What all environments share is no difference.
    put(&team, "a-same", &team.development, &json!({"name": "Renamed", "tags": ["x"]}));

    let found = diff(&team.client, &team.development, &team.staging, "").expect(200);
    let keys: Vec<&str> =
        found["data"].as_array().expect("a list").iter().filter_map(|it| it["flag_key"].as_str()).collect();
    assert_eq!(keys, ["c-rules", "d-all"]);
    assert_eq!((&found["meta"]["total"], &found["meta"]["equal"]), (&json!(2), &json!(3)));
    assert_ne!(here["targeting_rules"][0]["id"], Value::Null);
    let changes = found["data"][0]["changes"].as_object().expect("changes");
    assert_eq!(changes.keys().collect::<Vec<_>>(), ["targeting_rules"]);
    assert_eq!(changes["targeting_rules"]["to"][0]["id"], there["targeting_rules"][0]["id"]);
    assert_eq!(changes["targeting_rules"]["from"][0]["variation"], "off");
    let all = &found["data"][1]["changes"];
    assert_eq!(all.as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(all["enabled"], json!({"from": false, "to": true}));
    assert_eq!(all["default_variation"], json!({"from": "off", "to": "on"}));

    // The other way round, every difference is turned round.
    let back = diff(&team.client, &team.staging, &team.development, "").expect(200);
    assert_eq!(back["data"][1]["changes"]["enabled"], json!({"from": true, "to": false}));
    let none = diff(&team.client, &team.staging, &team.production, "").expect(200);
    assert_eq!((&none["data"][0]["flag_key"], &none["meta"]["equal"]), (&json!("b-rules"), &json!(3)));
    assert_eq!(diff(&team.client, &team.staging, &team.staging, "").expect(200)["meta"]["equal"], 5);
}

#[test]
fn differences_come_in_pages() {
    let server = Server::start();
    let team = server.admin();
    for number in 0..5 {
        team.create_flag(&format!("f{number}"), &json!({"enabled": true}));
    }
    let page = |more: &str| diff(&team.client, &team.development, &team.staging, more).expect(200);
    let first = page("&per_page=2");
    assert_eq!((&first["meta"]["total"], &first["data"][1]["flag_key"]), (&json!(5), &json!("f1")));
    team.create_flag("f0-inserted", &json!({"enabled": true}));
    let cursor = first["meta"]["next_cursor"].as_str().expect("a cursor");
    let second = page(&format!("&per_page=2&cursor={cursor}"));
    assert_eq!(second["data"][0]["flag_key"], "f2");
    diff(&team.client, &team.development, &team.staging, "&per_page=0").faults(
        400,
        "VALIDATION_ERROR",
        &["per_page"],
    );
}

#[test]
fn only_environments_of_one_project_can_be_compared() {
    let server = Server::start();
    let team = server.admin();
    let second = team.new_project("second");
    let nowhere = format!("env_{}", "0".repeat(26));
    let across = diff(&team.client, &team.development, &second.development, "");
    across.faults(400, "VALIDATION_ERROR", &["against"]);
    for (this, other) in [(&team.development, &nowhere), (&nowhere, &team.development)] {
        diff(&team.client, this, other, "").refused(404, "ENVIRONMENT_NOT_FOUND");
    }
    let missing = team.client.get(&format!("/api/v1/environments/{}/diff", team.development));
    missing.faults(400, "VALIDATION_ERROR", &["against"]);
    let eve = server.outsider("eve@example.com");
    diff(&eve, &team.development, &team.staging, "").refused(404, "ENVIRONMENT_NOT_FOUND");
}
