//! Sessions: refreshing, signing out, and their ends.

use serde_json::{Value, json};

use super::{ME, login};
use crate::support::{Answer, PASSWORD, Server};

const DAY: i64 = 86_400;

/// The two tokens of a session.
struct Session {
    access: String,
    refresh: String,
}

impl Session {
    fn of(answer: &Value) -> Self {
        let text = |name: &str| answer["data"][name].as_str().expect("a token").to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }

    fn begin(server: &Server, email: &str) -> Self {
        Self::of(&login(server, email, PASSWORD).expect(200))
    }

    fn me(&self, server: &Server) -> Answer {
        server.anonymous().bearer(&self.access).get(ME)
    }

    fn refreshed(&self, server: &Server) -> Answer {
        refresh(server, &self.refresh)
    }

    fn log_out(&self, server: &Server) -> Answer {
        server.anonymous().bearer(&self.access).send("POST", "/api/v1/auth/logout", None)
    }
}

fn refresh(server: &Server, token: &str) -> Answer {
    server.anonymous().post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
}

fn with_ada(args: &[&str]) -> Server {
    let server = Server::with(args);
    server.register("ada@example.com").expect(201);
    server
}

#[test]
fn a_refresh_token_is_taken_for_a_new_pair() {
    let server = with_ada(&[]);
    let first = Session::begin(&server, "ada@example.com");
    server.clock.advance_seconds(60);
    let answer = first.refreshed(&server).expect(200);
    assert_eq!(
        super::members(&answer["data"]),
        ["access_token", "token_type", "expires_in", "refresh_token"]
    );
    assert_eq!(
        (&answer["data"]["token_type"], &answer["data"]["expires_in"]),
        (&json!("bearer"), &json!(DAY))
    );
    let second = Session::of(&answer);
    assert_ne!((&first.access, &first.refresh), (&second.access, &second.refresh));
    // It is one session: both access tokens live.
    first.me(&server).expect(200);
    second.me(&server).expect(200);
    second.refreshed(&server).expect(200);
}

#[test]
fn a_refresh_token_that_is_used_twice_ends_the_session() {
    let server = with_ada(&[]);
    let other = Session::begin(&server, "ada@example.com");
    let first = Session::begin(&server, "ada@example.com");
    let second = Session::of(&first.refreshed(&server).expect(200));
    first.refreshed(&server).refused(401, "REFRESH_TOKEN_INVALID");
    second.refreshed(&server).refused(401, "REFRESH_TOKEN_INVALID");
    for session in [&first, &second] {
        session.me(&server).refused(401, "TOKEN_INVALID");
    }
    // Another session of the same person knows nothing of it.
    other.me(&server).expect(200);
    other.refreshed(&server).expect(200);
}

#[test]
fn a_forged_refresh_token_ends_nothing() {
    let server = with_ada(&[]);
    let session = Session::begin(&server, "ada@example.com");
    let stranger = with_ada(&[]);
    let foreign = Session::begin(&stranger, "ada@example.com").refresh;
    let mut flipped = session.refresh.clone().into_bytes();
    let last = flipped.len() - 2;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let id_alone = &session.refresh[..29];
    for token in [flipped.as_str(), &foreign, id_alone, &session.access, "rt_", "", "\u{1f600}"] {
        refresh(&server, token).refused(401, "REFRESH_TOKEN_INVALID");
    }
    session.me(&server).expect(200);
    session.refreshed(&server).expect(200);

    let malformed = server.anonymous().post("/api/v1/auth/refresh", &json!({"refresh_token": 1, "x": 2}));
    malformed.faults(400, "VALIDATION_ERROR", &["refresh_token", "x"]);
}

#[test]
fn an_access_token_expires_and_a_refresh_renews_it() {
    let server = with_ada(&[]);
    let session = Session::begin(&server, "ada@example.com");
    server.clock.advance_seconds(DAY - 1);
    session.me(&server).expect(200);
    server.clock.advance_seconds(1);
    let answer = session.me(&server);
    answer.refused(401, "TOKEN_EXPIRED");
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="phaseflag", error="invalid_token""#));
    let renewed = Session::of(&session.refreshed(&server).expect(200));
    renewed.me(&server).expect(200);
    session.me(&server).refused(401, "TOKEN_EXPIRED");
}

#[test]
fn the_lives_of_tokens_are_settings() {
    let server = with_ada(&["--jwt-expire-hours=1", "--refresh-expire-days=2"]);
    let answer = login(&server, "ada@example.com", PASSWORD).expect(200);
    assert_eq!(answer["data"]["expires_in"], 3600);
    let session = Session::of(&answer);
    server.clock.advance_seconds(3600);
    session.me(&server).refused(401, "TOKEN_EXPIRED");
    server.clock.advance_seconds(2 * DAY - 3600);
    session.refreshed(&server).refused(401, "REFRESH_TOKEN_INVALID");
}

#[test]
fn a_session_lives_as_long_as_it_is_refreshed() {
    let server = with_ada(&[]);
    let unused = Session::begin(&server, "ada@example.com");
    let mut used = Session::begin(&server, "ada@example.com");
    for _ in 0..3 {
        server.clock.advance_seconds(29 * DAY);
        used = Session::of(&used.refreshed(&server).expect(200));
    }
    used.me(&server).expect(200);
    unused.refreshed(&server).refused(401, "REFRESH_TOKEN_INVALID");
    server.clock.advance_seconds(30 * DAY);
    used.refreshed(&server).refused(401, "REFRESH_TOKEN_INVALID");
}

#[test]
fn an_access_token_outlives_a_shorter_refresh_token() {
    let server = with_ada(&["--jwt-expire-hours=72", "--refresh-expire-days=1"]);
    let session = Session::begin(&server, "ada@example.com");
    server.clock.advance_seconds(2 * DAY);
    // Signing in clears away sessions that are over.
    Session::begin(&server, "ada@example.com");
    session.me(&server).expect(200);
    server.clock.advance_seconds(DAY);
    session.me(&server).refused(401, "TOKEN_EXPIRED");
}

#[test]
fn signing_out_kills_every_token_of_the_session_for_good() {
    let mut server = with_ada(&[]);
    let other = Session::begin(&server, "ada@example.com");
    let first = Session::begin(&server, "ada@example.com");
    let second = Session::of(&first.refreshed(&server).expect(200));
    let answer = first.log_out(&server);
    assert!(answer.status == 204 && answer.bytes.is_empty(), "{answer:?}");
    for _ in ["at once", "after a restart"] {
        for session in [&first, &second] {
            session.me(&server).refused(401, "TOKEN_INVALID");
            session.refreshed(&server).refused(401, "REFRESH_TOKEN_INVALID");
            session.log_out(&server).refused(401, "TOKEN_INVALID");
        }
        other.me(&server).expect(200);
        server.restart();
    }
    other.refreshed(&server).expect(200);
}
