//! Throwaway servers: what they start with, what they tell, how they are set back, and that nothing is left of them.

mod process;

use phaseflag::testing;
use serde_json::{Value, json};

use crate::support::{Client, Server};

pub(crate) const SEED: &str = "
project: {key: shop, name: Shop}
environments:
  - {key: test, name: Test, type: development}
  - {key: live, name: Live, type: production}
segments:
  - {key: staff, name: Staff, included: [ada]}
flags:
  - key: new-checkout
    flag_type: boolean
    environments:
      test:
        enabled: true
        targeting_rules:
          - conditions: [{operator: in_segment, value: staff}]
            variation: 'on'
seed:
  users:
    - {email: vera@example.com, password: viewer-password, role: viewer}
    - {email: root@example.com, password: admin-password}
  api_keys:
    - {environment: test, key: sdk-test-fixed-key}
    - {environment: test, kind: client, name: Browser, key: pub-test-fixed-key}
    - {environment: live, name: Second}
  tokens:
    - {name: CI, role: editor, token: pat_fixed-editor}
    - {token: pat_fixed-admin}
";

fn asked() -> Value {
    json!({"flags": ["new-checkout"], "context": {"user_key": "ada"}})
}

fn served(client: &Client) -> Value {
    client.post("/api/v1/evaluate", &asked()).expect(200)["data"]["evaluations"]["new-checkout"]["value"]
        .clone()
}

#[test]
fn a_seed_is_there_from_the_start() {
    let server = testing::Server::builder().seed(SEED).start().expect("a server");
    let anonymous = Client::new(server.url());
    assert_eq!(served(&anonymous.with("X-API-Key", "sdk-test-fixed-key")), true);
    assert_eq!(served(&anonymous.with("X-API-Key", "pub-test-fixed-key")), true);
    let live = server.environment("live").expect("an environment");
    assert_eq!(served(&anonymous.with("X-API-Key", &live.server_key)), false);
    assert_eq!(served(&anonymous.with("X-API-Key", &live.client_key)), false);
    assert_eq!(server.environment("test").expect("an environment").server_key, "sdk-test-fixed-key");

    let admin = server.admin();
    let known = (admin.email.as_str(), admin.password.as_str(), admin.token.as_str());
    assert_eq!(known, ("root@example.com", "admin-password", "pat_fixed-admin"));
    let project = anonymous.bearer("pat_fixed-admin").get("/api/v1/projects").expect(200);
    assert_eq!((&project["meta"]["total"], &project["data"][0]["key"]), (&json!(1), &json!("shop")));
    for (email, password, role) in
        [("vera@example.com", "viewer-password", "viewer"), ("root@example.com", "admin-password", "admin")]
    {
        let tokens = anonymous.post("/api/v1/auth/login", &json!({"email": email, "password": password}));
        let token = tokens.expect(200)["data"]["access_token"].as_str().expect("a token").to_owned();
        assert_eq!(anonymous.bearer(&token).get("/api/v1/auth/me").expect(200)["data"]["role"], role);
    }
    let editor = anonymous.bearer("pat_fixed-editor");
    let toggle = format!("/api/v1/flags/new-checkout/toggle?environment_id={}", live.id);
    editor.post(&toggle, &json!({"enabled": true})).expect(200);
    editor
        .get(&format!("/api/v1/api-keys?environment_id={}", live.id))
        .refused(403, "INSUFFICIENT_PERMISSIONS");
    // No limits: far more sign-ins than a minute allows.
    for _ in 0..30 {
        let wrong = json!({"email": "root@example.com", "password": "wrong-password"});
        anonymous.post("/api/v1/auth/login", &wrong).refused(401, "INVALID_CREDENTIALS");
    }
}

#[test]
fn without_a_seed_there_is_what_every_server_starts_with() {
    let servers = [0, 1].map(|_| testing::Server::builder().start().expect("a server"));
    let keys: Vec<_> = servers[0].environments().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(keys, ["development", "staging", "production"]);
    assert_ne!(servers[0].admin().token, servers[1].admin().token);
    let admin = Client::new(servers[0].url()).bearer(&servers[0].admin().token);
    assert_eq!(admin.get("/api/v1/projects").expect(200)["data"][0]["key"], "default");
    let url = servers[0].url().to_owned();
    drop(servers);
    assert!(Client::new(&url).try_send("GET", "/health", None).is_err(), "nobody is there any more");
}

