//! Prerequisites: what they may name, and what may not go away while they name it.

use serde_json::{Value, json};

use super::{at, view};
use crate::support::{Answer, Server, Team};

/// The list that demands that each of these flags serves `on`.
fn needs(flags: &[&str]) -> Value {
    flags.iter().map(|flag| json!({"flag_key": flag, "variation_key": "on"})).collect()
}

fn put(team: &Team, flag: &str, prerequisites: &Value) -> Answer {
    team.client.put(&team.flags(&format!("/{flag}")), &json!({"prerequisites": prerequisites}))
}

#[test]
fn prerequisites_name_flags_and_variations_that_exist() {
    let server = Server::start();
    let team = server.admin();
    for key in ["a", "b", "gone"] {
        team.create_flag(key, &json!({}));
    }
    team.client.delete(&team.flags("/gone")).expect(204);
    let before = view(&team.client, &team.development, "a");
    let dangling = json!([
        {"flag_key": "b", "variation_key": "maybe"},
        {"flag_key": "nobody", "variation_key": "on"},
        {"flag_key": "gone", "variation_key": "on"},
    ]);
    let places = ["prerequisites[0].variation_key", "prerequisites[1].flag_key", "prerequisites[2].flag_key"];
    put(&team, "a", &dangling).faults(422, "PREREQUISITE_INVALID", &places);
    let body = Team::flag_body("c", &json!({"prerequisites": dangling}));
    team.client.post(&team.flags(""), &body).faults(422, "PREREQUISITE_INVALID", &places);
    team.client.get(&team.flags("/c")).refused(404, "FLAG_NOT_FOUND");

    let twice = needs(&["b", "b"]);
    put(&team, "a", &twice).faults(400, "VALIDATION_ERROR", &["prerequisites[1].flag_key"]);
    assert_eq!(view(&team.client, &team.development, "a"), before);
    put(&team, "a", &needs(&["b"])).expect(200);
}

#[test]
fn a_flag_of_another_project_is_no_prerequisite() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.new_project("second").create_flag("far", &json!({}));
    put(&team, "a", &needs(&["far"])).faults(422, "PREREQUISITE_INVALID", &["prerequisites[0].flag_key"]);
}

#[test]
fn prerequisites_do_not_go_round() {
    let server = Server::start();
    let team = server.admin();
    for key in ["a", "b", "c"] {
        team.create_flag(key, &json!({}));
    }
    let refused = |flag: &str, prerequisites: &[&str]| {
        let before = view(&team.client, &team.development, flag);
        put(&team, flag, &needs(prerequisites)).faults(422, "PREREQUISITE_INVALID", &["prerequisites"]);
        assert_eq!(view(&team.client, &team.development, flag), before);
    };
    refused("a", &["a"]);
    put(&team, "a", &needs(&["b"])).expect(200);
    refused("b", &["a"]);
    put(&team, "b", &needs(&["c"])).expect(200);
    refused("c", &["a"]);
    refused("c", &["b"]);
    // In another environment the same flags may be related the other way round.
    let other_way = json!({"prerequisites": needs(&["a"])});
    team.client.put(&at(&team.staging, "/b"), &other_way).expect(200);
    // What is on the way out does not close a cycle.
    put(&team, "a", &json!([])).expect(200);
    put(&team, "c", &needs(&["a"])).expect(200);
    let itself = Team::flag_body("d", &json!({"prerequisites": needs(&["d"])}));
    team.client.post(&team.flags(""), &itself).refused(422, "PREREQUISITE_INVALID");
}

#[test]
fn a_chain_is_at_most_ten_long() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f0", &json!({}));
    for number in 1..10 {
        let needed = format!("f{}", number - 1);
        team.create_flag(&format!("f{number}"), &json!({"prerequisites": needs(&[&needed])}));
    }
    let tenth = Team::flag_body("f10", &json!({"prerequisites": needs(&["f9"])}));
    team.client.post(&team.flags(""), &tenth).expect(201);
    let eleventh = Team::flag_body("f11", &json!({"prerequisites": needs(&["f10"])}));
    team.client.post(&team.flags(""), &eleventh).faults(422, "PREREQUISITE_INVALID", &["prerequisites"]);
    // It is as long from its other end.
    team.create_flag("below", &json!({}));
    put(&team, "f0", &needs(&["below"])).faults(422, "PREREQUISITE_INVALID", &["prerequisites"]);
}

