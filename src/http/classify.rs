//! Turns whatever a handler or the framework failed with into an [`ApiError`], so that every failure has the one
//! envelope. Messages of the framework name Rust types; none of them reaches a client.

use poem::error::{
    MethodNotAllowedError, NotFoundError, ParsePathError as UnreadablePathError, ReadBodyError,
};
use poem::http::{HeaderName, HeaderValue, StatusCode};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};

use crate::domain::violation::Path;
use crate::http::error::{ApiError, Code};
use crate::http::payload::unreadable;

/// Headers that the answer to a failed request has to carry. An inner layer that lets an error pass attaches them
/// with [`poem::Error::set_data`], for example the state of a rate limit.
#[derive(Clone, Debug, Default)]
pub struct AnswerHeaders(pub Vec<(HeaderName, HeaderValue)>);

/// The answer to a failure. `parameters` are the names of the parameters in the path, in order: the framework
/// numbers them.
pub fn classify(error: &poem::Error, parameters: &[String]) -> ApiError {
    let attached = error.data::<AnswerHeaders>().cloned().unwrap_or_default();
    let classified = known(error, parameters).unwrap_or_else(|| by_status(error));
    attached.0.into_iter().fold(classified, |answer, (name, value)| answer.with_header(name, value))
}

fn known(error: &poem::Error, parameters: &[String]) -> Option<ApiError> {
    if let Some(ours) = error.downcast_ref::<ApiError>() {
        return Some(ours.clone());
    }
    if let Some(error) = error.downcast_ref::<ParseParamError>() {
        return Some(ApiError::field(error.name, parameter_fault(&error.reason)));
    }
    if let Some(error) = error.downcast_ref::<ParsePathError>() {
        let name = path_parameter(error.name, parameters).unwrap_or("path");
        return Some(ApiError::field(name, parameter_fault(&error.reason)));
    }
    if error.is::<ContentTypeError>() {
        let message = "a request with a body must say `Content-Type: application/json`";
        return Some(ApiError::new(Code::UnsupportedMediaType, message));
    }
    if let Some(error) = error.downcast_ref::<ReadBodyError>() {
        return Some(unreadable(error));
    }
    if error.is::<ParseRequestPayloadError>() {
        return Some(ApiError::field(Path::ROOT, "is not what this path expects"));
    }
    // A path whose text cannot be read names nothing.
    if error.is::<NotFoundError>() || error.is::<UnreadablePathError>() {
        return Some(ApiError::of(Code::NotFound));
    }
    if error.is::<MethodNotAllowedError>() {
        return Some(ApiError::of(Code::MethodNotAllowed));
    }
    error.is::<AuthorizationError>().then(|| ApiError::of(Code::Unauthenticated))
}

/// What else the framework may fail with has a status and nothing that a client should read.
fn by_status(error: &poem::Error) -> ApiError {
    let code = match error.status() {
        StatusCode::BAD_REQUEST => Code::ValidationError,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::InsufficientPermissions,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::TOO_MANY_REQUESTS => Code::RateLimitExceeded,
        StatusCode::SERVICE_UNAVAILABLE => Code::ServerBusy,
        _ => return ApiError::internal(error),
    };
    ApiError::of(code)
}

/// The framework calls the second parameter of a path `param1`.
fn path_parameter<'p>(numbered: &str, parameters: &'p [String]) -> Option<&'p str> {
    let index: usize = numbered.strip_prefix("param")?.parse().ok()?;
    parameters.get(index).map(String::as_str)
}

