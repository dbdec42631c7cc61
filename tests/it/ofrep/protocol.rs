//! Our answers against what the protocol's published description (`service/openapi.yaml` of open-feature/protocol)
//! says of them.
//!
//! Where it contradicts itself, another specification or its own clients, this is what we hold to:
//!
//! - A whole number is both its `integerFlag` and its `floatFlag`, of which `oneOf` accepts exactly one, so that by
//!   the letter no integer could ever be served. Here one of them must hold.
//! - Its `objectFlag` is a JSON object. A flag of ours of the type `json` may be an array, which no type of the
//!   protocol is; the clients for dynamic languages take it as an object.
//! - Its examples of `reason` lack `DEFAULT`, which the specification of `OpenFeature` has, and which its clients hand
//!   on as it is.
//! - It has `Retry-After` as an RFC 3339 moment (and once called it `Retry-Later`); HTTP has seconds or an HTTP date,
//!   and its clients read seconds.
//! - For 401, 403 and 429 it declares no body, so that ours is allowed.
//! - A failure of the single evaluation needs a `key`; of a request that is refused before its key is read, such as
//!   one that is too large, it is unknown, and such an answer is none of the protocol's.

use serde_json::{Value, json};

use super::{ask, ask_all, bench, to_all};

/// A member of an object: its name, a check of its value, and whether it must be there.
type Member = (&'static str, fn(&Value) -> bool, bool);

/// The members of an evaluation.
const EVALUATION: [Member; 5] = [
    ("key", Value::is_string, false),
    ("value", is_value, true),
    ("reason", is_reason, false),
    ("variant", Value::is_string, false),
    ("metadata", is_metadata, false),
];
/// The members of a failure about a flag.
const FAILURE: [Member; 3] = [
    ("key", Value::is_string, true),
    ("errorCode", is_error_code, true),
    ("errorDetails", Value::is_string, false),
];
/// The members of a failure about the whole request.
const BULK_FAILURE: [Member; 2] =
    [("errorCode", Value::is_string, true), ("errorDetails", Value::is_string, false)];

fn is_value(value: &Value) -> bool {
    value.is_boolean() || value.is_string() || value.is_number() || value.is_object()
}

fn is_reason(value: &Value) -> bool {
    ["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN", "DEFAULT"].iter().any(|it| value == it)
}

fn is_error_code(value: &Value) -> bool {
    ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL"].iter().any(|it| value == it)
}

/// An object of booleans, strings and numbers.
fn is_metadata(value: &Value) -> bool {
    let scalar = |value: &Value| value.is_boolean() || value.is_string() || value.is_number();
    value.as_object().is_some_and(|members| members.values().all(scalar))
}

/// Whether an object has what it must, and what it has is of the right kind.
fn conforms(object: &Value, members: &[Member]) -> bool {
    object.is_object()
        && members.iter().all(|(name, is_right, required)| object.get(name).map_or(!required, is_right))
}

#[test]
fn answers_are_what_the_protocol_describes() {
    let (_server, team, sdk) = bench();
    for (key, kind, value) in [
        ("boolean", "boolean", json!(true)),
        ("string", "string", json!("text")),
        ("integer", "number", json!(10)),
        ("float", "number", json!(1.5)),
        ("object", "json", json!({"a": [1]})),
    ] {
        let mut variations = vec![json!({"key": "v", "value": value})];
        if kind == "boolean" {
            variations.push(json!({"key": "w", "value": false}));
        }
        let body =
            json!({"flag_type": kind, "variations": variations, "default_variation": "v", "enabled": true});
        team.create_flag(key, &body);
        let answer = ask(&sdk, key, &json!({"targetingKey": "u"})).expect(200);
        assert!(conforms(&answer, &EVALUATION) && answer["value"] == value, "{answer}");
    }
    team.create_flag("split", &json!({"enabled": true, "targeting_rules": [to_all()]}));

    let missing = ask(&sdk, "split", &json!({})).expect(400);
    let invalid = ask(&sdk, "split", &json!([])).expect(400);
    for failure in [&missing, &invalid] {
        assert!(conforms(failure, &FAILURE), "{failure}");
    }
    let unknown = ask(&sdk, "nobody", &json!({})).expect(404);
    assert!(unknown["key"] == "nobody" && unknown["errorCode"] == "FLAG_NOT_FOUND", "{unknown}");
    assert!(conforms(&ask_all(&sdk, &json!([])).expect(400), &BULK_FAILURE));

    let bulk = ask_all(&sdk, &json!({})).expect(200);
    assert!(is_metadata(&bulk["metadata"]), "{bulk}");
    let flags = bulk["flags"].as_array().expect("a list");
    assert_eq!(flags.len(), 6);
    for item in flags {
        // Exactly one of the two.
        assert_ne!(conforms(item, &EVALUATION), conforms(item, &FAILURE), "{item}");
    }
}
