//! The request: who the user is in each form, what is refused, and the limits of a context.

use serde_json::{Map, Value, json};

use super::{PATH, ask, bench, served};
use crate::support::Client;

/// The value of the flag `a` for a body.
#[track_caller]
fn value(sdk: &Client, body: &Value) -> Value {
    let answer = sdk.post(PATH, body).expect(200);
    match answer.get("flag_key") {
        Some(_) => answer["value"].clone(),
        None => answer["data"]["evaluations"]["a"]["value"].clone(),
    }
}

#[test]
fn the_documented_form_needs_a_user_key() {
    let (_server, team, sdk) = bench();
    team.create_flag("a", &json!({}));
    for context in [
        json!({}),
        json!({"user_key": ""}),
        json!({"user_key": null}),
        json!({"user_id": "u"}),
        json!({"userId": "u", "session_id": "s"}),
        json!({"attributes": {"user_key": "u"}}),
    ] {
        let refused = sdk.post(PATH, &json!({"flags": ["a"], "context": context}));
        refused.faults(400, "VALIDATION_ERROR", &["context.user_key"]);
    }
    sdk.post(PATH, &json!({"flags": ["a"]})).faults(400, "VALIDATION_ERROR", &["context.user_key"]);
}

#[test]
fn the_sdk_form_takes_whoever_there_is() {
    let (_server, team, sdk) = bench();
    let condition = json!({"attribute": "user_key", "operator": "is", "value": "u"});
    team.create_flag(
        "a",
        &json!({"enabled": true, "targeting_rules": [{"conditions": [condition], "variation": "on"}]}),
    );
    for (context, expected) in [
        (json!({"user_key": "u", "user_id": "x", "session_id": "x"}), true),
        (json!({"user_id": "u", "session_id": "x"}), true),
        (json!({"userId": "u", "sessionId": "x"}), true),
        (json!({"session_id": "u"}), true),
        (json!({"sessionId": "u"}), true),
        (json!({"user_id": "", "session_id": "u"}), true),
        (json!({"user_id": "x", "session_id": "u"}), false),
        (json!({"user_key": "x", "user_id": "u"}), false),
        (json!({"user_id": null, "attributes": null}), false),
        (json!({}), false),
    ] {
        let body = json!({"flag_key": "a", "context": context});
        assert_eq!(value(&sdk, &body), expected, "{context}");
    }
    assert_eq!(value(&sdk, &json!({"flag_key": "a"})), false);
}

