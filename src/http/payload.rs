//! Bodies in and out. [`Strict`] reads a request with all its faults, [`RawJson`] hands out bytes where a hot path
//! reads them itself, [`FastJson`] writes an answer straight into bytes. All of them declare their schema.

use std::io;
use std::marker::PhantomData;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::error::ReadBodyError;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::error::ContentTypeError;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{
    MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Serialize;

use crate::domain::violation::{Draft, Path, Violations};
use crate::http::error::{ApiError, Code};
use crate::http::json;
use crate::http::middleware::body::TooLarge;
use crate::http::shape::Shape;

/// The only media type of bodies.
pub const JSON: &str = "application/json";

/// What most answers fit into, so that writing one allocates once. In bytes.
const TYPICAL_ANSWER: usize = 512;

/// The headers of most answers, with those that the middleware adds, so that their map is made once.
const TYPICAL_HEADERS: usize = 12;

/// A request body, read with every fault of its shape noted.
#[derive(Clone, Debug)]
pub struct Strict<T> {
    body: T,
    faults: Violations,
}

impl<T> Strict<T> {
    /// What `parse` makes of the body. `parse` notes what the domain says of it beside the faults of its shape; any
    /// fault at all refuses the body.
    pub fn parse<U>(self, parse: impl FnOnce(T, &mut Violations) -> Option<U>) -> Result<U, ApiError> {
        let Self { body, mut faults } = self;
        match parse(body, &mut faults) {
            Some(parsed) => Ok(faults.or_ok(parsed)?),
            None => Err(faults.into()),
        }
    }

    /// As [`Strict::parse`], but faults of meaning alone go on with what was parsed, for a change that can have more
    /// of them where the rest of the state is known.
    pub fn draft<U>(self, parse: impl FnOnce(T, &mut Violations) -> Option<U>) -> Result<Draft<U>, ApiError> {
        let Self { body, mut faults } = self;
        match parse(body, &mut faults) {
            Some(value) if !faults.is_malformed() => Ok(Draft { value, faults }),
            _ => Err(faults.into()),
        }
    }
}

/// A JSON body as bytes: of a request, for a handler that reads it itself, or of an answer that is kept as bytes.
/// `T` is its schema.
#[derive(Debug)]
pub struct RawJson<T> {
    /// The bytes.
    pub bytes: Bytes,
    schema: PhantomData<fn() -> T>,
}

impl<T> RawJson<T> {
    /// An answer whose bytes are JSON of the schema `T`.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, schema: PhantomData }
    }
}

/// The same for a body that may be missing or empty.
#[derive(Debug)]
pub struct OptionalJson<T> {
    /// The bytes.
    pub bytes: Bytes,
    schema: PhantomData<fn() -> T>,
}

/// An answer, written by serde in the order of its declaration.
#[derive(Clone, Debug)]
pub struct FastJson<T>(pub T);

/// The same with status 201: something was made.
#[derive(Clone, Debug)]
pub struct Created<T>(pub T);

/// The same with status 202: it was taken, and will be worked on.
#[derive(Clone, Debug)]
pub struct Accepted<T>(pub T);

/// Status 204: it was done, and there is nothing to say.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

macro_rules! json_payload {
    ($payload:ident) => {
        impl<T: Type> Payload for $payload<T> {
            const CONTENT_TYPE: &'static str = JSON;

            fn check_content_type(content_type: &str) -> bool {
                is_json(content_type)
            }

            fn schema_ref() -> MetaSchemaRef {
                T::schema_ref()
            }

            fn register(registry: &mut Registry) {
                T::register(registry);
            }
        }
    };
}

json_payload!(Strict);
json_payload!(RawJson);
json_payload!(OptionalJson);
json_payload!(FastJson);
json_payload!(Created);
json_payload!(Accepted);

/// `application/json`, with no charset but UTF-8 (RFC 8259 knows no other).
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(JSON));
    named
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
                charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

impl<T: Shape + Type> ParsePayload for Strict<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = read_some_bytes(request, body).await?;
        let document = json::parse(&bytes).map_err(ApiError::from)?;
        let mut faults = Violations::new();
        let body = T::read(&document, &Path::ROOT, &mut faults);
        Ok(Self { body, faults })
    }
}

impl<T: Type> ParsePayload for RawJson<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::new(read_some_bytes(request, body).await?))
    }
}

impl<'a, T: Type> ApiExtractor<'a> for OptionalJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: JSON, schema: Self::schema_ref() }];
        Some(MetaRequest { description: None, content, required: false })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let bytes = read_bytes(request, body).await?;
        let typed = request.content_type().is_some_and(is_json);
        if typed || bytes.is_empty() {
            return Ok(Self { bytes, schema: PhantomData });
        }
        Err(ContentTypeError::ExpectContentType.into())
    }
}

poem_openapi::impl_apirequest_for_payload!(Strict<T>, T: Shape + Type);
poem_openapi::impl_apirequest_for_payload!(RawJson<T>, T: Type);

