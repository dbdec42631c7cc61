//! The audit log as lines: all of it, in one answer.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

fn export(client: &Client, query: &str) -> Answer {
    client.get(&format!("/api/v1/audit-logs?format=ndjson{query}"))
}

fn lines(answer: &Answer) -> Vec<Value> {
    answer.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let text = answer.text();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn listed(client: &Client, query: &str) -> Vec<Value> {
    let list = client.get(&format!("/api/v1/audit-logs?per_page=200{query}")).expect(200);
    list["data"].as_array().expect("a list").clone()
}

#[test]
fn an_export_is_what_all_pages_have_in_the_same_order() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    for round in 0..60 {
        team.client.post(&team.flags("/a/toggle"), &json!({"enabled": round % 2 == 0})).expect(200);
    }
    let other = team.new_project("second");
    assert_eq!(lines(&export(&team.client, "")), listed(&team.client, ""));
    for filter in [
        format!("&project_id={}", other.project),
        format!("&environment_id={}", team.development),
        "&resource_type=flag&action=flag.created".to_owned(),
        "&action=segment.deleted".to_owned(),
        "&from=2027-01-15T08:00:00Z&to=2027-01-15T08:00:01Z".to_owned(),
    ] {
        assert_eq!(lines(&export(&team.client, &filter)), listed(&team.client, &filter), "{filter}");
    }
    assert!(lines(&export(&team.client, "&action=segment.deleted")).is_empty());
}

#[test]
fn more_than_fits_into_one_piece_comes_whole() {
    let server = Server::start();
    let team = server.admin();
    let long = json!({"description": "x".repeat(2_000), "tags": (0..50).map(|n| format!("{n:0>100}")).collect::<Vec<_>>()});
    for number in 0..60 {
        team.create_flag(&format!("flag-{number}"), &long);
    }
    let exported = export(&team.client, "&action=flag.created");
    assert!(exported.bytes.len() > 300_000, "{}", exported.bytes.len());
    assert_eq!(lines(&exported), listed(&team.client, "&action=flag.created"));
}

#[test]
fn others_and_bad_parameters_get_nothing() {
    let server = Server::start();
    let team = server.admin();
    let eve = server.outsider("eve@example.com");
    assert!(lines(&export(&eve, "")).is_empty());
    export(&eve, &format!("&project_id={}", team.project)).refused(404, "PROJECT_NOT_FOUND");
    server.anonymous().get("/api/v1/audit-logs?format=ndjson").refused(401, "UNAUTHENTICATED");
    let paged = export(&team.client, "&page=1&per_page=50&action=flag.eaten");
    paged.faults(400, "VALIDATION_ERROR", &["page", "per_page", "action"]);
    let unknown = team.client.get("/api/v1/audit-logs?format=csv");
    unknown.faults(400, "VALIDATION_ERROR", &["format"]);
}

#[test]
fn no_secret_is_in_an_export() {
    let server = Server::start();
    let team: Team = server.admin();
    let key = team.create_key(&team.development, "server").expect(201)["data"]["key"].clone();
    let token = team.client.post("/api/v1/auth/tokens", &json!({"name": "ci", "role": "admin"})).expect(201);
    let text = export(&team.client, "").text();
    assert!(text.contains("api_key.created"));
    for secret in [&key, &token["data"]["token"]] {
        assert!(!text.contains(secret.as_str().expect("a secret")));
    }
}
