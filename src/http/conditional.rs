//! Answers that a client may keep if it asks each time whether they have changed.

use std::marker::PhantomData;

use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use crate::http::{etag::none_match, payload::JSON};

/// Clients may keep the answer, and ask each time whether it has changed.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What such an answer depends on beside its address and its body.
const BY_CREDENTIALS: HeaderValue = HeaderValue::from_static("Authorization, X-API-Key");

/// JSON of the schema `T` under a tag, or 304 for a client that has it.
pub struct Conditional<T> {
    response: Response,
    schema: PhantomData<fn() -> T>,
}

impl<T> Conditional<T> {
    /// What `answer` is, under its tag.
    pub fn fresh(tag: HeaderValue, answer: Response) -> Self {
        let mut response = answer;
        let headers = response.headers_mut();
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        headers.insert(header::VARY, BY_CREDENTIALS);
        Self { response, schema: PhantomData }
    }

    /// 304, if the request names this tag.
    pub fn known(request: &HeaderMap, tag: &HeaderValue) -> Option<Self> {
        let not_modified = || Self::fresh(tag.clone(), StatusCode::NOT_MODIFIED.into_response());
        none_match(request, tag).then(not_modified)
    }
}

impl<T> IntoResponse for Conditional<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for Conditional<T> {
    fn meta() -> MetaResponses {
        let tag = || MetaHeader {
            name: "ETag".to_owned(),
            description: Some("The same as long as the answer is.".to_owned()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let answer = |status, description, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: vec![tag()],
        };
        let json = MetaMediaType { content_type: JSON, schema: T::schema_ref() };
        MetaResponses {
            responses: vec![answer(200, "", vec![json]), answer(304, "Nothing has changed", vec![])],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