#[test]
fn nobody_in_particular_is_in_no_rollout() {
    let (_server, team, sdk) = bench();
    let all = json!([{"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 100}]}]);
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": all}));
    assert_eq!(value(&sdk, &json!({"flag_key": "a", "context": {"session_id": "s"}})), true);
    assert_eq!(value(&sdk, &json!({"flag_key": "a", "context": {"attributes": {"plan": "pro"}}})), false);
}

#[test]
fn names_of_the_contexts_own_fields_address_them() {
    let (_server, team, sdk) = bench();
    for (attribute, context) in [
        ("user_key", json!({"user_key": "u"})),
        ("user_id", json!({"user_key": "u"})),
        ("userId", json!({"user_key": "u"})),
        ("session_id", json!({"user_key": "x", "session_id": "u"})),
    ] {
        let key = attribute.to_lowercase();
        let condition = json!({"attribute": attribute, "operator": "is", "value": "u"});
        let rules = json!([{"conditions": [condition], "variation": "on"}]);
        team.create_flag(&key, &json!({"enabled": true, "targeting_rules": rules}));
        let answer = sdk.post(PATH, &json!({"flags": [key], "context": context})).expect(200);
        assert_eq!(answer["data"]["evaluations"][&key]["value"], true, "{attribute}");
    }
}

#[test]
fn a_request_asks_in_one_form() {
    let (_server, _, sdk) = bench();
    let context = json!({"user_key": "u"});
    let ask = |body: Value| sdk.post(PATH, &body);
    ask(json!({"context": context})).faults(400, "VALIDATION_ERROR", &["flags"]);
    let both = json!({"flags": ["a"], "flag_key": "a", "context": context});
    ask(both).faults(400, "VALIDATION_ERROR", &["flag_key"]);
}

#[test]
fn every_fault_of_a_request_is_named() {
    let (_server, _, sdk) = bench();
    let body = json!({
        "flags": ["a", 1], "colour": "red",
        "context": {"user_key": 5, "session_id": [], "email": "x", "attributes": []},
    });
    let places = [
        "colour",
        "flags[1]",
        "context.user_key",
        "context.session_id",
        "context.email",
        "context.attributes",
    ];
    sdk.post(PATH, &body).faults(400, "VALIDATION_ERROR", &places);
    for broken in ["{", "", "null", "[]", r#"{"flags": ["\ud800"]}"#, r#"{"flags": [1e999]}"#] {
        sdk.json("POST", PATH, broken).refused(400, "VALIDATION_ERROR");
    }
    for twice in [r#"{"a": 1, "a": 2}"#, r#"{"a": {"b": 1, "b": 2}}"#, r#"{"a": [{"b": 1, "\u0062": 2}]}"#] {
        let body = format!(r#"{{"flags": ["a"], "context": {{"user_key": "u", "attributes": {twice}}}}}"#);
        sdk.json("POST", PATH, &body).refused(400, "VALIDATION_ERROR");
    }
    sdk.with("Content-Type", "text/plain").post(PATH, &json!({})).refused(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[test]
fn nothing_in_a_context_is_an_error() {
    let (_server, team, sdk) = bench();
    let operands = [
        ("is", json!("x")),
        ("not_contains", json!("x")),
        ("one_of", json!(["x", 1])),
        ("gt", json!(1)),
        ("lt", json!("1")),
        ("matches_regex", json!("^x")),
        ("version_gt", json!("1.0")),
    ];
    for (operator, operand) in operands {
        let condition = json!({"attribute": "x", "operator": operator, "value": operand});
        let rules = json!([{"conditions": [condition], "variation": "on"}]);
        team.create_flag(operator, &json!({"enabled": true, "targeting_rules": rules}));
    }
    for odd in [
        json!(null),
        json!(true),
        json!(-0.0),
        json!(1e308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("\u{0}\u{fffd}😀"),
        json!([]),
        json!([null, [["x"]], {"x": 1}, "x"]),
        json!({"x": {"x": null}}),
        json!("x".repeat(20_000)),
        json!("99999999999999999999999999999999.1.2"),
    ] {
        let body = json!({"flags": ["*"], "context": {"user_key": "u", "attributes": {"x": odd}}});
        let evaluations = sdk.post(PATH, &body).expect(200)["data"]["evaluations"].clone();
        assert_eq!(evaluations.as_object().map(Map::len), Some(7), "{odd}");
    }
}

#[test]
fn a_thousand_keys() {
    let (_server, team, sdk) = bench();
    team.create_flag("k0", &json!({}));
    let keys = |count: usize| -> Value { (0..count).map(|number| format!("k{number}")).collect() };
    let answer = ask(&sdk, &keys(1_000), "u").expect(200);
    assert_eq!(answer["data"]["evaluations"].as_object().map(Map::len), Some(1_000));
    ask(&sdk, &keys(1_001), "u").faults(400, "VALIDATION_ERROR", &["flags"]);
}

#[test]
fn the_limits_of_a_context() {
    let (_server, team, sdk) = bench();
    team.create_flag("a", &json!({}));
    let send = |attributes: Value| {
        sdk.post(PATH, &json!({"flags": ["a"], "context": {"user_key": "u", "attributes": attributes}}))
    };
    let many = |count: usize| -> Value {
        Value::Object((0..count).map(|number| (format!("x{number}"), json!(number))).collect())
    };
    send(many(256)).expect(200);
    send(many(257)).faults(400, "VALIDATION_ERROR", &["context.attributes"]);
    // The attributes are the outermost level.
    let deep = |levels: usize| json!({"x": (1..levels).fold(json!(1), |inner, _| json!([inner]))});
    send(deep(10)).expect(200);
    send(deep(11)).faults(400, "VALIDATION_ERROR", &["context.attributes"]);
    let bare = json!({"user_key": "u", "attributes": {"x": ""}}).to_string().len();
    let large = |bytes: usize| json!({"x": "y".repeat(bytes - bare)});
    send(large(65_536)).expect(200);
    send(large(65_537)).faults(400, "VALIDATION_ERROR", &["context"]);
    served(&sdk, "a", "u");
}
