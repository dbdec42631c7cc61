//! Personal access tokens: a script with one does what its owner may, up to the token's own role.

use phaseflag::domain::personal_token::MAX_PERSONAL_TOKENS_PER_USER;
use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, EPOCH, PASSWORD, Server, Team};

const TOKENS: &str = "/api/v1/auth/tokens";

fn mint(client: &Client, role: &str) -> Value {
    client.post(TOKENS, &json!({"name": "ci", "role": role})).expect(201)["data"].clone()
}

/// A script with this token.
fn script(client: &Client, minted: &Value) -> Client {
    client.bearer(minted["token"].as_str().expect("a token"))
}

fn make_flag(client: &Client, team: &Team, key: &str) -> Answer {
    client.post(&team.flags(""), &Team::flag_body(key, &json!({})))
}

#[test]
fn a_token_is_shown_once_and_acts_for_its_owner() {
    let mut server = Server::start();
    let team = server.admin();
    let made = mint(&team.client, "editor");
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("pat_") && token.len() > 40, "{made}");
    assert!(made["id"].as_str().unwrap().starts_with("tok_"));
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("token");
    assert_eq!(team.client.get(TOKENS).expect(200)["data"], json!([shown]));
    assert!(token.starts_with(shown["prefix"].as_str().unwrap().trim_end_matches('…')));
    for key in ["at-once", "after-a-restart"] {
        let ci = server.reach(&script(&team.client, &made));
        make_flag(&ci, &team, key).expect(201);
        let me = ci.get("/api/v1/auth/me").expect(200)["data"].clone();
        assert_eq!((&me["email"], &me["role"]), (&json!("admin@example.com"), &json!("editor")));
        assert_eq!(me["organizations"][0]["role"], "editor");
        server.restart();
    }
}

#[test]
fn a_token_has_the_lower_of_two_roles() {
    let server = Server::start();
    let team = server.admin();
    let eddy = team.enrol(&server, "eddy@example.com", Role::Editor);
    let (reads, writes) = (mint(&eddy, "viewer"), mint(&eddy, "editor"));
    let (reads, writes) = (script(&eddy, &reads), script(&eddy, &writes));
    make_flag(&reads, &team, "a").refused(403, "INSUFFICIENT_PERMISSIONS");
    reads.get(&team.flags("")).expect(200);
    make_flag(&writes, &team, "a").expect(201);
    // Its owner was demoted: the token is too.
    let user = eddy.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().unwrap().to_owned();
    let member = format!("/api/v1/organizations/{}/members/{user}", team.organization());
    team.client.put(&member, &json!({"role": "viewer"})).expect(200);
    make_flag(&writes, &team, "b").refused(403, "INSUFFICIENT_PERMISSIONS");
    writes.get(&team.flags("")).expect(200);
    // Its owner was promoted: the token has its own role still.
    team.client.put(&member, &json!({"role": "admin"})).expect(200);
    make_flag(&writes, &team, "b").expect(201);
    let body = json!({"name": "Mine"});
    writes.post("/api/v1/organizations", &body).refused(403, "INSUFFICIENT_PERMISSIONS");
    // Its owner is gone from the organization.
    team.client.delete(&member).expect(204);
    writes.get(&team.flags("")).refused(404, "ENVIRONMENT_NOT_FOUND");
}

