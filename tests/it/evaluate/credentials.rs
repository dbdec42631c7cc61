//! Who may evaluate: an API key, in either header, of its own environment, while it is alive. Nobody else.

use serde_json::{Value, json};

use super::{PATH, ask, bench, served};
use crate::support::Server;

#[test]
fn a_key_goes_into_either_header() {
    let (_server, team, sdk) = bench();
    team.create_flag("a", &json!({}));
    let key = sdk.sends("X-API-Key").unwrap().to_owned();
    assert!(key.starts_with("sdk-dev-"), "the prefix names the environment's type");
    let as_bearer = sdk.anonymous().bearer(&key);
    assert_eq!(served(&as_bearer, "a", "u"), served(&sdk, "a", "u"));
    let client = team.sdk(&team.development, "client");
    assert_eq!(served(&client, "a", "u"), served(&sdk, "a", "u"), "a client key evaluates too");
}

#[test]
fn a_person_does_not_evaluate() {
    let (_server, team, _) = bench();
    ask(&team.client, &json!(["a"]), "u").refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[test]
fn without_a_key_nothing_is_evaluated() {
    let (server, _, sdk) = bench();
    let asked = ask(&server.anonymous(), &json!(["a"]), "u");
    asked.refused(401, "UNAUTHENTICATED");
    assert!(asked.header("WWW-Authenticate").is_some());
    let key = sdk.sends("X-API-Key").unwrap().to_owned();
    for wrong in ["", "sdk-dev-", "nonsense", &key[..key.len() - 1], &format!("{key}x"), &key.to_uppercase()]
    {
        let forged = sdk.with("X-API-Key", wrong);
        ask(&forged, &json!(["a"]), "u").refused(401, "API_KEY_INVALID");
    }
}

#[test]
fn a_revoked_key_is_dead_at_once_and_after_a_restart() {
    let (mut server, team, sdk) = bench();
    team.create_flag("a", &json!({}));
    served(&sdk, "a", "u");
    let path = format!("/api/v1/api-keys?environment_id={}", team.development);
    let id = team.client.get(&path).expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    team.client.delete(&format!("/api/v1/api-keys/{id}")).expect(204);
    ask(&sdk, &json!(["a"]), "u").refused(401, "API_KEY_INVALID");
    sdk.get("/api/v1/sdk/ruleset").refused(401, "API_KEY_INVALID");
    server.restart();
    ask(&server.reach(&sdk), &json!(["a"]), "u").refused(401, "API_KEY_INVALID");
}

#[test]
fn a_key_dies_when_it_expires() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let path = format!("/api/v1/api-keys?environment_id={}", team.development);
    let body = json!({"name": "short", "kind": "server", "expires_at": "2027-01-15T09:00:00Z"});
    let made = team.client.post(&path, &body).expect(201);
    let sdk = server.anonymous().with("X-API-Key", made["data"]["key"].as_str().unwrap());
    server.clock.advance_seconds(3_500);
    served(&sdk, "a", "u");
    server.clock.advance_seconds(101);
    ask(&sdk, &json!(["a"]), "u").refused(401, "API_KEY_INVALID");
}

#[test]
fn a_key_sees_its_own_environment() {
    let (_server, team, development) = bench();
    let rules = json!([{"conditions": [], "variation": "on"}]);
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": rules}));
    let (staging, production) = (team.sdk(&team.staging, "server"), team.sdk(&team.production, "server"));
    assert!(staging.sends("X-API-Key").unwrap().starts_with("sdk-staging-"));
    assert!(production.sends("X-API-Key").unwrap().starts_with("sdk-prod-"));
    let seen = [&development, &staging, &production].map(|sdk| served(sdk, "a", "u")["reason"].clone());
    assert_eq!(seen, ["TARGETING_RULE", "DISABLED", "DISABLED"]);
    let other = team.new_project("second");
    let far = other.sdk(&other.development, "server");
    assert_eq!(served(&far, "a", "u")["reason"], "FLAG_NOT_FOUND");
    far.post(PATH, &json!({"flag_key": "a", "context": {"user_id": "u"}})).refused(404, "FLAG_NOT_FOUND");
    assert_eq!(
        ask(&far, &json!(["*"]), "u").expect(200)["data"]["evaluations"],
        Value::Object(serde_json::Map::new())
    );
}
