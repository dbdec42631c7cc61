//! Credentials that are worth nothing, or that are shown in the wrong place.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::ME;
use crate::support::{EPOCH, Server};

const SECRET: &str = "a secret of thirty-two bytes, yes";

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

/// A token by hand.
fn signed(algorithm: (&str, hmac::Algorithm), claims: &Value, secret: &str) -> String {
    let head = part(&json!({"typ": "JWT", "alg": algorithm.0}));
    let message = format!("{head}.{}", part(claims));
    let key = hmac::Key::new(algorithm.1, secret.as_bytes());
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An admin's genuine token, in its three parts.
fn genuine(server: &Server) -> [String; 3] {
    let team = server.admin();
    let token = team.client.sends("Authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().expect("three parts")
}

#[test]
fn a_token_that_is_not_ours_is_invalid() {
    let server = Server::start();
    let [head, body, signature] = genuine(&server);
    let stranger = Server::start();
    let foreign = genuine(&stranger).join(".");
    let eve = server.register("eve@example.com").expect(201)["data"]["id"].clone();

    let mut claims = read(&body);
    claims["sub"] = eve;
    let another_person = part(&claims);
    let mut claims = read(&body);
    claims["exp"] = json!(EPOCH / 1000 + 10 * 86_400);
    let longer = part(&claims);
    let none = part(&json!({"typ": "JWT", "alg": "none"}));
    let without = part(&json!({"typ": "JWT"}));
    for token in [
        foreign,
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{}.{body}.", part(&json!({"typ": "JWT", "alg": "None"}))),
        format!("{without}.{body}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{head}.{another_person}.{signature}"),
        format!("{head}.{longer}.{signature}"),
        format!("{head}.{body}.{signature}x"),
        format!("{head}.{body}.{}", signature.to_lowercase()),
        "a.b.c".into(),
        "...".into(),
        "garbage".into(),
        "x".repeat(2_000),
    ] {
        let answer = server.anonymous().bearer(&token).get(ME);
        answer.refused(401, "TOKEN_INVALID");
        let challenge = Some(r#"Bearer realm="phaseflag", error="invalid_token""#);
        assert_eq!(answer.header("www-authenticate"), challenge, "{token}");
    }
    server.anonymous().bearer(&[head, body, signature].join(".")).get(ME).expect(200);
}

#[test]
fn a_configured_secret_signs_and_only_hs256_counts() {
    let server = Server::with(&[&format!("--jwt-secret-key={SECRET}")]);
    let [_, body, _] = genuine(&server);
    let claims = read(&body);
    let try_with = |token: String| server.anonymous().bearer(&token).get(ME);
    let hs256 = ("HS256", hmac::HMAC_SHA256);
    try_with(signed(hs256, &claims, SECRET)).expect(200);
    try_with(signed(hs256, &claims, &SECRET.to_uppercase())).refused(401, "TOKEN_INVALID");
    try_with(signed(("HS384", hmac::HMAC_SHA384), &claims, SECRET)).refused(401, "TOKEN_INVALID");
    try_with(signed(("HS512", hmac::HMAC_SHA512), &claims, SECRET)).refused(401, "TOKEN_INVALID");
    // A signature of one kind under the name of another.
    try_with(signed(("HS512", hmac::HMAC_SHA256), &claims, SECRET)).refused(401, "TOKEN_INVALID");

    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(hs256, &claims, SECRET)
    };
    try_with(with("exp", json!(EPOCH / 1000 - 1))).refused(401, "TOKEN_EXPIRED");
    try_with(with("exp", json!(0))).refused(401, "TOKEN_EXPIRED");
    for (name, value) in [
        ("exp", Value::Null),
        ("sub", json!("usr_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
        ("sid", json!("rt_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
        ("sid", json!("")),
        ("typ", json!("refresh")),
    ] {
        try_with(with(name, value)).refused(401, "TOKEN_INVALID");
    }
}

#[test]
fn without_credentials_the_answer_asks_for_them() {
    let server = Server::start();
    for (method, path) in [("GET", ME), ("GET", "/api/v1/projects"), ("GET", "/api/v1/sdk/ruleset")] {
        let answer = server.anonymous().send(method, path, None);
        answer.refused(401, "UNAUTHENTICATED");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="phaseflag""#), "{path}");
    }
    // Who is not known is not told what is wrong with the request either.
    server.anonymous().json("POST", "/api/v1/projects", "{").refused(401, "UNAUTHENTICATED");
    server.anonymous().json("POST", "/api/v1/evaluate", "{").refused(401, "UNAUTHENTICATED");
    for scheme in ["Basic YTpi", "Bearer", "Bearer ", "token"] {
        server.anonymous().with("Authorization", scheme).get(ME).refused(401, "TOKEN_INVALID");
    }
}

#[test]
fn each_kind_of_credential_has_its_own_place() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let key = sdk.sends("X-API-Key").unwrap().to_owned();
    let token = team.client.sends("Authorization").unwrap().to_owned();
    let question = json!({"flags": ["*"], "context": {"user_key": "u"}});

    // A token never evaluates, a key never manages.
    team.client.post("/api/v1/evaluate", &question).refused(403, "INSUFFICIENT_PERMISSIONS");
    for manager in [sdk.clone(), sdk.anonymous().bearer(&key)] {
        manager.get(ME).refused(403, "INSUFFICIENT_PERMISSIONS");
        manager.get("/api/v1/projects").refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    // A key is accepted in either header; where both are sent, each place looks at its own.
    sdk.anonymous().bearer(&key).post("/api/v1/evaluate", &question).expect(200);
    let both = sdk.with("Authorization", &token);
    both.post("/api/v1/evaluate", &question).expect(200);
    both.get(ME).expect(200);

    let last = key.len() - 1;
    let other = if key.ends_with('0') { "1" } else { "0" };
    for wrong in
        [format!("{}{other}", &key[..last]), key[..last].to_owned(), "sdk-dev-".into(), String::new()]
    {
        let refused = sdk.anonymous().with("X-API-Key", &wrong).post("/api/v1/evaluate", &question);
        refused.refused(401, "API_KEY_INVALID");
    }
    sdk.anonymous().bearer("sdk-dev-x").get(ME).refused(401, "API_KEY_INVALID");
}
