//! Variations: replaced as a whole list, and kept while any environment serves them.

use serde_json::{Value, json};

use super::{at, everyone, view};
use crate::support::{Server, Team};

fn colors(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({"key": key, "name": key, "value": format!("#{key}")})).collect()
}

/// A text flag of three colours that serves the first.
fn color(team: &Team) {
    let variations = colors(&["red", "green", "blue"]);
    let body = json!({"flag_type": "string", "variations": variations, "default_variation": "red"});
    team.create_flag("a", &body);
}

#[test]
fn a_list_of_variations_replaces_the_list() {
    let server = Server::start();
    let team = server.admin();
    color(&team);
    let next = colors(&["red", "yellow"]);
    let changed = team.client.put(&team.flags("/a"), &json!({"variations": next})).expect(200);
    assert_eq!(changed["data"]["variations"], next);
    // A variation that is new with this change can be served by this change.
    let body = json!({"variations": colors(&["red", "pink"]), "targeting_rules": [everyone("pink")]});
    let changed = team.client.put(&team.flags("/a"), &body).expect(200);
    assert_eq!(changed["data"]["targeting_rules"][0]["variation"], "pink");
}

#[test]
fn a_variation_that_an_environment_serves_stays() {
    let server = Server::start();
    let team = server.admin();
    color(&team);
    let rollout =
        json!([{"conditions": [], "percentage_rollout": [{"variation": "blue", "percentage": 10}]}]);
    team.client.put(&at(&team.staging, "/a"), &json!({"targeting_rules": rollout})).expect(200);
    team.client.put(&at(&team.production, "/a"), &json!({"default_variation": "green"})).expect(200);
    let before = view(&team.client, &team.development, "a");

    for (left, gone, users) in [
        (["red", "green"], "blue", json!(["environment staging"])),
        (["red", "blue"], "green", json!(["environment production"])),
        (["green", "blue"], "red", json!(["environment development", "environment staging"])),
    ] {
        let answer = team.client.put(&team.flags("/a"), &json!({"variations": colors(&left)}));
        let details = answer.refused(409, "VARIATION_IN_USE");
        assert_eq!((&details["variation"], &details["used_by"]), (&json!(gone), &users));
    }
    assert_eq!(view(&team.client, &team.development, "a"), before);

    // What this very change ceases to serve is free; what it goes on to serve is not.
    team.client.put(&at(&team.staging, "/a"), &json!({"targeting_rules": []})).expect(200);
    let freed = json!({"variations": colors(&["red", "blue"]), "default_variation": "blue"});
    team.client.put(&at(&team.production, "/a"), &freed).expect(200);
    let body = json!({"variations": colors(&["red"]), "targeting_rules": [everyone("blue")]});
    let places = ["targeting_rules[0].variation"];
    team.client.put(&team.flags("/a"), &body).faults(422, "VARIATION_NOT_FOUND", &places);
}

#[test]
fn variations_of_a_change_are_checked_as_those_of_a_new_flag() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    color(&team.new_project("second"));
    for (variations, status, code, place) in [
        (json!([{"key": "on", "value": true}]), 422, "VARIATION_COUNT_INVALID", "variations"),
        (json!([]), 422, "VARIATION_COUNT_INVALID", "variations"),
        (
            json!([{"key": "on", "value": true}, {"key": "off", "value": true}]),
            422,
            "VARIATION_VALUE_INVALID",
            "variations",
        ),
        (
            json!([{"key": "on", "value": true}, {"key": "off", "value": "false"}]),
            422,
            "VARIATION_VALUE_INVALID",
            "variations[1].value",
        ),
        (
            json!([{"key": "on", "value": true}, {"key": "on", "value": false}]),
            400,
            "VALIDATION_ERROR",
            "variations[1].key",
        ),
    ] {
        let answer = team.client.put(&team.flags("/a"), &json!({"variations": variations}));
        answer.faults(status, code, &[place]);
    }
    assert_eq!(view(&team.client, &team.development, "a")["revision"], 1);
}
