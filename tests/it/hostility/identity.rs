//! Credentials in the wrong hands, and guesses at them.

use serde_json::{Value, json};

use phaseflag::auth::password::MAX_PENDING_HASHES;
use phaseflag::http::guesses::{MAX_WRONG_PASSWORDS, WRONG_PASSWORD_SECONDS};

use crate::support::{
    Answer, Client, PASSWORD, Server,
    raw::{Connection, exchange},
};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";

fn guess(client: &Client, email: &str) -> Answer {
    client.post(LOGIN, &json!({"email": email, "password": "a guess"}))
}

#[test]
fn an_address_has_so_many_guesses_whatever_it_guesses_at() {
    let server = Server::with(&["--rate-limit-auth=10"]);
    let client = server.anonymous();
    for number in 0..10 {
        // At accounts, at refresh tokens and at invitations: all of it counts together.
        let answer = match number % 3 {
            0 => guess(&client, &format!("user{number}@example.com")),
            1 => client.post(REFRESH, &json!({"refresh_token": format!("rt_{number}")})),
            _ => client
                .bearer("pat_x")
                .post("/api/v1/auth/invitations/accept", &json!({"invitation_token": "x"})),
        };
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    for path in [LOGIN, REFRESH, "/api/v1/auth/register", "/api/v1/auth/invitations/accept"] {
        client.post(path, &json!({})).refused(429, "RATE_LIMIT_EXCEEDED");
    }
    // No name that the client gives itself is another address.
    for (name, value) in
        [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("X-Real-IP", "203.0.113.9")]
    {
        guess(&client.with(name, value), "ada@example.com").refused(429, "RATE_LIMIT_EXCEEDED");
    }
}

/// From however many addresses: guesses wait for each other, and those that would wait too long are turned away. One at an
/// address that nobody has is the same work, so that it waits, and is turned away, like any other.
#[test]
fn guesses_wait_for_each_other_and_for_nothing_else() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    for (email, password) in
        [("admin@example.com", "a bad guess"), ("nobody@example.com", "a bad guess"), ("?", "")]
    {
        let body = json!({"email": email, "password": password}).to_string();
        let request = format!(
            "POST {LOGIN} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut crowd: Vec<Connection> =
            (0..2 * MAX_PENDING_HASHES).map(|_| Connection::open(server.url())).collect();
        for connection in &mut crowd {
            connection.send(&request);
        }
        sdk.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}})).expect(200);
        let statuses: Vec<u16> =
            crowd.iter_mut().map(|connection| connection.receive("POST").status).collect();
        let compared = statuses.iter().filter(|status| **status == 401).count();
        let turned_away = statuses.iter().filter(|status| **status == 503).count();
        assert!(compared >= MAX_PENDING_HASHES && turned_away > 0, "{email}: {compared} and {turned_away}");
        assert_eq!(compared + turned_away, crowd.len(), "{email}: {statuses:?}");
    }
}

/// However many addresses guess at it, an account sees no more guesses than that; and whoever guesses keeps nobody out who
/// was there before.
#[test]
fn an_account_has_so_many_guesses_from_wherever_they_come() {
    let server = Server::with(&["--rate-limit-auth=1000", "--trusted-proxies=127.0.0.1"]);
    let from = |host: u32| {
        let address = std::net::Ipv4Addr::from_bits(0xc633_6400 + host);
        server.anonymous().with("X-Forwarded-For", &address.to_string())
    };
    server.register("ada@example.com").expect(201);
    sign_in(&from(1), "ada@example.com");
    for email in ["ada@example.com", "nobody@example.com"] {
        for host in 100..100 + MAX_WRONG_PASSWORDS {
            guess(&from(host), email).refused(401, "INVALID_CREDENTIALS");
        }
        let refused = guess(&from(300), email);
        refused.refused(429, "RATE_LIMIT_EXCEEDED");
        let wait: u64 = refused.header("retry-after").expect("a header").parse().expect("seconds");
        assert!((1..=WRONG_PASSWORD_SECONDS).contains(&wait), "{wait}");
        assert!(refused.text().contains("too many wrong passwords"), "{}", refused.text());
        guess(&from(300), &format!("other.{email}")).refused(401, "INVALID_CREDENTIALS");
    }
    let right = json!({"email": "Ada@Example.com", "password": PASSWORD});
    from(301).post(LOGIN, &right).refused(429, "RATE_LIMIT_EXCEEDED");
    from(1).post(LOGIN, &right).expect(200);
    // The account was signed in to: what was guessed before counts no more.
    from(301).post(LOGIN, &right).expect(200);
    guess(&from(300), "nobody@example.com").refused(429, "RATE_LIMIT_EXCEEDED");
    server.clock.advance_seconds(i64::try_from(WRONG_PASSWORD_SECONDS).expect("seconds"));
    guess(&from(300), "nobody@example.com").refused(401, "INVALID_CREDENTIALS");
}

