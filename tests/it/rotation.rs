//! Keys that take each other's place, and when keys were used.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::stream::Stream;
use crate::support::{Answer, Client, EPOCH, Server, Team};

const STREAM: &str = "/api/v1/sdk/stream";
/// How long a stream may go on after its key has ended (contract, A9), with time for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn keys(environment: &str) -> String {
    format!("/api/v1/api-keys?environment_id={environment}")
}

fn make(team: &Team, expires_at: Option<&str>) -> Value {
    let body = json!({"name": "Web shop", "kind": "client", "expires_at": expires_at});
    team.client.post(&keys(&team.staging), &body).expect(201)["data"].clone()
}

fn rotate(team: &Team, key: &Value, grace_seconds: u32) -> Answer {
    let path = format!("/api/v1/api-keys/{}/rotate", key["id"].as_str().expect("an id"));
    team.client.post(&path, &json!({"grace_seconds": grace_seconds}))
}

fn sdk(team: &Team, key: &Value) -> Client {
    team.client.anonymous().with("X-API-Key", key["key"].as_str().expect("a key"))
}

fn works(client: &Client) -> bool {
    let answer = client.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}}));
    if answer.status != 200 {
        answer.refused(401, "API_KEY_INVALID");
    }
    answer.status == 200
}

/// Lets time pass until the second of a moment of the first test clock, and these seconds more.
fn pass_until(server: &Server, seconds: i64) {
    server.clock.advance_seconds(EPOCH / 1_000 + seconds - server.clock.now() / 1_000);
}

