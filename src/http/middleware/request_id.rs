//! `X-Request-ID`: honoured when it is fit for a log line, else made (contract, A1).

use poem::http::{HeaderMap, HeaderName, HeaderValue};

/// The header, in requests and in answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest identifier that is taken over from a client, in bytes.
pub const MAX_REQUEST_ID: usize = 128;

/// Makes the name of a request that has none: visible ASCII.
pub type MakeRequestId = Box<dyn Fn() -> String + Send + Sync>;

/// The name of one request, in its extensions, its answer and its log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// The identifier that the client gave, or one that is made now.
    pub fn of(headers: &HeaderMap, make: impl FnOnce() -> String) -> Self {
        match headers.get(REQUEST_ID) {
            Some(given) if acceptable(given) => Self(given.clone()),
            _ => Self(HeaderValue::try_from(make()).unwrap_or(HeaderValue::from_static("unnamed"))),
        }
    }

    /// As text for a log.
    pub fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Visible ASCII alone, so that nobody writes line breaks or terminal controls into our log.
fn acceptable(given: &HeaderValue) -> bool {
    let bytes = given.as_bytes();
    (1..=MAX_REQUEST_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(given).unwrap());
        RequestId::of(&headers, || "made".to_owned()).text().to_owned()
    }

    #[test]
    fn is_taken_over_only_when_it_is_short_and_visible() {
        assert_eq!(of(b"a-1/B"), "a-1/B");
        assert_eq!(of(&[b'x'; MAX_REQUEST_ID]).len(), MAX_REQUEST_ID);
        for unfit in [&[b'x'; MAX_REQUEST_ID + 1][..], b"", b"a b", b"a\tb", b"\xc3\xbc"] {
            assert_eq!(of(unfit), "made");
        }
        assert_eq!(RequestId::of(&HeaderMap::new(), || "made".to_owned()).text(), "made");
    }
}
