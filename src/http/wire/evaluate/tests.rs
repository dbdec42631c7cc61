//! Bodies of evaluations, sound and unsound.

use super::*;
use crate::domain::context::{MAX_ATTRIBUTES, MAX_CONTEXT_DEPTH};

fn fields(body: &str) -> Vec<String> {
    let error = read(body.as_bytes()).expect_err(body);
    let fields = error.details()["fields"].as_array().expect("fields").clone();
    fields.iter().map(|field| field["field"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_sound_body_is_borrowed() {
    let body =
        r#"{"flags":["a"],"context":{"user_key":"u","attributes":{"plan":"pro","n":[1,2.5,{"x":null}]}}}"#;
    let read = read(body.as_bytes()).unwrap();
    assert!(matches!(&read.asked, Asked::Flags(flags) if matches!(flags[0], Cow::Borrowed("a"))));
    assert!(matches!(read.context.user_key, Some(Cow::Borrowed("u"))));
    assert_eq!(read.context.attributes.len(), 2);
}

#[test]
fn the_fallbacks_of_the_user_key_belong_to_the_form_of_the_sdks() {
    let sdk = r#"{"flag_key":"a","context":{"userId":"u","sessionId":"s","attributes":null}}"#;
    let read_sdk = read(sdk.as_bytes()).unwrap();
    assert_eq!((read_sdk.context.key(), read_sdk.context.session_id.as_deref()), (Some("u"), Some("s")));
    assert_eq!(read(br#"{"flag_key":"a","context":{"session_id":"s"}}"#).unwrap().context.key(), Some("s"));
    assert_eq!(read(br#"{"flag_key":"a"}"#).unwrap().context.key(), None);
    assert_eq!(fields(r#"{"flags":["a"],"context":{"user_id":"u"}}"#), ["context.user_key"]);
}

#[test]
fn every_fault_is_named() {
    let body = r#"{"flags":["a",1],"flag_key":"b","extra":0,"context":{"user_key":7,"attributes":[]}}"#;
    let expected = ["extra", "flags[1]", "context.user_key", "context.attributes", "flag_key"];
    let mut found = fields(body);
    found.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(fields("{}"), ["flags"]);
    // serde takes a list for a struct.
    assert_eq!(fields(r#"[["a"],null,{"user_key":"u"}]"#)[0], "");
    assert_eq!(fields(r#"{"flags":["a"],"context":["u"]}"#)[0], "context");
    assert_eq!(fields(r#"{"flags":[],"context":{"user_key":""}}"#), ["context.user_key"]);
}

#[test]
fn limits_have_edges() {
    let attributes = |count: usize| {
        let members: Vec<_> = (0..count).map(|n| format!(r#""a{n}":{n}"#)).collect();
        format!(r#"{{"flags":["*"],"context":{{"user_key":"u","attributes":{{{}}}}}}}"#, members.join(","))
    };
    assert!(read(attributes(MAX_ATTRIBUTES).as_bytes()).is_ok());
    assert_eq!(fields(&attributes(MAX_ATTRIBUTES + 1)), ["context.attributes"]);
    let nested = |depth: usize| {
        let value = format!("{}1{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"flags":["*"],"context":{{"user_key":"u","attributes":{{"a":{value}}}}}}}"#)
    };
    assert!(read(nested(MAX_CONTEXT_DEPTH).as_bytes()).is_ok());
    assert_eq!(fields(&nested(MAX_CONTEXT_DEPTH + 1)), ["context.attributes"]);
    let flags = |count: usize| {
        let keys = vec![r#""a""#; count].join(",");
        format!(r#"{{"flags":[{keys}],"context":{{"user_key":"u"}}}}"#)
    };
    assert!(read(flags(MAX_FLAGS).as_bytes()).is_ok());
    assert_eq!(fields(&flags(MAX_FLAGS + 1)), ["flags"]);
    let sized = |bytes: usize| {
        let empty = r#"{"user_key":"u","attributes":{"a":""}}"#.len();
        let text = "x".repeat(bytes - empty);
        format!(r#"{{"flags":["*"],"context":{{"user_key":"u","attributes":{{"a":"{text}"}}}}}}"#)
    };
    assert!(read(sized(MAX_CONTEXT_BYTES).as_bytes()).is_ok());
    assert_eq!(fields(&sized(MAX_CONTEXT_BYTES + 1)), ["context"]);
}