/// What is wrong with a parameter, from a reason such as
/// `failed to parse "integer(uint32)": invalid digit found in string (occurred while parsing "optional_..")`.
fn parameter_fault(reason: &str) -> String {
    if let Some(rule) = reason.strip_prefix("verification failed. ") {
        return format!("is out of bounds: {rule}");
    }
    if reason.ends_with("expects an input value.") || reason.contains("expects an input value. (occurred") {
        return "is required".to_owned();
    }
    let type_name = reason.split('"').nth(1).unwrap_or_default();
    let type_name = type_name.trim_start_matches("optional_");
    match type_name.split('(').next() {
        Some("integer") => "must be an integer in range".to_owned(),
        Some("number") => "must be a number".to_owned(),
        Some("boolean" | "bool") => "must be true or false".to_owned(),
        _ => match reason.strip_prefix("failed to parse ").and_then(|rest| rest.split_once("\": ")) {
            Some((_, sentence)) if sentence.starts_with("Expect a valid enumeration value") => {
                "is not one of the accepted values".to_owned()
            }
            // A parser of ours, whose sentence is meant to be read.
            Some((_, sentence)) => sentence.split(" (occurred while").next().unwrap_or(sentence).to_owned(),
            None => "is not one of the accepted values".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use poem::test::TestClient;
    use poem::{Endpoint, Request};
    use poem_openapi::param::{Path, Query};
    use poem_openapi::payload::PlainText;
    use poem_openapi::{OpenApi, OpenApiService};

    use super::*;
    use crate::domain::api_key::KeyKind;

    struct Api;

    #[OpenApi]
    impl Api {
        #[oai(path = "/things/:thing/parts/:part", method = "get")]
        async fn part(
            &self,
            thing: Path<String>,
            part: Path<u32>,
            #[oai(validator(maximum(value = "200")))] per_page: Query<Option<u32>>,
            archived: Query<Option<bool>>,
            kind: Query<Option<KeyKind>>,
            cursor: Query<String>,
        ) -> PlainText<String> {
            let rest = (per_page.0, archived.0, kind.0, cursor.0);
            PlainText(format!("{} {} {rest:?}", thing.0, part.0))
        }
    }

    async fn failure(path: &str) -> (String, String) {
        let app = poem::IntoEndpoint::into_endpoint(OpenApiService::new(Api, "t", "1"));
        let request = Request::builder().uri(path.parse().unwrap()).finish();
        let error = app.call(request).await.unwrap_err();
        let error = classify(&error, &["thing".to_owned(), "part".to_owned()]);
        assert_eq!(error.code(), Code::ValidationError, "{path}");
        let field = &error.details()["fields"][0];
        (field["field"].as_str().unwrap().to_owned(), field["message"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_bad_parameter_is_named_and_explained_in_plain_words() {
        for (path, field, message) in [
            ("/things/a/parts/b?cursor=", "part", "must be an integer in range"),
            ("/things/a/parts/1?cursor=&per_page=x", "per_page", "must be an integer in range"),
            (
                "/things/a/parts/1?cursor=&per_page=201",
                "per_page",
                "is out of bounds: maximum(200, exclusive: false)",
            ),
            ("/things/a/parts/1?cursor=&archived=x", "archived", "must be true or false"),
            ("/things/a/parts/1?cursor=&kind=x", "kind", "must be one of `server`, `client`"),
            ("/things/a/parts/1", "cursor", "is required"),
        ] {
            assert_eq!(failure(path).await, (field.to_owned(), message.to_owned()), "{path}");
        }
        let client = TestClient::new(OpenApiService::new(Api, "t", "1"));
        client.get("/things/a/parts/1?cursor=").send().await.assert_status_is_ok();
    }

    #[test]
    fn errors_of_the_framework_have_rows_of_the_table() {
        let code = |error: poem::Error| classify(&error, &[]).code();
        assert_eq!(code(NotFoundError.into()), Code::NotFound);
        assert_eq!(code(UnreadablePathError.into()), Code::NotFound);
        assert_eq!(code(MethodNotAllowedError.into()), Code::MethodNotAllowed);
        assert_eq!(code(ContentTypeError::ExpectContentType.into()), Code::UnsupportedMediaType);
        assert_eq!(code(AuthorizationError.into()), Code::Unauthenticated);
        assert_eq!(code(StatusCode::PAYLOAD_TOO_LARGE.into()), Code::PayloadTooLarge);
        assert_eq!(code(StatusCode::IM_A_TEAPOT.into()), Code::InternalError);
        assert_eq!(code(ApiError::of(Code::FlagInUse).into()), Code::FlagInUse);
        let late = std::io::Error::other(std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert_eq!(code(ReadBodyError::Io(late).into()), Code::RequestTimeout);
    }

    #[test]
    fn attached_headers_reach_the_answer() {
        let mut error = poem::Error::from(NotFoundError);
        let header = (HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(10));
        error.set_data(AnswerHeaders(vec![header]));
        let response = poem::IntoResponse::into_response(classify(&error, &[]));
        assert_eq!(response.headers()["x-ratelimit-limit"], "10");
    }
}