#[test]
fn a_flag_that_others_need_stays() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("needed", &json!({}));
    team.create_flag("a", &json!({"prerequisites": needs(&["needed"])}));
    team.create_flag("b", &json!({}));
    let in_staging = json!({"prerequisites": needs(&["needed"])});
    team.client.put(&at(&team.staging, "/b"), &in_staging).expect(200);

    let details = team.client.delete(&team.flags("/needed")).refused(409, "FLAG_IN_USE");
    let named = details["used_by"].to_string();
    for user in ["a", "development", "b", "staging"] {
        assert!(named.contains(user), "{named}");
    }
    assert_eq!(view(&team.client, &team.development, "needed")["status"], "active");

    put(&team, "a", &json!([])).expect(200);
    let details = team.client.delete(&team.flags("/needed")).refused(409, "FLAG_IN_USE");
    assert!(!details["used_by"].to_string().contains("development"), "{details}");
    team.client.delete(&team.flags("/b")).expect(204);
    team.client.delete(&team.flags("/needed")).expect(204);
}

#[test]
fn a_variation_that_others_need_stays() {
    let server = Server::start();
    let team = server.admin();
    let colors = json!([{"key": "red", "value": "#f00"}, {"key": "on", "value": "#0f0"}]);
    let text = json!({"flag_type": "string", "variations": colors, "default_variation": "red"});
    team.create_flag("color", &text);
    team.create_flag("a", &json!({}));
    let in_staging = json!({"prerequisites": needs(&["color"])});
    team.client.put(&at(&team.staging, "/a"), &in_staging).expect(200);
    let without = json!({"variations": [{"key": "red", "value": "#f00"}]});
    let details = team.client.put(&team.flags("/color"), &without).refused(409, "VARIATION_IN_USE");
    assert_eq!(details["variation"], "on");
    assert_eq!(details["used_by"], json!(["a in staging"]));
    team.client.put(&at(&team.staging, "/a"), &json!({"prerequisites": []})).expect(200);
    team.client.put(&team.flags("/color"), &without).expect(200);
}

#[test]
fn dependents_are_listed_direct_and_transitive_ones_in_every_environment() {
    let server = Server::start();
    let team = server.admin();
    for key in ["base", "later"] {
        team.create_flag(key, &json!({}));
    }
    team.create_flag("near", &json!({"name": "Near", "prerequisites": needs(&["base"])}));
    team.create_flag("far", &json!({"prerequisites": needs(&["near"])}));
    team.create_flag("gone", &json!({"prerequisites": needs(&["base"])}));
    team.client.delete(&team.flags("/gone")).expect(204);
    let off = json!([{"flag_key": "base", "variation_key": "off"}]);
    team.client.put(&at(&team.staging, "/later"), &json!({"prerequisites": off})).expect(200);

    let list = team.client.get(&team.flags("/base/dependents")).expect(200);
    let row = |it: &Value| {
        let text = |member: &str| it[member].as_str().map(str::to_owned);
        (text("key"), text("environment_key"), text("relation"), text("variation_key"), it["through"].clone())
    };
    let expected = |key: &str, environment: &str, relation: &str, variation: Option<&str>, through: Value| {
        let owned = |text: &str| Some(text.to_owned());
        (owned(key), owned(environment), owned(relation), variation.map(str::to_owned), through)
    };
    let rows: Vec<_> = list["data"].as_array().expect("a list").iter().map(row).collect();
    assert_eq!(
        rows,
        [
            expected("far", "development", "transitive", None, needs(&["near"])),
            expected("later", "staging", "direct", Some("off"), off),
            expected("near", "development", "direct", Some("on"), needs(&["base"])),
        ]
    );
    assert_eq!((&list["data"][2]["name"], &list["meta"]["total"]), (&json!("Near"), &json!(3)));
    assert_eq!(list["data"][1]["environment_id"], team.staging);
    let elsewhere = team.client.get(&at(&team.production, "/base/dependents")).expect(200);
    assert_eq!(elsewhere["data"], list["data"], "archiving asks every environment");
    // Whoever is direct is in the way.
    let details = team.client.delete(&team.flags("/base")).refused(409, "FLAG_IN_USE");
    assert_eq!(details["used_by"], json!(["near in development", "later in staging"]));

    let first = team.client.get(&format!("{}&per_page=2", team.flags("/base/dependents"))).expect(200);
    let cursor = first["meta"]["next_cursor"].as_str().expect("there is more");
    let rest = format!("{}&per_page=2&cursor={cursor}", team.flags("/base/dependents"));
    assert_eq!(team.client.get(&rest).expect(200)["data"][0]["key"], "near");
    assert_eq!(team.client.get(&team.flags("/far/dependents")).expect(200)["data"], json!([]));
    team.client.get(&team.flags("/nobody/dependents")).refused(404, "FLAG_NOT_FOUND");
}
