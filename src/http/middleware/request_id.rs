//! `X-Request-ID`: honoured when it is fit for a log line, else made (contract, A1).

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::time::Timestamp;

/// The header, in requests and in answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest identifier that is taken over from a client, in bytes.
pub const MAX_REQUEST_ID: usize = 128;

/// Makes the name of a request that came at this moment without one: visible ASCII.
pub type MakeRequestId = Box<dyn Fn(Timestamp) -> Arc<str> + Send + Sync>;

/// The name of one request, in its extensions, its answer and its log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The identifier that the client gave, or one that is made now.
    pub fn of(headers: &HeaderMap, make: impl FnOnce() -> Arc<str>) -> Self {
        Self(headers.get(REQUEST_ID).and_then(acceptable).map_or_else(make, Arc::from))
    }

    /// As text for a log.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// As the answer has it.
    pub fn to_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("unnamed"))
    }
}

impl From<RequestId> for Arc<str> {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// Visible ASCII alone, so that nobody writes line breaks or terminal controls into our log.
fn acceptable(given: &HeaderValue) -> Option<&str> {
    let text = given.to_str().ok()?;
    let fit = (1..=MAX_REQUEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fit.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(given).unwrap());
        RequestId::of(&headers, || "made".into()).text().to_owned()
    }

    #[test]
    fn is_taken_over_only_when_it_is_short_and_visible() {
        assert_eq!(of(b"a-1/B"), "a-1/B");
        assert_eq!(of(&[b'x'; MAX_REQUEST_ID]).len(), MAX_REQUEST_ID);
        for unfit in [&[b'x'; MAX_REQUEST_ID + 1][..], b"", b"a b", b"a\tb", b"\xc3\xbc"] {
            assert_eq!(of(unfit), "made");
        }
        assert_eq!(RequestId::of(&HeaderMap::new(), || "made".into()).text(), "made");
    }
}
