//! Files that are part of the executable: those of the dashboard and of the documentation, everything below `assets/`.
//! A debug build reads them from the disk each time, so that a changed file shows without a build.

use std::borrow::Cow;

use bytes::Bytes;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response};
use rust_embed::Embed;

use super::etag;
use super::packed::Packed;

/// What is embedded.
#[derive(Embed)]
#[folder = "assets/"]
struct Assets;

/// How long a client may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// It asks about it each time: the tag of an unchanged file costs no transfer.
    Asked,
    /// As long as it likes: at this address there is never another one.
    Forever,
}

impl Caching {
    /// What `Cache-Control` says (RFC 9111, RFC 8246).
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Asked => "no-cache",
            Self::Forever => "public, max-age=31536000, immutable",
        })
    }
}

/// The bytes of an embedded file, by its path below `assets/`.
pub fn embedded(path: &str) -> Option<Bytes> {
    let file = Assets::get(path)?;
    Some(match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    })
}

/// The paths of all embedded files below `assets/`.
pub fn paths() -> impl Iterator<Item = Cow<'static, str>> {
    Assets::iter()
}

/// One file, complete in memory; a copy of it shares its bytes.
#[derive(Clone, Debug)]
pub struct File {
    body: Packed,
    content_type: HeaderValue,
    tag: HeaderValue,
}

impl File {
    /// A file with this content.
    pub fn new(bytes: impl Into<Bytes>, content_type: &'static str) -> Self {
        let bytes = bytes.into();
        let tag = etag::of_bytes(&bytes);
        Self { body: Packed::new(bytes), content_type: HeaderValue::from_static(content_type), tag }
    }

    /// The file, or 304 for a client that has it. `policy` says what a page may load (`Content-Security-Policy`).
    pub fn answer(&self, request: &Request, policy: HeaderValue, caching: Caching) -> Response {
        let unchanged = etag::none_match(request.headers(), &self.tag);
        let mut response = if unchanged {
            Response::builder().status(StatusCode::NOT_MODIFIED).finish()
        } else {
            self.body.answer(self.content_type.clone())
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, caching.header());
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}
