//! Compresses answers as the client accepts (contract, A1). Only bodies that are complete in memory: a stream is
//! left alone, so that its events leave at once.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::GzEncoder;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Body, Response};

/// The smallest body that is compressed, in bytes; below it the header costs more than is saved.
pub const MIN_SIZE: u64 = 1024;

/// The largest body that is compressed where it stands, in bytes: well under a millisecond. A larger one is given to
/// a thread for blocking work.
const MAX_INLINE: usize = 16 * 1024;

/// Brotli's levels reach to 11; beyond this one the time grows faster than the gain.
const BROTLI_LEVEL: u32 = 4;
/// The window of Brotli as a power of two, in bytes.
const BROTLI_WINDOW: u32 = 20;
/// The buffer of Brotli's writer, in bytes.
const BROTLI_BUFFER: usize = 4096;
/// gzip's levels reach to 9.
const GZIP_LEVEL: u32 = 5;

const VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// The codings that we speak, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    const ALL: [Coding; 2] = [Coding::Brotli, Coding::Gzip];

    fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
        }
    }

    fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let packed = Vec::with_capacity(bytes.len() / 3);
        match self {
            Coding::Brotli => {
                let mut writer =
                    brotli::CompressorWriter::new(packed, BROTLI_BUFFER, BROTLI_LEVEL, BROTLI_WINDOW);
                writer.write_all(bytes)?;
                writer.flush()?;
                Ok(writer.into_inner())
            }
            Coding::Gzip => {
                let mut writer = GzEncoder::new(packed, flate2::Compression::new(GZIP_LEVEL));
                writer.write_all(bytes)?;
                writer.finish()
            }
        }
    }
}

/// Compresses the body of an answer if that is worth it and `accepted`, the request's `Accept-Encoding`, allows.
pub async fn compress(accepted: Option<&HeaderValue>, response: &mut Response) {
    if !compressible(response.headers()) {
        return;
    }
    let body = BoxBody::from(response.take_body());
    if body.size_hint().exact().is_none_or(|size| size < MIN_SIZE) {
        response.set_body(Body::from(body));
        return;
    }
    response.headers_mut().append(header::VARY, VARY);
    let Some(coding) = accepted.and_then(|accepted| choose(accepted.to_str().ok()?)) else {
        response.set_body(Body::from(body));
        return;
    };
    let Ok(bytes) = Body::from(body).into_bytes().await else {
        tracing::error!("the body of an answer that is complete in memory could not be read");
        return;
    };
    match pack(coding, bytes.clone()).await {
        Ok(packed) => {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            headers.remove(header::CONTENT_LENGTH);
            response.set_body(packed);
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be compressed");
            response.set_body(bytes);
        }
    }
}

async fn pack(coding: Coding, bytes: Bytes) -> io::Result<Vec<u8>> {
    if bytes.len() <= MAX_INLINE {
        return coding.encode(&bytes);
    }
    tokio::task::spawn_blocking(move || coding.encode(&bytes)).await?
}

/// Whether the body is text, and not encoded yet. What has no body has no content type either.
fn compressible(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    match essence {
        b"application/json" | b"application/javascript" | b"application/yaml" | b"image/svg+xml" => true,
        b"text/event-stream" => false,
        other => other.starts_with(b"text/"),
    }
}

/// The coding that the client likes best, ours first among equals (RFC 9110, section 12.5.3).
fn choose(accepted: &str) -> Option<Coding> {
    let mut best = None;
    for coding in Coding::ALL {
        let quality = quality_of(coding.name(), accepted);
        if quality > best.map_or(0.0, |(_, quality)| quality) {
            best = Some((coding, quality));
        }
    }
    best.map(|(coding, _)| coding)
}

fn quality_of(coding: &str, accepted: &str) -> f32 {
    let mut by_star = 0.0;
    for entry in accepted.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        // A weight that does not parse is no wish at all.
        let quality = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        if name.eq_ignore_ascii_case(coding) {
            return quality;
        }
        if name == "*" {
            by_star = quality;
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn chooses_what_the_client_likes_best() {
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("gzip;q=1.0, br;q=0.5", Some(Coding::Gzip)),
            ("GZIP", Some(Coding::Gzip)),
            ("br;q=0, *", Some(Coding::Gzip)),
            ("*;q=0.1", Some(Coding::Brotli)),
            ("br;q=0, gzip; q=0", None),
            ("identity", None),
            ("", None),
            ("gzip;q=x", None),
        ] {
            assert_eq!(choose(accepted), expected, "{accepted}");
        }
    }

    async fn answer(size: usize, content_type: &'static str, accepted: &'static str) -> Response {
        let mut response = Response::builder().content_type(content_type).body(vec![b'a'; size]);
        compress(Some(&HeaderValue::from_static(accepted)), &mut response).await;
        response
    }

    #[tokio::test]
    async fn what_is_compressed_unpacks_to_what_it_was() {
        for size in [1024, MAX_INLINE + 1] {
            for accepted in ["gzip", "br"] {
                let response = answer(size, "application/json; charset=utf-8", accepted).await;
                assert_eq!(response.headers()["content-encoding"], accepted);
                assert_eq!(response.headers()["vary"], "Accept-Encoding");
                let packed = response.into_body().into_bytes().await.unwrap();
                let mut unpacked = Vec::new();
                match accepted {
                    "gzip" => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap(),
                    _ => brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut unpacked).unwrap(),
                };
                assert!(packed.len() < size && unpacked == vec![b'a'; size]);
            }
        }
    }

    #[tokio::test]
    async fn small_binary_and_streamed_bodies_stay_as_they_are() {
        for (size, content_type, accepted, varies) in [
            (1023, "application/json", "gzip", false),
            (5000, "image/png", "gzip", false),
            (5000, "text/event-stream", "gzip", false),
            (5000, "text/html", "identity", true),
        ] {
            let response = answer(size, content_type, accepted).await;
            assert!(!response.headers().contains_key("content-encoding"), "{content_type}");
            assert_eq!(response.headers().contains_key("vary"), varies, "{content_type}");
            assert_eq!(response.into_body().into_bytes().await.unwrap().len(), size);
        }
    }
}