#[test]
fn a_wrong_seed_says_where() {
    let refused =
        |seed: &str| testing::Server::builder().seed(seed).start().err().expect("a refusal").to_string();
    assert_eq!(refused("project: {key: a}\nflags: 1\n"), "seed:2:8: flags must be an array, not a number");
    let meaning = "project: {key: a}\nflags:\n  - key: f\n    flag_type: boolean\n    environments:\n      production: {default_variation: x}\n";
    let told = "seed:6:39: flags[0].environments.production.default_variation the flag has no variation 'x'";
    assert_eq!(refused(meaning), told);
    let keys = "project: {key: a}\nseed:\n  users: [{email: x}]\n  api_keys:\n  - {environment: nowhere, key: sdk-a}\n  tokens: [{token: x}]\n";
    let lines = refused(keys);
    for start in [
        "seed:3:19: seed.users[0].email ",
        "seed:5:33: seed.api_keys[0].key ",
        "seed:6:20: seed.tokens[0].token ",
    ] {
        assert!(lines.contains(start), "{start} in {lines}");
    }
    let nowhere = "project: {key: a}\nseed:\n  api_keys:\n  - {environment: nowhere}\n";
    assert!(
        refused(nowhere).starts_with("seed:4:19: seed.api_keys[0].environment the project has no"),
        "{}",
        refused(nowhere)
    );
    assert!(refused("a: [").starts_with("seed:"));
}

#[test]
fn a_reset_goes_back_to_the_seed() {
    let server = testing::Server::builder().seed(SEED).start().expect("a server");
    let anonymous = Client::new(server.url());
    let admin = anonymous.bearer(&server.admin().token);
    let sdk = anonymous.with("X-API-Key", "sdk-test-fixed-key");
    let test = server.environment("test").expect("an environment").id.clone();
    let flag = |rest: &str| format!("/api/v1/flags/new-checkout{rest}?environment_id={test}");
    let beginning = admin.get(&flag("")).expect(200)["data"].clone();
    let version = |client: &Client| {
        client.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].as_u64().expect("a version")
    };
    let first = version(&sdk);
    let project =
        admin.get("/api/v1/projects").expect(200)["data"][0]["id"].as_str().expect("an id").to_owned();

    admin.post(&flag("/toggle"), &json!({"enabled": false})).expect(200);
    let extra = json!({"key": "extra", "name": "Extra", "type": "staging"});
    let extra = admin.post(&format!("/api/v1/environments?project_id={project}"), &extra).expect(201);
    let extra = extra["data"]["id"].as_str().expect("an id").to_owned();
    let key = admin
        .post(&format!("/api/v1/api-keys?environment_id={extra}"), &json!({"name": "k", "kind": "server"}));
    let key = anonymous.with("X-API-Key", key.expect(201)["data"]["key"].as_str().expect("a key"));
    let live = server.environment("live").expect("an environment").id.clone();
    admin.delete(&format!("/api/v1/environments/{live}"));
    let keys = admin.get(&format!("/api/v1/api-keys?environment_id={test}")).expect(200)["data"].clone();
    for key in keys.as_array().expect("keys") {
        admin.delete(&format!("/api/v1/api-keys/{}", key["id"].as_str().expect("an id")));
    }
    sdk.post("/api/v1/evaluate", &asked()).refused(401, "API_KEY_INVALID");
    let stranger = json!({"email": "new@example.com", "password": "some-password"});
    anonymous.post("/api/v1/auth/register", &stranger).expect(201);

    assert_eq!(admin.post("/api/v1/testing/reset", &json!({})).status, 204);
    assert_eq!(admin.get(&flag("")).expect(200)["data"], beginning);
    assert_eq!(served(&sdk), true);
    assert!(version(&sdk) > first + 1, "it goes on rising: {} after {first}", version(&sdk));
    key.post("/api/v1/evaluate", &asked()).refused(401, "API_KEY_INVALID");
    admin.get(&format!("/api/v1/environments/{extra}")).refused(404, "ENVIRONMENT_NOT_FOUND");
    let again = server.environment("live").expect("an environment");
    assert_eq!(served(&anonymous.with("X-API-Key", &again.server_key)), false);
    anonymous.post("/api/v1/auth/register", &stranger).expect(201);
    // And again, with what there is to change.
    admin.post(&flag("/toggle"), &json!({"enabled": false})).expect(200);
    assert_eq!(served(&sdk), false);
    assert_eq!(admin.post("/api/v1/testing/reset", &json!({})).status, 204);
    assert_eq!(served(&sdk), true);
    assert_eq!(admin.get("/api/v1/audit-logs/verify").expect(200)["data"]["whole"], true);
}

#[test]
fn no_other_server_can_be_reset() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    team.client.post("/api/v1/testing/reset", &json!({})).refused(404, "NOT_FOUND");
    team.client.get(&team.flags("/f")).expect(200);
}

#[test]
fn it_can_be_started_from_asynchronous_code() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let url =
        runtime.block_on(async { testing::Server::builder().start().map(|server| server.url().to_owned()) });
    assert!(url.expect("a server").starts_with("http://127.0.0.1:"));
}