fn sign_in(client: &Client, email: &str) -> (Value, String) {
    let body = json!({"email": email, "password": PASSWORD, "refresh_token_in": "cookie"});
    let answer = client.post(LOGIN, &body);
    let cookie = answer.header("set-cookie").expect("a cookie").split(';').next().expect("a pair").to_owned();
    (answer.expect(200), cookie)
}

fn me(client: &Client, tokens: &Value) -> Value {
    let access = tokens["data"]["access_token"].as_str().expect("a token");
    client.anonymous().bearer(access).get("/api/v1/auth/me").expect(200)["data"]["email"].clone()
}

#[test]
fn signing_in_never_goes_on_with_a_session_that_was_there() {
    let server = Server::start();
    server.register("mallory@example.com").expect(201);
    server.register("ada@example.com").expect(201);
    let (_, planted) = sign_in(&server.anonymous(), "mallory@example.com");
    // Mallory has put a cookie into Ada's browser, and Ada signs in.
    let browser = server.anonymous().with("cookie", &planted);
    let (_, fresh) = sign_in(&browser, "ada@example.com");
    assert_ne!(planted, fresh);
    let of = |cookie: &str| server.anonymous().with("cookie", cookie).post(REFRESH, &json!({})).expect(200);
    assert_eq!(me(&browser, &of(&planted)), "mallory@example.com");
    assert_eq!(me(&browser, &of(&fresh)), "ada@example.com");
}

#[test]
fn another_site_can_do_nothing_with_the_cookie() {
    for origins in ["*", "https://app.example.com"] {
        let server = Server::with(&[&format!("--cors-origins={origins}")]);
        server.register("ada@example.com").expect(201);
        let (_, cookie) = sign_in(&server.anonymous(), "ada@example.com");
        let page = server.anonymous().with("cookie", &cookie).with("origin", "https://app.example.com");
        // What a page sends without asking first has one of these types, and no other.
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let simple = page.with("content-type", kind);
            for path in [REFRESH, LOGIN, "/api/v1/auth/register"] {
                let answer = simple.send("POST", path, Some(b"{}"));
                answer.refused(415, "UNSUPPORTED_MEDIA_TYPE");
                assert!(answer.header("set-cookie").is_none(), "{path}");
            }
        }
        // To ask first is to learn that cookies are not sent along; and no answer may be read that they came with.
        let asking = page.with("access-control-request-method", "POST").send("OPTIONS", REFRESH, None);
        for answer in [asking, page.post(REFRESH, &json!({})), page.get("/health")] {
            assert!(answer.header("access-control-allow-origin").is_some(), "{answer:?}");
            assert!(answer.header("access-control-allow-credentials").is_none(), "{answer:?}");
        }
    }
}

#[test]
fn the_cookie_alone_opens_nothing() {
    let server = Server::start();
    let team = server.admin();
    let (_, cookie) = sign_in(&server.anonymous(), "admin@example.com");
    let page = server.anonymous().with("cookie", &cookie);
    let document = page.get("/openapi.json").expect(200);
    let mut asked = 0;
    for (template, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            if operation.get("security").is_none() {
                continue;
            }
            let path = template.replace("{environment_id}", &team.development).replace(['{', '}'], "-");
            let answer = page.json(&method.to_uppercase(), &path, "{}");
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
            asked += 1;
        }
    }
    assert!(asked > 90, "{asked}");
}

#[test]
fn what_another_server_made_opens_nothing_here() {
    let (here, there) = (Server::start(), Server::start());
    let (ours, theirs) = (here.admin(), there.admin());
    let made = theirs.client.post("/api/v1/auth/tokens", &json!({"name": "T", "role": "admin"})).expect(201);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    for token in
        [text(&made["data"]["token"]), theirs.client.sends("Authorization").expect("a token")[7..].to_owned()]
    {
        here.anonymous().bearer(&token).get("/api/v1/projects").refused(401, "TOKEN_INVALID");
    }
    let sdk = theirs.sdk(&theirs.development, "server");
    let key = sdk.sends("X-API-Key").expect("a key");
    here.anonymous().with("X-API-Key", key).get("/api/v1/sdk/ruleset").refused(401, "API_KEY_INVALID");
    let bulk = sdk.post("/ofrep/v1/evaluate/flags", &json!({"context": {"targetingKey": "u"}})).expect(200);
    let stream = text(&bulk["eventStreams"][0]["endpoint"]["requestUri"]);
    here.anonymous().get(&stream).refused(401, "TOKEN_INVALID");
    let (_, cookie) = sign_in(&there.anonymous(), "admin@example.com");
    let refreshed = here.anonymous().with("cookie", &cookie).post(REFRESH, &json!({}));
    refreshed.refused(401, "REFRESH_TOKEN_INVALID");
    let invited = theirs.invite("eve@example.com", phaseflag::domain::role::Role::Admin).expect(201);
    let accept = json!({"invitation_token": invited["data"]["token"]});
    ours.client.post("/api/v1/auth/invitations/accept", &accept).refused(422, "INVITATION_INVALID");
    assert_eq!(exchange(here.url(), "GET /health HTTP/1.1\r\nhost: x\r\n\r\n").status, 200);
}
