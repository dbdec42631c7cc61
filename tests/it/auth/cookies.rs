//! Sessions whose refresh token is in a cookie, as browsers keep them.

use serde_json::{Value, json};

use super::{LOGIN, ME};
use crate::support::{Answer, Client, PASSWORD, Server};

const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";

fn sign_in(client: &Client) -> Answer {
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "refresh_token_in": "cookie"});
    client.post(LOGIN, &body)
}

/// The cookie of an answer: its name with its value, and its attributes.
#[track_caller]
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let text = answer.header("set-cookie").expect("a cookie");
    let mut parts = text.split("; ").map(str::to_owned);
    (parts.next().unwrap(), parts.collect())
}

fn access(answer: &Value) -> String {
    answer["data"]["access_token"].as_str().expect("a token").to_owned()
}

#[test]
fn the_refresh_token_is_where_no_script_sees_it() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let answer = sign_in(&server.anonymous());
    let tokens = answer.expect(200);
    assert_eq!(super::members(&tokens["data"]), ["access_token", "token_type", "expires_in"]);
    let (pair, attributes) = cookie(&answer);
    assert!(pair.starts_with("phaseflag_refresh=rt_"), "{pair}");
    assert_eq!(attributes, ["Path=/api/v1/auth", "Max-Age=2592000", "HttpOnly", "SameSite=Strict"]);
}

#[test]
fn tabs_share_it_and_none_ends_the_session_of_another() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let (pair, _) = cookie(&sign_in(&server.anonymous()));
    let browser = server.anonymous().with("cookie", &format!("theme=dark; {pair}"));
    for _ in 0..3 {
        server.clock.advance_seconds(60);
        let answer = browser.post(REFRESH, &json!({}));
        let tokens = answer.expect(200);
        assert!(tokens["data"].get("refresh_token").is_none(), "{tokens}");
        assert_eq!(cookie(&answer).0, pair);
        server.anonymous().bearer(&access(&tokens)).get(ME).expect(200);
    }
}

#[test]
fn it_lives_as_long_as_the_session_and_is_worth_nothing_after() {
    let mut server = Server::start();
    server.register("ada@example.com").expect(201);
    let answer = sign_in(&server.anonymous());
    let (pair, _) = cookie(&answer);
    let browser = server.anonymous().with("cookie", &pair);
    // A copy that somebody tries by hand is noticed as any other.
    let out = browser.bearer(&access(&answer.expect(200))).post(LOGOUT, &json!({}));
    assert_eq!(out.status, 204);
    let (cleared, attributes) = cookie(&out);
    assert_eq!(cleared, "phaseflag_refresh=");
    assert!(attributes.contains(&"Max-Age=0".to_owned()), "{attributes:?}");
    browser.post(REFRESH, &json!({})).refused(401, "REFRESH_TOKEN_INVALID");
    server.restart();
    server.reach(&browser).post(REFRESH, &json!({})).refused(401, "REFRESH_TOKEN_INVALID");
}

#[test]
fn without_one_there_is_nothing_to_refresh() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let anonymous = server.anonymous();
    anonymous.post(REFRESH, &json!({})).refused(401, "REFRESH_TOKEN_INVALID");
    for cookie in ["phaseflag_refresh=", "phaseflag_refresh=rt_x", "phaseflag_refresh", "x=y"] {
        anonymous.with("cookie", cookie).post(REFRESH, &json!({})).refused(401, "REFRESH_TOKEN_INVALID");
    }
    // What is in the body counts, whatever else comes.
    let (pair, _) = cookie(&sign_in(&anonymous));
    let both = anonymous.with("cookie", &pair).post(REFRESH, &json!({"refresh_token": "rt_x"}));
    both.refused(401, "REFRESH_TOKEN_INVALID");
    // A form of another site can send no JSON.
    let form = anonymous.with("cookie", &pair).with("content-type", "application/x-www-form-urlencoded");
    form.send("POST", REFRESH, Some(b"{}")).refused(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[test]
fn behind_tls_it_is_sent_over_nothing_else() {
    let server = Server::with(&["--trusted-proxies", "127.0.0.1/32"]);
    server.register("ada@example.com").expect(201);
    let (_, attributes) = cookie(&sign_in(&server.anonymous().with("x-forwarded-proto", "https")));
    assert!(attributes.contains(&"Secure".to_owned()), "{attributes:?}");
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let (_, attributes) = cookie(&sign_in(&server.anonymous().with("x-forwarded-proto", "https")));
    assert!(!attributes.contains(&"Secure".to_owned()), "nobody trusts this client: {attributes:?}");
}

#[test]
fn it_goes_into_the_body_or_a_cookie_and_nowhere_else() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "refresh_token_in": "url"});
    server.anonymous().post(LOGIN, &body).faults(400, "VALIDATION_ERROR", &["refresh_token_in"]);
}
