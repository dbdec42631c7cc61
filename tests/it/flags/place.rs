//! The environment that a request names: in its address or in its body, never two of them, and only one that the
//! caller may know of.

use serde_json::{Value, json};

use super::{at, view};
use crate::support::{Answer, Client, Server, Team};

/// Sends every request that names an environment; `query` ends the address and may be empty.
fn everything(client: &Client, query: &str) -> Vec<Answer> {
    let flags = |path: &str| format!("/api/v1/flags{path}{query}");
    vec![
        client.get(&flags("")),
        client.post(&flags(""), &Team::flag_body("b", &json!({}))),
        client.get(&flags("/a")),
        client.put(&flags("/a"), &json!({"name": "A"})),
        client.post(&flags("/a/toggle"), &json!({"enabled": true})),
        client.get(&flags("/a/history")),
        client.get(&flags("/a/stats")),
        client.get(&flags("/a/dependents")),
        client.delete(&flags("/a")),
    ]
}

#[test]
fn changes_may_name_the_environment_in_their_body() {
    let server = Server::start();
    let team = server.admin();
    let with = |mut body: Value| {
        body["environment_id"] = json!(team.staging);
        body
    };
    let made = team.client.post("/api/v1/flags", &with(Team::flag_body("a", &json!({"enabled": true}))));
    assert_eq!(made.expect(201)["data"]["environment_id"], team.staging);
    assert_eq!(view(&team.client, &team.development, "a")["enabled"], false);
    let changed = team.client.put("/api/v1/flags/a", &with(json!({"default_variation": "on"})));
    assert_eq!(changed.expect(200)["data"]["environment_id"], team.staging);
    team.client.post("/api/v1/flags/a/toggle", &with(json!({"enabled": false}))).expect(200);
    let shown = view(&team.client, &team.staging, "a");
    assert_eq!((&shown["enabled"], &shown["default_variation"]), (&json!(false), &json!("on")));
    // Both, if they agree.
    team.client.put(&at(&team.staging, "/a"), &with(json!({"name": "A"}))).expect(200);
}

#[test]
fn an_environment_must_be_named() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("a", &json!({}));
    for query in ["", "?environment_id="] {
        for answer in everything(&team.client, query) {
            answer.faults(400, "VALIDATION_ERROR", &["environment_id"]);
        }
    }
    let body = json!({"enabled": 1, "environment_id": 2});
    let refused = team.client.post("/api/v1/flags/a/toggle", &body);
    refused.faults(400, "VALIDATION_ERROR", &["enabled", "environment_id"]);
    assert_eq!(view(&team.client, &team.development, "a"), made);
}

#[test]
fn two_environments_are_one_too_many() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("a", &json!({}));
    let with = |mut body: Value| {
        body["environment_id"] = json!(team.staging);
        body
    };
    for refused in [
        team.client.post(&team.flags(""), &with(Team::flag_body("b", &json!({})))),
        team.client.put(&team.flags("/a"), &with(json!({"name": "A"}))),
        team.client.post(&team.flags("/a/toggle"), &with(json!({"enabled": true}))),
    ] {
        refused.faults(400, "VALIDATION_ERROR", &["environment_id"]);
    }
    assert_eq!(view(&team.client, &team.development, "a"), made);
}

#[test]
fn an_environment_that_is_not_there_is_not_found() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    for name in ["env_01ARZ3NDEKTSV4RRFFQ69G5FAV", "development", "nonsense", &team.project] {
        for answer in everything(&team.client, &format!("?environment_id={name}")) {
            answer.refused(404, "ENVIRONMENT_NOT_FOUND");
        }
        let body = json!({"enabled": true, "environment_id": name});
        let answer = team.client.post("/api/v1/flags/a/toggle", &body);
        answer.refused(404, "ENVIRONMENT_NOT_FOUND");
    }
}

#[test]
fn to_a_stranger_the_environment_does_not_exist() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("a", &json!({}));
    server.register("stranger@example.com").expect(201);
    let stranger = server.login("stranger@example.com");
    let query = format!("?environment_id={}", team.development);
    for (theirs, unknown) in everything(&stranger, &query)
        .into_iter()
        .zip(everything(&stranger, "?environment_id=env_01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    {
        theirs.refused(404, "ENVIRONMENT_NOT_FOUND");
        unknown.refused(404, "ENVIRONMENT_NOT_FOUND");
        let sentence =
            |answer: &Answer, id: &str| answer.body()["error"]["message"].as_str().unwrap().replace(id, "it");
        let same = sentence(&unknown, "env_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(sentence(&theirs, &team.development), same, "nothing gives the environment away");
    }
    assert_eq!(view(&team.client, &team.development, "a"), made);
}

#[test]
fn only_a_person_manages_flags() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let query = format!("?environment_id={}", team.development);
    for answer in everything(&team.sdk(&team.development, "server"), &query) {
        answer.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    for answer in everything(&server.anonymous(), &query) {
        answer.refused(401, "UNAUTHENTICATED");
    }
}