#[test]
fn both_keys_work_until_the_grace_is_over() {
    let mut server = Server::start();
    let team = server.admin();
    let made = make(&team, None);
    let rotated = rotate(&team, &made, 3_600).expect(201)["data"].clone();
    let (new, old) = (&rotated["new"], &rotated["old"]);
    for member in ["name", "kind", "environment_id"] {
        assert_eq!((&new[member], &old[member]), (&made[member], &made[member]), "{member}");
    }
    assert_eq!((&old["id"], &old["replaced_by"]), (&made["id"], &new["id"]));
    assert_eq!(
        (&new["replaced_by"], &new["expires_at"], &old["key"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(
        new["key"] != made["key"] && new["key"].as_str().is_some_and(|key| key.starts_with("pub-staging-"))
    );
    let listed = team.client.get(&keys(&team.staging)).expect(200);
    let mut shown = new.clone();
    shown.as_object_mut().expect("an object").remove("key");
    assert_eq!(listed["data"], json!([old, shown]));

    let end =
        old["expires_at"].as_str().and_then(phaseflag::domain::time::Timestamp::parse).expect("a moment");
    assert!((3_599..=3_600).contains(&(end.seconds() - EPOCH / 1_000)), "{end}");
    server.restart();
    let clients = [sdk(&team, &made), sdk(&team, new)].map(|client| server.reach(&client));
    pass_until(&server, 3_598);
    assert_eq!(clients.each_ref().map(works), [true, true]);
    pass_until(&server, 3_602);
    assert_eq!(clients.each_ref().map(works), [false, true]);
}

#[test]
fn a_key_without_grace_ends_at_once_and_a_rotated_one_can_be_revoked() {
    let server = Server::start();
    let team = server.admin();
    let (first, second) = (make(&team, None), make(&team, None));
    let mut stream = Stream::open(&sdk(&team, &first), STREAM);
    assert_eq!(stream.event().name, "connected");
    let rotated = rotate(&team, &first, 0).expect(201)["data"].clone();
    assert_eq!((works(&sdk(&team, &first)), works(&sdk(&team, &rotated["new"]))), (false, true));
    assert_eq!(stream.next(), None);

    let rotated = rotate(&team, &second, 60).expect(201)["data"].clone();
    let id = second["id"].as_str().expect("an id");
    team.client.delete(&format!("/api/v1/api-keys/{id}")).expect(204);
    assert_eq!((works(&sdk(&team, &second)), works(&sdk(&team, &rotated["new"]))), (false, true));
}

#[test]
fn streams_end_with_the_grace_of_their_key() {
    let server = Server::start();
    let team = server.admin();
    let made = make(&team, None);
    let mut old = Stream::open(&sdk(&team, &made), STREAM);
    assert_eq!(old.event().name, "connected");
    let rotated = rotate(&team, &made, 600).expect(201)["data"].clone();
    let mut new = Stream::open(&sdk(&team, &rotated["new"]), STREAM);
    assert_eq!(new.event().name, "connected");
    let path = format!("/api/v1/flags?environment_id={}", team.staging);
    team.client.post(&path, &Team::flag_body("a", &json!({"enabled": true}))).expect(201);
    assert_eq!((old.event().name, new.event().name), ("flag.created".into(), "flag.created".into()));
    server.clock.advance_seconds(601);
    let begin = Instant::now();
    while old.next().is_some() {
        assert!(begin.elapsed() < PATIENCE, "the stream goes on");
    }
    let toggle = format!("/api/v1/flags/a/toggle?environment_id={}", team.staging);
    team.client.post(&toggle, &json!({"enabled": false})).expect(200);
    assert_eq!(new.event().name, "flag.toggled");
}

#[test]
fn a_key_is_rotated_once_and_not_after_its_end() {
    let server = Server::start();
    let team = server.admin();
    let made = make(&team, None);
    let rotated = rotate(&team, &made, 60).expect(201)["data"].clone();
    let again = rotate(&team, &made, 60).refused(409, "API_KEY_ROTATED");
    assert_eq!(again, json!({"replaced_by": rotated["new"]["id"]}));
    assert_eq!(team.client.get(&keys(&team.staging)).expect(200)["meta"]["total"], 2);
    server.clock.advance_seconds(61);
    rotate(&team, &made, 60).refused(409, "API_KEY_ROTATED");
    rotate(&team, &rotated["new"], 60).expect(201);

    let short = make(&team, Some("2027-01-15T09:00:00Z"));
    pass_until(&server, 3_600);
    rotate(&team, &short, 60).refused(409, "API_KEY_EXPIRED");
    let path = format!("/api/v1/api-keys/{}", short["id"].as_str().expect("an id"));
    team.client.delete(&path).expect(204);
    rotate(&team, &short, 60).refused(404, "API_KEY_NOT_FOUND");
}

#[test]
fn of_many_who_rotate_a_key_one_does() {
    let server = Server::start();
    let team = server.admin();
    let made = make(&team, None);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| rotate(&team, &made, 60).status)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!(team.client.get(&keys(&team.staging)).expect(200)["meta"]["total"], 2);
}

#[test]
fn the_new_key_lives_as_long_as_the_old_one_was_to_live() {
    let server = Server::start();
    let team = server.admin();
    let made = make(&team, Some("2027-01-15T10:00:00Z"));
    pass_until(&server, 3_600);
    let rotated = rotate(&team, &made, 30 * 86_400).expect(201)["data"].clone();
    assert_eq!(rotated["old"]["expires_at"], made["expires_at"], "no grace makes it live longer");
    assert!(rotated["new"]["expires_at"].as_str().is_some_and(|end| end.starts_with("2027-01-15T10:59:5")
        || end.starts_with("2027-01-15T11:00:0")), "{rotated}");
    let path = format!("/api/v1/api-keys/{}/rotate", rotated["new"]["id"].as_str().expect("an id"));
    let body = json!({"grace_seconds": 0, "expires_at": "2027-02-01T00:00:00Z"});
    let again = team.client.post(&path, &body).expect(201)["data"].clone();
    assert_eq!(again["new"]["expires_at"], "2027-02-01T00:00:00Z");
}

#[test]
fn what_is_wrong_with_a_rotation_is_said_at_once() {
    let server = Server::start();
    let team = server.admin();
    let made = make(&team, None);
    let path = format!("/api/v1/api-keys/{}/rotate", made["id"].as_str().expect("an id"));
    let faulty = |body: Value, fields: &[&str]| {
        team.client.post(&path, &body).faults(400, "VALIDATION_ERROR", fields);
    };
    faulty(json!({}), &["grace_seconds"]);
    faulty(
        json!({"grace_seconds": 30 * 86_400 + 1, "expires_at": "2020-01-01T00:00:00Z", "kind": "server"}),
        &["grace_seconds", "expires_at", "kind"],
    );
    faulty(json!({"grace_seconds": -1}), &["grace_seconds"]);
    faulty(json!({"grace_seconds": "60"}), &["grace_seconds"]);
    assert!(works(&sdk(&team, &made)));
    assert_eq!(team.client.get(&keys(&team.staging)).expect(200)["data"][0]["replaced_by"], Value::Null);
    rotate(&team, &made, 30 * 86_400).expect(201);
}

#[test]
fn the_log_names_both_keys_and_shows_neither() {
    let server = Server::start();
    let team = server.admin();
    let made = make(&team, None);
    let rotated = rotate(&team, &made, 60).expect(201)["data"].clone();
    let log = team.client.get("/api/v1/audit-logs?resource_type=api_key").expect(200);
    let entry = &log["data"][0];
    assert_eq!((&entry["action"], &entry["resource_id"]), (&json!("api_key.rotated"), &made["id"]));
    assert_eq!(
        entry["changes"],
        json!({"replaced_by": {"from": null, "to": rotated["new"]["id"]},
            "expires_at": {"from": null, "to": rotated["old"]["expires_at"]}})
    );
    let created = &log["data"][1];
    assert_eq!(
        (&created["action"], &created["resource_id"]),
        (&json!("api_key.created"), &rotated["new"]["id"])
    );
    assert_eq!(created["changes"]["replaces"]["to"], made["id"]);
    assert!(!log.to_string().contains(rotated["new"]["key"].as_str().expect("a key")));
}

#[test]
fn it_is_told_when_a_key_was_used_last_also_after_a_restart() {
    let mut server = Server::start();
    let team = server.admin();
    let (made, other) = (make(&team, None), make(&team, None));
    let used = |team: &Team| -> Vec<Value> {
        let listed = team.client.get(&keys(&team.staging)).expect(200)["data"].clone();
        listed.as_array().expect("a list").iter().map(|key| key["last_used_at"].clone()).collect()
    };
    assert_eq!(used(&team), [Value::Null, Value::Null]);
    pass_until(&server, 600);
    assert!(works(&sdk(&team, &made)));
    assert_eq!(used(&team), [json!("2027-01-15T08:10:00Z"), Value::Null]);
    server.restart();
    let team = team.at(&server);
    assert_eq!(used(&team), [json!("2027-01-15T08:10:00Z"), Value::Null], "it was written down");
    pass_until(&server, 1_200);
    sdk(&team, &other).get("/api/v1/sdk/ruleset").refused(403, "INSUFFICIENT_PERMISSIONS");
    assert!(works(&sdk(&team, &made)));
    server.restart();
    assert_eq!(used(&team.at(&server)), [json!("2027-01-15T08:20:00Z"), json!("2027-01-15T08:20:00Z")]);
}
