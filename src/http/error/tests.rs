//! The error table and its answers.

use std::collections::HashSet;

use super::*;

async fn body_of(error: ApiError) -> Value {
    let body = error.into_response().into_body().into_bytes().await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn every_code_is_an_error_and_its_text_is_its_own() {
    let texts: HashSet<_> = Code::ALL.iter().map(|code| code.text()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        assert!(code.when().ends_with('.'), "{code:?}");
        assert!(code.text().bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')), "{code:?}");
    }
}

#[tokio::test]
async fn the_envelope_always_has_code_message_and_details() {
    let error = ApiError::new(Code::FlagNotFound, "no flag `a`").with_detail("key", "a");
    let expected =
        json!({"error": {"code": "FLAG_NOT_FOUND", "message": "no flag `a`", "details": {"key": "a"}}});
    assert_eq!(body_of(error).await, expected);
    assert_eq!(body_of(ApiError::of(Code::NotFound)).await["error"]["details"], json!({}));
}

#[tokio::test]
async fn the_cause_of_an_internal_error_stays_in_the_log() {
    let error = ApiError::internal("disk on fire");
    assert!(error.to_string().contains("disk on fire"));
    assert!(!body_of(error).await.to_string().contains("fire"));
}

#[test]
fn a_401_asks_for_credentials_and_a_429_says_when() {
    let response = ApiError::of(Code::TokenExpired).into_response();
    assert_eq!(response.headers()["www-authenticate"], r#"Bearer realm="phaseflag", error="invalid_token""#);
    let response = ApiError::of(Code::Unauthenticated).into_response();
    assert_eq!(response.headers()["www-authenticate"], r#"Bearer realm="phaseflag""#);
    let response = ApiError::of(Code::RateLimitExceeded).with_retry_after(7).into_response();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &HeaderValue::from(7))
    );
    assert!(ApiError::of(Code::FlagNotFound).into_response().headers().get("www-authenticate").is_none());
}

#[test]
fn faults_of_shape_hide_faults_of_meaning() {
    let mut violations = Violations::one(Fault::RolloutSum, "rules[0]", "sums to 120");
    violations.add(Fault::VariationUnknown, "rules[1]", "names no variation");
    let error = ApiError::from(violations.clone());
    assert_eq!(error.code(), Code::RuleRolloutExceeds100);
    assert_eq!(error.message(), "rules[0]: sums to 120 (and 1 more)");
    assert_eq!(error.details()["fields"].as_array().map(Vec::len), Some(2));

    violations.malformed("name", "is required");
    let error = ApiError::from(violations);
    assert_eq!(error.code(), Code::ValidationError);
    assert_eq!(error.message(), "name: is required");
    assert_eq!(error.details()["fields"], json!([{"field": "name", "message": "is required"}]));
}

#[test]
fn the_list_of_faults_is_bounded_and_the_count_is_not() {
    let mut violations = Violations::new();
    for index in 0..MAX_REPORTED_FIELDS + 5 {
        violations.malformed(format!("[{index}]"), "is wrong");
    }
    let error = ApiError::from(violations);
    assert_eq!(error.details()["fields"].as_array().map(Vec::len), Some(MAX_REPORTED_FIELDS));
    assert_eq!(error.message(), "[0]: is wrong (and 104 more)");
}
