//! `open-feature` with `open-feature-ofrep`. This provider gives every success the reason `STATIC`, every 400 the code
//! `INVALID_CONTEXT` and every wrong type `PARSE_ERROR`, whatever the server says; so these are what is checked.

use std::time::Duration;

use open_feature::{Client, EvaluationContext, EvaluationErrorCode, OpenFeature, StructValue, Value};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value as Json;

/// Twice as many as are accepted in a minute, and more.
const MANY: usize = 150;

async fn client(server: &Json, key: &str, name: &str) -> Client {
    let bearer = HeaderValue::try_from(format!("Bearer {key}")).expect("a header");
    let options = OfrepOptions {
        base_url: server["url"].as_str().expect("an address").to_owned(),
        headers: HeaderMap::from_iter([(AUTHORIZATION, bearer)]),
        ..OfrepOptions::default()
    };
    let provider = OfrepProvider::new(options).await.expect("a provider");
    let mut api = OpenFeature::singleton_mut().await;
    api.set_named_provider(name, provider).await;
    api.create_named_client(name)
}

#[tokio::main]
async fn main() {
    let path = std::env::var("WORLD").expect("the path of the world");
    let world: Json = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    let key = |server: &str, name: &str| world[server]["keys"][name].as_str().expect("a key").to_owned();
    let user = EvaluationContext::default().with_targeting_key("u").with_custom_field("plan", "pro");
    let user = Some(&user);

    let flags = client(&world["free"], &key("free", "development/server"), "free").await;
    let boolean = flags.get_bool_details("boolean", user, None).await.expect("a boolean");
    assert_eq!((boolean.value, boolean.variant.as_deref()), (true, Some("on")));
    let other = EvaluationContext::default().with_targeting_key("u");
    assert_eq!(flags.get_bool_value("boolean", Some(&other), None).await, Ok(false));
    assert_eq!(flags.get_bool_value("split", user, None).await, Ok(true));
    assert_eq!(flags.get_string_value("string", user, None).await.as_deref(), Ok("hello"));
    assert_eq!(flags.get_int_value("integer", user, None).await, Ok(42));
    assert_eq!(flags.get_float_value("float", user, None).await, Ok(0.5));
    let object: StructValue = flags.get_struct_value("object", user, None).await.expect("an object");
    assert_eq!(object.fields["dark"], Value::Bool(true));
    assert_eq!(object.fields["sizes"], Value::Array(vec![Value::Int(1), Value::Int(2)]));

    let code = |error: open_feature::EvaluationError| error.code;
    let unknown = flags.get_bool_value("nobody", user, None).await.map_err(code);
    assert_eq!(unknown, Err(EvaluationErrorCode::FlagNotFound));
    let mistyped = flags.get_bool_value("string", user, None).await.map_err(code);
    assert_eq!(mistyped, Err(EvaluationErrorCode::ParseError));
    let fraction = flags.get_int_value("whole-float", user, None).await.map_err(code);
    assert_eq!(fraction, Err(EvaluationErrorCode::ParseError));
    let nobody = EvaluationContext::default();
    let keyless = flags.get_bool_value("split", Some(&nobody), None).await.map_err(code);
    assert_eq!(keyless, Err(EvaluationErrorCode::InvalidContext));
    let stranger = client(&world["free"], "sdk-dev-wrong", "stranger").await;
    let refused = stranger.get_bool_value("boolean", user, None).await.map_err(code);
    assert!(matches!(refused, Err(EvaluationErrorCode::General(why)) if why.contains("authentication")));

    let hasty = client(&world["limited"], &key("limited", "development/client"), "hasty").await;
    let mut refused = None;
    for _ in 0..MANY {
        refused = hasty.get_string_value("string", user, None).await.err();
        if refused.is_some() {
            break;
        }
    }
    let says = |text: &str, error: Option<open_feature::EvaluationError>| {
        let message = error.and_then(|error| error.message).unwrap_or_default();
        assert!(message.contains(text), "{message}");
    };
    says("Retry after", refused);
    says("Please wait", hasty.get_string_value("string", user, None).await.err());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(hasty.get_string_value("string", user, None).await.as_deref(), Ok("hello"));
    println!("rust: 16 checks passed");
}
