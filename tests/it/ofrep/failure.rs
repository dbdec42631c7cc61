//! Every failure below `/ofrep/` speaks both languages: our envelope, and the protocol's members beside it.

use serde_json::json;

use super::{ALL, ask, ask_all, bench};
use crate::support::{Answer, Server};

/// Checks that this is our error `code` and the protocol's `error_code`.
#[track_caller]
fn failed(answer: &Answer, status: u16, code: &str, error_code: &str) {
    answer.refused(status, code);
    let body = answer.body();
    assert_eq!(body["errorCode"], error_code, "{body}");
    assert_eq!(body["errorDetails"], body["error"]["message"], "{body}");
}

#[test]
fn what_the_protocol_knows_has_its_code() {
    let (_server, team, sdk) = bench();
    team.create_flag("f", &json!({"enabled": true}));
    let one = format!("{ALL}/f");
    for path in [ALL, &one] {
        for body in ["{", "[]", "7", "nonsense", r#"{"context":{"a":1,"a":2}}"#] {
            failed(&sdk.json("POST", path, body), 400, "VALIDATION_ERROR", "PARSE_ERROR");
        }
        for context in
            [json!([]), json!("u"), json!(1), json!({"targetingKey": 7}), json!({"targetingKey": {}})]
        {
            let answer = sdk.post(path, &json!({"context": context}));
            failed(&answer, 400, "VALIDATION_ERROR", "INVALID_CONTEXT");
        }
    }
    assert_eq!(sdk.json("POST", &one, "{").body()["key"], "f");
    let unknown = ask(&sdk, "nobody", &json!({}));
    failed(&unknown, 404, "FLAG_NOT_FOUND", "FLAG_NOT_FOUND");
    assert_eq!(unknown.body()["key"], "nobody");
}

#[test]
fn a_context_beyond_a_limit_is_refused_with_the_limit() {
    let (_server, _team, sdk) = bench();
    let many: serde_json::Map<_, _> = (0..257).map(|n| (format!("a{n}"), json!(n))).collect();
    let deep = (0..11).fold(json!(1), |inner, _| json!([inner]));
    for (context, limit) in [
        (json!({"a": "x".repeat(64 * 1024)}), "65536 bytes"),
        (json!(many), "256 attributes"),
        (json!({"a": deep}), "10 deep"),
    ] {
        let answer = ask_all(&sdk, &context);
        failed(&answer, 400, "VALIDATION_ERROR", "INVALID_CONTEXT");
        let details = answer.body()["errorDetails"].as_str().expect("details").to_owned();
        assert!(details.contains(limit), "{details}");
    }
}

#[test]
fn everything_else_is_general_on_every_path() {
    let (_server, team, sdk) = bench();
    let general = |answer: &Answer, status, code| failed(answer, status, code, "GENERAL");
    general(&ask_all(&sdk.anonymous(), &json!({})), 401, "UNAUTHENTICATED");
    let wrong = sdk.with("X-API-Key", "sdk-dev-wrong");
    general(&ask(&wrong, "f", &json!({})), 401, "API_KEY_INVALID");
    general(&ask(&team.client, "f", &json!({})), 403, "INSUFFICIENT_PERMISSIONS");
    for path in
        ["/ofrep/", "/ofrep/v1", "/ofrep/v1/evaluate", "/ofrep/v1/configuration", "/ofrep/v1/evaluate/flags/"]
    {
        general(&sdk.get(path), 404, "NOT_FOUND");
    }
    general(&sdk.get(ALL), 405, "METHOD_NOT_ALLOWED");
    general(&sdk.put(&format!("{ALL}/f"), &json!({})), 405, "METHOD_NOT_ALLOWED");
    let text = sdk.with("Content-Type", "text/plain").json("POST", ALL, "{}");
    general(&text, 415, "UNSUPPORTED_MEDIA_TYPE");
    let huge = format!(r#"{{"context":{{"a":"{}"}}}}"#, "x".repeat(2 << 20));
    general(&sdk.json("POST", ALL, &huge), 413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn a_failure_elsewhere_has_nothing_of_it() {
    let server = Server::start();
    for path in ["/nothing", "/ofrep", "/ofrepeat/x", "/api/v1/projects", "/api/v1/ofrep/"] {
        let body = server.anonymous().get(path).body();
        assert!(body["error"].is_object() && body.get("errorCode").is_none(), "{path}: {body}");
    }
}

#[test]
fn evaluations_of_both_kinds_are_counted_together() {
    let server = Server::with(&["--rate-limit-evaluation=3"]);
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    team.create_flag("f", &json!({"enabled": true}));
    let remaining = |answer: &Answer| answer.header("x-ratelimit-remaining").map(str::to_owned);
    let body = json!({"flag_key": "f", "context": {"user_id": "u"}});
    assert_eq!(remaining(&sdk.post("/api/v1/evaluate", &body)).as_deref(), Some("2"));
    assert_eq!(remaining(&ask(&sdk, "f", &json!({}))).as_deref(), Some("1"));
    assert_eq!(remaining(&ask_all(&sdk, &json!({}))).as_deref(), Some("0"));
    for answer in [ask(&sdk, "f", &json!({})), ask_all(&sdk, &json!({}))] {
        failed(&answer, 429, "RATE_LIMIT_EXCEEDED", "GENERAL");
        let seconds: u64 = answer.header("retry-after").expect("a time").parse().expect("whole seconds");
        assert!((1..=20).contains(&seconds), "{seconds}");
    }
}
