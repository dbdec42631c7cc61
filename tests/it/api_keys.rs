//! API keys: shown once, told apart by their beginning, dead when revoked or expired.

use serde_json::{Value, json};

use crate::support::{Client, EPOCH, Server, Team};

fn keys(environment: &str) -> String {
    format!("/api/v1/api-keys?environment_id={environment}")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

fn works(client: &Client) -> bool {
    let answer = client.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}}));
    if answer.status != 200 {
        answer.refused(401, "API_KEY_INVALID");
    }
    answer.status == 200
}

fn with_key(team: &Team, key: &str) -> Client {
    team.client.anonymous().with("X-API-Key", key)
}

#[test]
fn the_prefix_of_a_key_names_its_kind_and_environment() {
    let server = Server::start();
    let team = server.admin();
    for (environment, kind, prefix) in [
        (&team.development, "server", "sdk-dev-"),
        (&team.staging, "server", "sdk-staging-"),
        (&team.production, "server", "sdk-prod-"),
        (&team.development, "client", "pub-dev-"),
        (&team.staging, "client", "pub-staging-"),
        (&team.production, "client", "pub-prod-"),
    ] {
        let made = team.create_key(environment, kind).expect(201)["data"].clone();
        let key = text(&made, "key");
        assert!(key.starts_with(prefix) && key.len() > prefix.len() + 40, "{prefix}");
        assert!(text(&made, "id").starts_with("key_"));
        assert_eq!((text(&made, "kind"), text(&made, "environment_id")), (kind, environment.as_str()));
        assert!(works(&with_key(&team, key)));
    }
}

#[test]
fn a_key_is_shown_once_and_only_its_beginning_afterwards() {
    let mut server = Server::start();
    let team = server.admin();
    let made = team.create_key(&team.development, "server").expect(201)["data"].clone();
    let key = text(&made, "key").to_owned();
    let listed = team.client.get(&keys(&team.development)).expect(200);
    assert_eq!(listed["meta"]["total"], 1);
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("key");
    assert_eq!(listed["data"][0], shown);
    let prefix = text(&shown, "prefix").trim_end_matches('…');
    assert!(key.starts_with(prefix) && prefix.len() < 16, "{prefix}");
    assert!(!listed.to_string().contains(&key));
    server.restart();
    let client = server.reach(&team.client);
    assert_eq!(client.get(&keys(&team.development)).expect(200), listed);
    assert!(works(&client.anonymous().with("X-API-Key", &key)));
    server.stop();
    // Not even the file has it.
    let file = std::fs::read(server.data()).unwrap();
    let random = key.strip_prefix("sdk-dev-").unwrap().as_bytes();
    assert!(!file.windows(random.len()).any(|window| window == random));
}

#[test]
fn keys_are_listed_by_environment_oldest_first() {
    let server = Server::start();
    let team = server.admin();
    for name in ["first", "second", "third"] {
        let body = json!({"name": name, "kind": "server"});
        team.client.post(&keys(&team.development), &body).expect(201);
    }
    team.create_key(&team.production, "server").expect(201);
    let names = |path: &str| -> Vec<String> {
        let listed = team.client.get(path).expect(200);
        listed["data"].as_array().unwrap().iter().map(|it| text(it, "name").to_owned()).collect()
    };
    assert_eq!(names(&keys(&team.development)), ["first", "second", "third"]);
    assert_eq!(names(&format!("{}&per_page=2&page=2", keys(&team.development))), ["third"]);
    assert_eq!(names(&keys(&team.production)), ["test"]);
    assert!(names(&keys(&team.staging)).is_empty());
}

#[test]
fn a_revoked_key_is_dead_at_once_and_after_a_restart() {
    let mut server = Server::start();
    let team = server.admin();
    let (made, kept) = (team.create_key(&team.development, "server"), team.sdk(&team.development, "server"));
    let made = made.expect(201)["data"].clone();
    let sdk = with_key(&team, text(&made, "key"));
    assert!(works(&sdk));
    let path = format!("/api/v1/api-keys/{}", text(&made, "id"));
    let answer = team.client.delete(&path);
    assert!(answer.status == 204 && answer.bytes.is_empty());
    assert!(!works(&sdk));
    sdk.get("/api/v1/sdk/ruleset").refused(401, "API_KEY_INVALID");
    team.client.delete(&path).refused(404, "API_KEY_NOT_FOUND");
    assert_eq!(team.client.get(&keys(&team.development)).expect(200)["meta"]["total"], 1);
    server.restart();
    assert!(!works(&server.reach(&sdk)));
    assert!(works(&server.reach(&kept)));
}

#[test]
fn a_key_works_until_it_expires() {
    let server = Server::start();
    let team = server.admin();
    let end = EPOCH / 1000 + 3600;
    let body = json!({"name": "short", "kind": "client", "expires_at": "2027-01-15T10:00:00+01:00"});
    let made = team.client.post(&keys(&team.development), &body).expect(201)["data"].clone();
    assert_eq!(made["expires_at"], "2027-01-15T09:00:00Z");
    let sdk = with_key(&team, text(&made, "key"));
    server.clock.advance_seconds(end - server.clock.now() / 1000 - 1);
    assert!(works(&sdk));
    server.clock.advance_seconds(1);
    assert!(!works(&sdk));
}

#[test]
fn a_client_key_never_reads_rules() {
    let server = Server::start();
    let team = server.admin();
    let client = team.sdk(&team.development, "client");
    assert!(works(&client));
    client.post("/api/v1/sdk/events", &json!({"events": []})).expect(202);
    for path in ["/api/v1/sdk/ruleset", "/api/v1/sdk/bootstrap"] {
        client.get(path).refused(403, "INSUFFICIENT_PERMISSIONS");
        team.sdk(&team.development, "server").get(path).expect(200);
    }
}

#[test]
fn a_key_evaluates_its_own_environment_alone() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("new-nav", &json!({"enabled": true, "default_variation": "on"}));
    let question = json!({"flags": ["new-nav"], "context": {"user_key": "u"}});
    for (environment, reason) in [(&team.development, "DEFAULT"), (&team.production, "DISABLED")] {
        let answer = team.sdk(environment, "server").post("/api/v1/evaluate", &question).expect(200);
        assert_eq!(answer["data"]["evaluations"]["new-nav"]["reason"], reason);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let server = Server::start();
    let team = server.admin();
    let body = json!({"name": "", "kind": "admin", "expires_at": "tomorrow", "key": "sdk-dev-mine"});
    let answer = team.client.post(&keys(&team.development), &body);
    answer.faults(400, "VALIDATION_ERROR", &["name", "kind", "expires_at", "key"]);
    let past = json!({"name": "past", "kind": "server", "expires_at": "2027-01-15T08:00:00Z"});
    team.client.post(&keys(&team.development), &past).faults(400, "VALIDATION_ERROR", &["expires_at"]);
    team.client.post("/api/v1/api-keys", &past).faults(400, "VALIDATION_ERROR", &["environment_id"]);
    let nowhere = keys("env_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    team.client.get(&nowhere).refused(404, "ENVIRONMENT_NOT_FOUND");
    team.client.post(&nowhere, &json!({"name": "n", "kind": "server"})).refused(404, "ENVIRONMENT_NOT_FOUND");
    for id in ["x", "key_01ARZ3NDEKTSV4RRFFQ69G5FAV", &team.project] {
        team.client.delete(&format!("/api/v1/api-keys/{id}")).refused(404, "API_KEY_NOT_FOUND");
    }
    assert_eq!(team.client.get(&keys(&team.development)).expect(200)["meta"]["total"], 0);
}
