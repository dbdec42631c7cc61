//! Answers that show a thing under the tag of its revision, which `If-Match` of a change names.

use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaHeader, MetaResponses, Registry};
use poem_openapi::types::Type;

use crate::http::etag;

/// The answer `A` under the tag of a revision. Nobody keeps it unasked: beside what has a revision it may show more.
#[derive(Clone, Debug)]
pub struct Tagged<A> {
    tag: HeaderValue,
    /// Absent for a client that has it.
    answer: Option<A>,
}

impl<A> Tagged<A> {
    /// The answer that shows a thing at this revision.
    pub fn new(revision: u64, answer: A) -> Self {
        Self { tag: etag::of_revision(revision), answer: Some(answer) }
    }

    /// 304 in its place, if the request names its tag in `If-None-Match`.
    #[must_use]
    pub fn unless_known(self, request: &HeaderMap) -> Self {
        let answer = self.answer.filter(|_| !etag::none_match(request, &self.tag));
        Self { answer, ..self }
    }
}

impl<A: IntoResponse> IntoResponse for Tagged<A> {
    fn into_response(self) -> Response {
        let mut response = match self.answer {
            Some(answer) => answer.into_response(),
            None => StatusCode::NOT_MODIFIED.into_response(),
        };
        response.headers_mut().insert(header::ETAG, self.tag);
        response
    }
}

impl<A: ApiResponse> ApiResponse for Tagged<A> {
    /// That reading may be answered with 304 is added by [`crate::http::openapi`], which knows what reads.
    fn meta() -> MetaResponses {
        let mut meta = A::meta();
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "ETag".to_owned(),
                description: Some("Its revision in quotes, for `If-Match` and `If-None-Match`.".to_owned()),
                required: true,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }
}