#[test]
fn no_token_has_a_higher_role_than_its_owner() {
    let server = Server::start();
    let team = server.admin();
    let eddy = team.enrol(&server, "eddy@example.com", Role::Editor);
    let refused = eddy.post(TOKENS, &json!({"name": "ci", "role": "admin"}));
    assert_eq!(refused.refused(403, "INSUFFICIENT_PERMISSIONS")["required_role"], "admin");
    let eve = server.outsider("eve@example.com");
    let refused = eve.post(TOKENS, &json!({"name": "ci", "role": "editor"}));
    refused.refused(403, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(eve.get(TOKENS).expect(200)["data"], json!([]));
}

#[test]
fn a_script_does_not_manage_the_account() {
    let server = Server::start();
    let team = server.admin();
    let made = mint(&team.client, "admin");
    let ci = script(&team.client, &made);
    let path = format!("{TOKENS}/{}", made["id"].as_str().unwrap());
    for refused in [
        ci.get(TOKENS),
        ci.post(TOKENS, &json!({"name": "more", "role": "viewer"})),
        ci.delete(&path),
        ci.json("PATCH", "/api/v1/auth/me", r#"{"full_name": "Robot"}"#),
        ci.post(
            "/api/v1/auth/change-password",
            &json!({"current_password": PASSWORD, "new_password": "another password"}),
        ),
        ci.post("/api/v1/auth/invitations/accept", &json!({"invitation_token": "invite_x"})),
        ci.send("POST", "/api/v1/auth/logout", None),
    ] {
        refused.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    // It does not evaluate either.
    let question = json!({"flags": ["*"], "context": {"user_key": "u"}});
    ci.post("/api/v1/evaluate", &question).refused(403, "INSUFFICIENT_PERMISSIONS");
    ci.get("/api/v1/projects").expect(200);
}

#[test]
fn a_revoked_token_is_worth_nothing() {
    let mut server = Server::start();
    let team = server.admin();
    let (made, kept) = (mint(&team.client, "viewer"), mint(&team.client, "viewer"));
    let path = format!("{TOKENS}/{}", made["id"].as_str().unwrap());
    // Nobody else's token is there.
    let vera = team.enrol(&server, "vera@example.com", Role::Admin);
    vera.delete(&path).refused(404, "TOKEN_NOT_FOUND");
    let ci = script(&team.client, &made);
    ci.get("/api/v1/projects").expect(200);
    team.client.delete(&path).expect(204);
    team.client.delete(&path).refused(404, "TOKEN_NOT_FOUND");
    for _ in ["at once", "after a restart"] {
        server.reach(&ci).get("/api/v1/projects").refused(401, "TOKEN_INVALID");
        server.reach(&script(&ci, &kept)).get("/api/v1/projects").expect(200);
        server.restart();
    }
    for forged in ["pat_", "pat_x", &made["id"].as_str().unwrap().replace("tok_", "pat_")] {
        server.anonymous().bearer(forged).get("/api/v1/projects").refused(401, "TOKEN_INVALID");
    }
}

#[test]
fn a_token_works_until_it_expires() {
    let server = Server::start();
    let team = server.admin();
    let body = json!({"name": "short", "role": "viewer", "expires_at": "2027-01-15T10:00:00+01:00"});
    let made = team.client.post(TOKENS, &body).expect(201)["data"].clone();
    assert_eq!(made["expires_at"], "2027-01-15T09:00:00Z");
    let ci = script(&team.client, &made);
    server.clock.advance_seconds(EPOCH / 1000 + 3600 - server.clock.now() / 1000 - 1);
    ci.get("/api/v1/projects").expect(200);
    server.clock.advance_seconds(1);
    ci.get("/api/v1/projects").refused(401, "TOKEN_EXPIRED");
}

#[test]
fn there_are_so_many_tokens_and_no_more() {
    let server = Server::start();
    let team = server.admin();
    let first = mint(&team.client, "viewer");
    for _ in 1..MAX_PERSONAL_TOKENS_PER_USER {
        mint(&team.client, "viewer");
    }
    let one_more = json!({"name": "ci", "role": "viewer"});
    team.client.post(TOKENS, &one_more).refused(422, "LIMIT_EXCEEDED");
    team.client.delete(&format!("{TOKENS}/{}", first["id"].as_str().unwrap())).expect(204);
    team.client.post(TOKENS, &one_more).expect(201);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let server = Server::start();
    let team = server.admin();
    let body = json!({"name": "", "role": "owner", "expires_at": "tomorrow", "token": "pat_mine"});
    team.client.post(TOKENS, &body).faults(400, "VALIDATION_ERROR", &["name", "role", "expires_at", "token"]);
    let past = json!({"name": "past", "role": "viewer", "expires_at": "2027-01-15T08:00:00Z"});
    team.client.post(TOKENS, &past).faults(400, "VALIDATION_ERROR", &["expires_at"]);
    for id in ["x", "tok_01ARZ3NDEKTSV4RRFFQ69G5FAV", &team.project] {
        team.client.delete(&format!("{TOKENS}/{id}")).refused(404, "TOKEN_NOT_FOUND");
    }
}

#[test]
fn the_history_tells_that_a_token_did_it() {
    let server = Server::start();
    let team = server.admin();
    let made = mint(&team.client, "editor");
    make_flag(&script(&team.client, &made), &team, "a").expect(201);
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let history = team.client.get(&team.flags("/a/history")).expect(200)["data"].clone();
    assert!(history[0]["actor"].get("token_id").is_none(), "{history}");
    assert_eq!(history[1]["actor"]["token_id"], made["id"]);
    assert_eq!(history[1]["actor"]["email"], "admin@example.com");
    assert!(!history.to_string().contains(made["token"].as_str().unwrap()));
}
