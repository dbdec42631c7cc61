//! The edge: whatever is asked, in whatever way, the answer has its form.

mod cors;
mod dashboard;
mod docs;

use std::io::Read;

use serde_json::{Value, json};

use crate::support::raw::{Connection, exchange};
use crate::support::{Answer, Server, Team};

const MIB: usize = 1024 * 1024;

/// The headers that no answer goes without.
#[track_caller]
fn guarded(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer:?}");
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    assert!(
        answer.header("x-request-id").is_some() && answer.header("cache-control").is_some(),
        "{answer:?}"
    );
}

#[test]
fn an_unknown_path_has_the_envelope() {
    let server = Server::start();
    let client = server.anonymous();
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/flags",
        "/API/v1/flags",
        "/api/v1/auth/login/x",
        "/docs/x",
        "/docs/../openapi.json",
        "/%2e%2e/etc/passwd",
        "/api/v1/%ff",
        "//api/v1/flags",
    ] {
        let answer = exchange(server.url(), format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
        answer.refused(404, "NOT_FOUND");
    }
    client.post("/nothing", &json!({})).refused(404, "NOT_FOUND");
}

#[test]
fn a_name_in_a_path_may_be_anything() {
    let server = Server::start();
    let team = server.admin();
    for name in ["%ff", "%00", "%2F", "..%2f..", "%F0%9F%98%80", "a%20b", "%", "%zz", &"x".repeat(5_000)] {
        let answer = team.client.send("GET", &team.flags(&format!("/{name}")), None);
        assert_eq!(answer.status, 404, "{name}: {}", answer.text());
        let code = answer.body()["error"]["code"].clone();
        assert!(["FLAG_NOT_FOUND", "NOT_FOUND"].iter().any(|it| code == *it), "{name}: {}", answer.text());
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let server = Server::start();
    for (method, path, allow) in [
        ("DELETE", "/health", "GET, HEAD, OPTIONS"),
        ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/auth/login", "OPTIONS, POST"),
        ("PATCH", "/api/v1/flags/x", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("PUT", "/api/v1/projects", "GET, HEAD, OPTIONS, POST"),
        ("BREW", "/api/v1/evaluate", "OPTIONS, POST"),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = exchange(server.url(), request);
        answer.refused(405, "METHOD_NOT_ALLOWED");
        let line = format!("allow: {}\r\n", allow.to_lowercase());
        assert!(answer.head.contains(&line), "{method} {path}: {}", answer.head);
    }
    // HEAD is GET or nothing.
    let answer = exchange(server.url(), "HEAD /api/v1/auth/login HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(answer.status, 405);
}

#[test]
fn options_answers_without_credentials() {
    let server = Server::start();
    let answer = server.anonymous().send("OPTIONS", "/api/v1/flags/x/toggle", None);
    assert_eq!((answer.status, answer.header("allow")), (204, Some("OPTIONS, POST")));
    assert!(answer.bytes.is_empty());
    server.anonymous().send("OPTIONS", "/nothing", None).refused(404, "NOT_FOUND");
}

#[test]
fn head_is_get_without_the_body() {
    let server = Server::start();
    let team = server.admin();
    for path in ["/health", "/openapi.json", "/docs", "/api/v1/projects"] {
        let got = team.client.get(path);
        let answer = team.client.send("HEAD", path, None);
        assert_eq!((answer.status, answer.bytes.len()), (200, 0), "{path}");
        let length = got.bytes.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()), "{path}");
        assert_eq!(answer.header("content-type"), got.header("content-type"));
    }
    // The connection stays in step: nothing of a body follows.
    let mut connection = Connection::open(server.url());
    connection.send("HEAD /nothing HTTP/1.1\r\nhost: x\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(connection.receive("HEAD").status, 404);
    assert_eq!(connection.receive("GET").status, 200);
}

#[test]
fn a_body_says_that_it_is_json() {
    let server = Server::start();
    let login = |content_type: &str| {
        let client = server.anonymous().with("Content-Type", content_type);
        client.send("POST", "/api/v1/auth/login", Some(br#"{"email": "a@b", "password": "x"}"#))
    };
    for accepted in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
        login(accepted).refused(401, "INVALID_CREDENTIALS");
    }
    for other in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json", ""]
    {
        login(other).refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let bare = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    exchange(server.url(), bare).refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let packed = server.anonymous().with("Content-Encoding", "gzip");
    packed.json("POST", "/api/v1/auth/login", "{}").refused(415, "UNSUPPORTED_MEDIA_TYPE");
    // Who sends no body need not say what it is.
    let team = server.admin();
    assert_eq!(team.client.send("POST", "/api/v1/auth/logout", None).status, 204);
}

#[test]
fn a_body_is_json_without_tricks() {
    let server = Server::start();
    let deep = "[".repeat(200) + &"]".repeat(200);
    for body in [
        "",
        "{",
        "nope",
        "null",
        "[]",
        "1e999",
        r#"{"email": "a@b", "password": "\ud800"}"#,
        r#"{"email": "a@b", "email": "c@d", "password": "x"}"#,
        r#"{"email": "a@b", "password": "x"} {}"#,
        &deep,
    ] {
        let answer = server.anonymous().json("POST", "/api/v1/auth/login", body);
        let details = answer.refused(400, "VALIDATION_ERROR");
        assert!(details["fields"].as_array().is_some_and(|fields| !fields.is_empty()), "{body}: {details}");
    }
    server
        .anonymous()
        .with("Content-Type", "application/json")
        .send("POST", "/api/v1/auth/login", Some(b"{\"email\": \"\xff\"}"))
        .refused(400, "VALIDATION_ERROR");
}

#[test]
fn a_body_of_one_mebibyte_is_the_largest() {
    let server = Server::start();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let body = r#"{"email": "a@b", "password": "x"}"#;
    let padded = |size: usize| format!("{body}{}", " ".repeat(size - body.len()));

    let whole = format!("{head}content-length: {MIB}\r\n\r\n{}", padded(MIB));
    exchange(server.url(), whole).refused(401, "INVALID_CREDENTIALS");
    // Announced, it is refused before it is sent.
    for size in [MIB + 1, 2 * MIB, usize::MAX / 2] {
        let announced = format!("{head}content-length: {size}\r\n\r\n");
        exchange(server.url(), announced).refused(413, "PAYLOAD_TOO_LARGE");
    }
    let sent = format!("{head}content-length: {}\r\n\r\n{}", 2 * MIB, padded(2 * MIB));
    exchange(server.url(), sent).refused(413, "PAYLOAD_TOO_LARGE");
    // Not announced, it is refused when it has grown too large.
    let chunked = |size: usize| {
        format!("{head}transfer-encoding: chunked\r\n\r\n{size:x}\r\n{}\r\n0\r\n\r\n", padded(size))
    };
    exchange(server.url(), chunked(MIB)).refused(401, "INVALID_CREDENTIALS");
    let refused = exchange(server.url(), chunked(MIB + 1));
    refused.refused(413, "PAYLOAD_TOO_LARGE");
    assert!(String::from_utf8_lossy(&refused.body).contains("at most 1048576 bytes"), "{refused:?}");
}

#[test]
fn a_request_has_a_name() {
    let server = Server::start();
    let named = |id: &str, path: &str| {
        let answer = server.anonymous().with("X-Request-ID", id).get(path);
        answer.header("x-request-id").expect("a name").to_owned()
    };
    for path in ["/health", "/nothing", "/api/v1/projects", "/docs"] {
        assert_eq!(named("my-request/1", path), "my-request/1");
    }
    assert_eq!(named(&"x".repeat(128), "/health").len(), 128);
    let made: Vec<String> =
        ["", "a b", "a\tb", &"x".repeat(129)].iter().map(|unfit| named(unfit, "/health")).collect();
    for (index, id) in made.iter().enumerate() {
        assert!(id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        assert!(!made[..index].contains(id), "{id} twice");
    }
}

#[test]
fn every_answer_is_guarded() {
    let server = Server::with(&["--rate-limit-auth=30"]);
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let ruleset = sdk.get("/api/v1/sdk/ruleset");
    let unchanged = sdk.with("If-None-Match", ruleset.header("etag").unwrap()).get("/api/v1/sdk/bootstrap");
    let answers = [
        team.client.get("/health"),
        team.client.post(&team.flags(""), &Team::flag_body("a", &json!({}))),
        team.client.delete(&team.flags("/a")),
        unchanged,
        server.anonymous().json("POST", "/api/v1/auth/login", "{"),
        server.anonymous().get("/api/v1/projects"),
        sdk.get("/api/v1/projects"),
        team.client.get("/nothing"),
        team.client.delete("/health"),
        server.register("admin@example.com"),
        team.client.with("Content-Type", "text/plain").send("POST", "/api/v1/projects", Some(b"{}")),
        team.client.post(&team.flags(""), &Team::flag_body("b", &json!({"default_variation": "none"}))),
        team.client.send("OPTIONS", "/health", None),
        team.client.get("/docs"),
        team.client.get("/openapi.json"),
        team.client.get("/"),
    ];
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(
        statuses,
        [200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 415, 422, 204, 200, 200, statuses[15]]
    );
    answers.iter().for_each(guarded);
    let limited =
        (0..40).map(|_| server.anonymous().get("/api/v1/auth/me")).find(|answer| answer.status == 429);
    guarded(&limited.expect("a limit"));
}

#[test]
fn only_what_may_be_kept_says_so() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    for (client, path, caching) in [
        (&team.client, "/api/v1/projects", "no-store"),
        (&team.client, "/nothing", "no-store"),
        (&team.client, "/health", "no-store"),
        (&sdk, "/api/v1/sdk/ruleset", "private, no-cache"),
        (&sdk, "/api/v1/sdk/bootstrap", "private, no-cache"),
        (&sdk, "/docs", "no-cache"),
        (&sdk, "/openapi.json", "no-cache"),
    ] {
        assert_eq!(client.get(path).header("cache-control"), Some(caching), "{path}");
    }
}

#[test]
fn large_answers_are_compressed_as_the_client_likes() {
    let server = Server::start();
    let plain = server.anonymous().with("Accept-Encoding", "identity").get("/openapi.json");
    assert!(plain.header("content-encoding").is_none());
    for accepted in ["gzip", "zstd"] {
        let answer = server.anonymous().with("Accept-Encoding", accepted).get("/openapi.json");
        assert_eq!(answer.header("content-encoding"), Some(accepted));
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Accept-Encoding")));
        assert!(answer.bytes.len() * 4 < plain.bytes.len());
        let mut unpacked = Vec::new();
        match accepted {
            "gzip" => flate2::read::GzDecoder::new(&answer.bytes[..]).read_to_end(&mut unpacked),
            _ => {
                zstd::Decoder::new(&answer.bytes[..]).and_then(|mut packed| packed.read_to_end(&mut unpacked))
            }
        }
        .expect("a sound body");
        assert!(unpacked == plain.bytes);
    }
    let small = server.anonymous().with("Accept-Encoding", "gzip, zstd").get("/health");
    assert!(small.header("content-encoding").is_none() && small.body()["status"] == "ok");
}

#[test]
fn the_server_says_how_it_is() {
    let server = Server::start();
    let health = server.anonymous().get("/health").expect(200);
    assert_eq!(health, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "database": "ok"}));
    assert_eq!(server.anonymous().get("/ready").expect(200), json!({"ready": true}));
    // Credentials make no difference, not even false ones.
    assert_ne!(server.anonymous().bearer("x").get("/health").expect(200)["status"], Value::Null);
}

#[test]
fn a_connection_outlives_a_refusal_that_did_not_need_the_body() {
    let server = Server::start();
    let mut connection = Connection::open(server.url());
    for _ in 0..20 {
        connection.send("POST /api/v1/projects HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n");
        connection.send("{}");
        connection.receive("POST").refused(401, "UNAUTHENTICATED");
        connection.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
        assert_eq!(connection.receive("GET").status, 200);
    }
    // What is too much to be read for nothing ends the connection, and says so.
    let head = "POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for rest in [
        format!("content-length: {MIB}"),
        format!("content-length: {}", 2 * MIB),
        "expect: 100-continue\r\ncontent-length: 2".into(),
    ] {
        let answer = exchange(server.url(), format!("{head}{rest}\r\n\r\n"));
        assert!(answer.status >= 400 && answer.head.contains("connection: close\r\n"), "{rest}: {answer:?}");
    }
}
