//! The history of a flag: what all environments share and what concerns the named one, newest first.

use serde_json::{Value, json};

use super::{at, everyone, members};
use crate::support::{Server, Team};

fn history(team: &Team, environment: &str) -> Vec<Value> {
    let list = team.client.get(&at(environment, "/a/history")).expect(200);
    list["data"].as_array().expect("a list").clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().expect("an action")).collect()
}

#[test]
fn an_entry_says_who_did_what_when() {
    let server = Server::start();
    let team = server.admin();
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    team.create_flag("a", &json!({}));
    server.clock.advance_seconds(60);
    let toggled = team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let entries = history(&team, &team.development);
    assert_eq!(actions(&entries), ["flag.toggled", "flag.created"]);
    let newest = &entries[0];
    assert_eq!(members(newest), ["action", "actor", "changes", "id", "timestamp"]);
    assert!(newest["id"].as_str().unwrap().starts_with("evt_"), "{newest}");
    assert_eq!(newest["actor"], json!({"id": me, "email": "admin@example.com"}));
    assert_eq!(newest["changes"], json!({"enabled": {"from": false, "to": true}}));
    assert_eq!(newest["timestamp"], toggled["data"]["updated_at"]);
}

#[test]
fn changes_are_told_field_by_field() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({"tags": ["x"], "description": "Old"}));
    let body = json!({"name": "A", "description": null, "tags": ["x"], "status": "inactive"});
    team.client.put(&team.flags("/a"), &body).expect(200);
    let entries = history(&team, &team.development);
    assert_eq!(
        entries[0]["changes"],
        json!({
            "name": {"from": "a", "to": "A"},
            "description": {"from": "Old", "to": null},
            "status": {"from": "active", "to": "inactive"},
        })
    );
    let made = &entries[1]["changes"];
    assert_eq!(made["tags"], json!({"from": null, "to": ["x"]}));
    assert_eq!(made["key"], json!({"from": null, "to": "a"}));
}

#[test]
fn an_environment_shows_its_own_entries_and_the_projects() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.post(&at(&team.development, "/a/toggle"), &json!({"enabled": true})).expect(200);
    let rules = json!({"targeting_rules": [everyone("on")]});
    team.client.put(&at(&team.staging, "/a"), &rules).expect(200);
    team.client.put(&at(&team.staging, "/a"), &json!({"name": "A"})).expect(200);
    team.client.delete(&at(&team.production, "/a")).expect(204);

    let development = history(&team, &team.development);
    assert_eq!(actions(&development), ["flag.archived", "flag.updated", "flag.toggled", "flag.created"]);
    assert_eq!(members(&development[1]["changes"]), ["name"]);
    let staging = history(&team, &team.staging);
    assert_eq!(actions(&staging), ["flag.archived", "flag.updated", "flag.updated", "flag.created"]);
    let rules = team.client.get(&at(&team.staging, "/a")).expect(200)["data"]["targeting_rules"].clone();
    let change = format!("targeting_rules[{}]", rules[0]["id"].as_str().expect("an id"));
    assert_eq!(staging[2]["changes"], json!({change: {"from": null, "to": rules[0]}}));
    assert_eq!(actions(&history(&team, &team.production)), ["flag.archived", "flag.updated", "flag.created"]);
}

#[test]
fn a_change_of_both_kinds_shows_each_where_it_belongs() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.put(&team.flags("/a"), &json!({"name": "A", "enabled": true})).expect(200);
    let fields = |environment: &str| -> Vec<String> {
        let entries = history(&team, environment);
        let updates = entries.iter().filter(|entry| entry["action"] == "flag.updated");
        let mut fields: Vec<_> =
            updates.flat_map(|entry| members(&entry["changes"])).map(str::to_owned).collect();
        fields.sort();
        fields
    };
    assert_eq!(fields(&team.development), ["enabled", "name"]);
    assert_eq!(fields(&team.staging), ["name"]);
}

#[test]
fn what_a_new_flag_is_in_one_environment_is_not_told_of_another() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": [everyone("on")]}));
    // The last word of a history, from its oldest entry on, is what the environment shows.
    for environment in [&team.development, &team.staging] {
        let shown = team.client.get(&at(environment, "/a")).expect(200)["data"].clone();
        let entries = history(&team, environment);
        assert!(actions(&entries).iter().all(|action| *action == "flag.created"));
        for field in ["enabled", "targeting_rules", "default_variation", "prerequisites", "name"] {
            let newest = entries.iter().find_map(|entry| entry["changes"].get(field)).expect(field);
            assert_eq!(newest["to"], shown[field], "{field} in {environment}");
        }
    }
}

#[test]
fn a_long_history_has_pages() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    for number in 0..5 {
        team.client.put(&team.flags("/a"), &json!({"description": number.to_string()})).expect(200);
    }
    let mut told = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{}&per_page=2{cursor}", team.flags("/a/history"));
        let list = team.client.get(&path).expect(200);
        assert_eq!(list["meta"]["total"], 6 + told.len() / 2);
        let entries = list["data"].as_array().unwrap();
        told.extend(entries.iter().map(|entry| entry["changes"]["description"]["to"].clone()));
        // An entry comes in front of those that were read.
        team.client
            .put(&team.flags("/a"), &json!({"description": format!("later {}", told.len())}))
            .expect(200);
        let Some(next) = list["meta"]["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(told, [json!("4"), json!("3"), json!("2"), json!("1"), json!("0"), Value::Null]);
    let second = team.client.get(&format!("{}&per_page=2&page=2", team.flags("/a/history"))).expect(200);
    assert_eq!(second["data"].as_array().map(Vec::len), Some(2));
}
