//! Compresses answers as the client accepts (contract, A1). Only bodies that are complete in memory: a stream is
//! left alone, so that its events leave at once.

use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Body, Response};

use crate::http::coding::Coding;
use crate::http::packed::{Packed, pack};

/// The smallest body that is compressed, in bytes; below it the header costs more than is saved.
pub const MIN_SIZE: u64 = 1024;

const VARY: HeaderValue = HeaderValue::from_static("Accept-Encoding");

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
    let Some(coding) = accepted.and_then(Coding::choose) else {
        response.set_body(Body::from(body));
        return;
    };
    let Ok(bytes) = Body::from(body).into_bytes().await else {
        tracing::error!("the body of an answer that is complete in memory could not be read");
        return;
    };
    let packed = match response.extensions().get::<Packed>().cloned() {
        Some(kept) => kept.coded(coding).await,
        None => pack(coding, bytes.clone()).await,
    };
    match packed {
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::http::packed::MAX_INLINE;

    async fn answer(size: usize, content_type: &'static str, accepted: &'static str) -> Response {
        let mut response = Response::builder().content_type(content_type).body(vec![b'a'; size]);
        compress(Some(&HeaderValue::from_static(accepted)), &mut response).await;
        response
    }

    #[tokio::test]
    async fn what_is_compressed_unpacks_to_what_it_was() {
        for size in [1024, MAX_INLINE + 1] {
            for accepted in ["gzip", "zstd"] {
                let response = answer(size, "application/json; charset=utf-8", accepted).await;
                assert_eq!(response.headers()["content-encoding"], accepted);
                assert_eq!(response.headers()["vary"], "Accept-Encoding");
                let packed = response.into_body().into_bytes().await.unwrap();
                let mut unpacked = Vec::new();
                match accepted {
                    "zstd" => zstd::Decoder::new(&packed[..]).unwrap().read_to_end(&mut unpacked).unwrap(),
                    _ => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap(),
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