/// The whole body; never an empty one.
async fn read_some_bytes(request: &Request, body: &mut RequestBody) -> Result<Bytes, ApiError> {
    let bytes = read_bytes(request, body).await?;
    if bytes.is_empty() {
        return Err(ApiError::field(Path::ROOT, "is empty, and JSON is expected"));
    }
    Ok(bytes)
}

/// The whole body; never a compressed one, because nothing bounds what it unpacks to.
async fn read_bytes(request: &Request, body: &mut RequestBody) -> Result<Bytes, ApiError> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::new(Code::UnsupportedMediaType, "compressed request bodies are not accepted"));
    }
    let body = body.take().map_err(ApiError::internal)?;
    joined(body.into()).await.map_err(|error| unreadable(&ReadBodyError::Io(error)))
}

/// The frames of a body. Most arrive as one, which is taken as it is.
async fn joined(mut body: BoxBody<Bytes, io::Error>) -> io::Result<Bytes> {
    let mut whole = Bytes::new();
    while let Some(frame) = body.frame().await {
        // What is no data is trailers, which nobody asks for.
        let Ok(data) = frame?.into_data() else { continue };
        whole = if whole.is_empty() {
            data
        } else {
            let mut longer = BytesMut::from(whole);
            longer.extend_from_slice(&data);
            longer.freeze()
        };
        if body.is_end_stream() {
            break;
        }
    }
    Ok(whole)
}

/// Why a body did not arrive. The limits of the middleware speak through the kind of the error.
pub fn unreadable(error: &ReadBodyError) -> ApiError {
    match error {
        ReadBodyError::BodyHasBeenTaken => ApiError::internal(error),
        ReadBodyError::PayloadTooLarge => ApiError::of(Code::PayloadTooLarge),
        ReadBodyError::Utf8(_) => ApiError::field(Path::ROOT, "is not valid UTF-8"),
        ReadBodyError::Io(error) => match innermost(error).kind() {
            io::ErrorKind::FileTooLarge => {
                match innermost(error).get_ref().and_then(|it| it.downcast_ref()) {
                    Some(TooLarge { limit }) => TooLarge { limit: *limit }.into(),
                    None => ApiError::of(Code::PayloadTooLarge),
                }
            }
            io::ErrorKind::TimedOut => ApiError::of(Code::RequestTimeout),
            _ => ApiError::field(Path::ROOT, "could not be read to its end"),
        },
    }
}

/// poem wraps the error of a body in another one, whose kind says nothing.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        error = inner;
    }
    error
}

/// The bytes of an answer, written by serde.
pub fn to_bytes(answer: &impl Serialize) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::with_capacity(TYPICAL_ANSWER);
    serde_json::to_writer(&mut bytes, answer).map_err(ApiError::internal)?;
    Ok(bytes.into())
}

/// An answer of this status, written by serde.
pub fn written(status: StatusCode, answer: &impl Serialize) -> Response {
    match to_bytes(answer) {
        Ok(bytes) => json_response(status, bytes),
        Err(error) => error.into_response(),
    }
}

impl<T> IntoResponse for RawJson<T> {
    fn into_response(self) -> Response {
        json_response(StatusCode::OK, self.bytes)
    }
}

fn json_response(status: StatusCode, bytes: Bytes) -> Response {
    let mut headers = HeaderMap::with_capacity(TYPICAL_HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    let mut response = Response::builder().status(status).body(bytes);
    *response.headers_mut() = headers;
    response
}

macro_rules! json_answer {
    ($payload:ident, $status:literal, $($bound:tt)+) => {
        impl<T: $($bound)+> ApiResponse for $payload<T> {
            fn meta() -> MetaResponses {
                MetaResponses {
                    responses: vec![MetaResponse {
                        description: "",
                        status: Some($status),
                        status_range: None,
                        content: vec![MetaMediaType { content_type: JSON, schema: Self::schema_ref() }],
                        headers: vec![],
                    }],
                }
            }

            fn register(registry: &mut Registry) {
                T::register(registry);
            }
        }
    };
}

json_answer!(FastJson, 200, Type + Serialize);
json_answer!(Created, 201, Type + Serialize);
json_answer!(Accepted, 202, Type + Serialize);
json_answer!(RawJson, 200, Type);

macro_rules! json_status {
    ($($payload:ident as $status:ident),*) => {$(
        impl<T: Serialize + Send> IntoResponse for $payload<T> {
            fn into_response(self) -> Response {
                written(StatusCode::$status, &self.0)
            }
        }
    )*};
}

json_status!(FastJson as OK, Created as CREATED, Accepted as ACCEPTED);

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        let done = MetaResponse {
            description: "Done",
            status: Some(204),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        MetaResponses { responses: vec![done] }
    }

    fn register(_: &mut Registry) {}
}

impl ApiResponse for ApiError {
    /// The error answers of an operation are derived from the error table, see [`crate::http::openapi`].
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![] }
    }

    fn register(_: &mut Registry) {}
}

#[cfg(test)]
mod tests;
