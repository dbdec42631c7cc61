//! Accounts: registering, signing in, and who one is.

mod account;
mod cookies;
mod sessions;
mod tokens;

use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Server};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/auth/me";

/// The names of an object's members, in order.
fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn login(server: &Server, email: &str, password: &str) -> Answer {
    server.anonymous().post(LOGIN, &json!({"email": email, "password": password}))
}

#[test]
fn the_first_account_brings_an_organization_a_project_and_three_environments() {
    let server = Server::start();
    let body = json!({"email": "Ada@Example.com", "password": PASSWORD, "full_name": "Ada Lovelace"});
    let made = server.anonymous().post(REGISTER, &body).expect(201)["data"].clone();
    assert_eq!(members(&made), ["id", "email", "full_name", "role", "created_at"]);
    assert!(made["id"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(made["email"], "Ada@Example.com");
    assert_eq!((&made["full_name"], &made["role"]), (&json!("Ada Lovelace"), &json!("admin")));
    assert_eq!(made["created_at"], "2027-01-15T08:00:00Z");

    let ada = server.login("ada@example.com");
    let projects = ada.get("/api/v1/projects").expect(200);
    assert_eq!(projects["meta"]["total"], 1);
    let project = projects["data"][0]["id"].as_str().unwrap();
    let listed = ada.get(&format!("/api/v1/environments?project_id={project}")).expect(200);
    let shown: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|it| (&it["key"], &it["type"])).collect();
    for (index, name) in ["development", "staging", "production"].into_iter().enumerate() {
        assert_eq!(shown[index], (&json!(name), &json!(name)));
    }
    assert_eq!(shown.len(), 3);
}

#[test]
fn a_later_account_is_a_viewer_of_nothing() {
    let server = Server::start();
    server.admin();
    let made = server.register("eve@example.com").expect(201)["data"].clone();
    assert_eq!((&made["role"], &made["full_name"]), (&json!("viewer"), &Value::Null));
    let eve = server.login("eve@example.com");
    assert_eq!(eve.get("/api/v1/projects").expect(200)["data"], json!([]));
    let me = eve.get(ME).expect(200)["data"].clone();
    assert_eq!((&me["role"], &me["organizations"]), (&json!("viewer"), &json!([])));
}

#[test]
fn an_address_is_taken_in_every_case() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    for email in ["ada@example.com", "ADA@example.COM", " Ada@Example.com "] {
        server.register(email).refused(409, "EMAIL_ALREADY_EXISTS");
    }
    login(&server, "ADA@EXAMPLE.COM", PASSWORD).expect(200);
}

#[test]
fn everything_that_is_wrong_with_a_registration_is_said_at_once() {
    let server = Server::start();
    let register = |body: &Value| server.anonymous().post(REGISTER, body);
    let faults = |body: Value, fields: &[&str]| register(&body).faults(400, "VALIDATION_ERROR", fields);
    let long = "n".repeat(201);
    faults(
        json!({"email": "nobody", "password": "short", "full_name": long}),
        &["email", "password", "full_name"],
    );
    faults(json!({"email": 1, "pasword": "x"}), &["email", "password", "pasword"]);
    faults(json!({"email": null, "password": null, "role": "admin"}), &["email", "password", "role"]);
    faults(json!({}), &["email", "password"]);
    faults(json!([]), &[""]);
    for email in ["", "a", "@b.example", "a@", "a@@b.example", "a b@c.example", &"x".repeat(255)] {
        faults(json!({"email": email, "password": PASSWORD}), &["email"]);
    }
    // None of them made an account: the next one is the first.
    assert_eq!(server.register("ada@example.com").expect(201)["data"]["role"], "admin");
}

#[test]
fn a_password_has_8_to_128_characters() {
    let server = Server::start();
    for (length, status) in [(7, 400), (8, 201), (128, 201), (129, 400)] {
        let email = format!("u{length}@example.com");
        let password = "é".repeat(length);
        let answer = server.anonymous().post(REGISTER, &json!({"email": email, "password": password}));
        assert_eq!(answer.status, status, "{length}: {}", answer.text());
        if status == 201 {
            login(&server, &email, &password).expect(200);
        } else {
            answer.faults(400, "VALIDATION_ERROR", &["password"]);
        }
    }
}

#[test]
fn closed_registration_lets_only_the_first_in() {
    let server = Server::with(&["--registration=closed"]);
    assert_eq!(server.register("ada@example.com").expect(201)["data"]["role"], "admin");
    server.register("eve@example.com").refused(403, "REGISTRATION_DISABLED");
    // Whether an address is taken is nobody's business then.
    server.register("ada@example.com").refused(403, "REGISTRATION_DISABLED");
    login(&server, "eve@example.com", PASSWORD).refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn signing_in_answers_a_pair_of_tokens() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let tokens = login(&server, "ada@example.com", PASSWORD).expect(200)["data"].clone();
    assert_eq!(members(&tokens), ["access_token", "token_type", "expires_in", "refresh_token"]);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(86_400)));
    assert_eq!(tokens["access_token"].as_str().unwrap().split('.').count(), 3);
    assert!(tokens["refresh_token"].as_str().unwrap().starts_with("rt_"));
    // Each sign-in begins a session of its own.
    let again = login(&server, "ada@example.com", PASSWORD).expect(200)["data"].clone();
    assert_ne!(again["refresh_token"], tokens["refresh_token"]);
    assert_ne!(again["access_token"], tokens["access_token"]);
}

#[test]
fn a_failed_sign_in_does_not_tell_whether_the_address_is_known() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let wrong = login(&server, "ada@example.com", "not the password");
    let details = wrong.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(details, json!({}));
    assert!(wrong.header("www-authenticate").is_some());
    let attempts = [
        ("nobody@example.com", "not the password"),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("", ""),
        ("ada@example.com", "short"),
        ("ada@example.com", &"x".repeat(200)),
        ("ada@example.com", &PASSWORD.to_uppercase()),
    ];
    for (email, password) in attempts {
        let answer = login(&server, email, password);
        assert_eq!((answer.status, answer.text()), (401, wrong.text()), "{email} {password}");
    }
    let malformed = server.anonymous().post(LOGIN, &json!({"email": true}));
    malformed.faults(400, "VALIDATION_ERROR", &["email", "password"]);
}

#[test]
fn me_is_the_account_with_its_organizations_and_its_last_sign_in() {
    let server = Server::start();
    let made = server.register("ada@example.com").expect(201)["data"].clone();
    server.clock.advance_seconds(3600);
    let ada = server.login("ada@example.com");
    let me = ada.get(ME).expect(200)["data"].clone();
    let names = ["id", "email", "full_name", "role", "created_at", "last_login_at", "organizations"];
    assert_eq!(members(&me), names);
    for name in ["id", "email", "full_name", "role", "created_at"] {
        assert_eq!(me[name], made[name], "{name}");
    }
    assert_eq!(me["last_login_at"], "2027-01-15T09:00:00Z");
    let organizations = me["organizations"].as_array().unwrap();
    assert_eq!(organizations.len(), 1);
    assert_eq!(members(&organizations[0]), ["id", "name", "role"]);
    assert!(organizations[0]["id"].as_str().unwrap().starts_with("org_"));
    assert_eq!(organizations[0]["role"], "admin");

    server.clock.advance_seconds(3600);
    server.login("ada@example.com");
    assert_eq!(ada.get(ME).expect(200)["data"]["last_login_at"], "2027-01-15T10:00:00Z");
}
