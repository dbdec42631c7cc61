//! The outermost layer: what every request and every answer has, in one pass over both. A request gets a name and
//! limits; an answer gets that name, the permissions of a browser, and one envelope if it is a failure.

pub mod body;
pub mod compress;
pub mod cors;
pub mod paths;
pub mod request_id;

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Body as _;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response};
use tokio::time::Instant;

use self::body::{BodyLimits, Leftover};
use self::compress::compress;
use self::cors::{Cors, preflight_origin};
use self::paths::{KnownPath, Paths};
use self::request_id::{MakeRequestId, REQUEST_ID, RequestId};
use crate::http::classify::classify;
use crate::http::error::{ApiError, Code};

/// What an answer says unless its route said otherwise.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What every answer may get beyond its own headers, so that the map grows once.
const ADDED_HEADERS: usize = 12;

/// What the outermost layer is told.
pub struct Settings {
    /// Which origins may read answers.
    pub cors: Cors,
    /// What a body may cost.
    pub body: BodyLimits,
    /// Templates of paths that accept larger bodies, with the largest in bytes.
    pub larger_bodies: Vec<(&'static str, u64)>,
    /// The paths that exist.
    pub paths: Paths,
    /// Makes the name of a request that has none.
    pub make_request_id: MakeRequestId,
}

/// The outermost layer around the routes.
pub struct Outermost<E> {
    routes: E,
    settings: Settings,
}

impl<E> Outermost<E> {
    /// Puts the layer around the routes.
    pub fn new(routes: E, settings: Settings) -> Self {
        Self { routes, settings }
    }
}

impl<E: Endpoint> Endpoint for Outermost<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let settings = &self.settings;
        let id = RequestId::of(request.headers(), &settings.make_request_id);
        request.extensions_mut().insert(id.clone());
        let method = request.method().clone();
        let path = settings.paths.find(request.uri().path());
        let origin = request.headers().get(header::ORIGIN).cloned();
        let accepted = request.headers().get(header::ACCEPT_ENCODING).cloned();
        let connection = Connection::of(&request);
        let (body, leftover) = self.limits_of(path).bound(request.take_body());
        request.set_body(body);

        let mut response = match self.without_routes(&request, path) {
            Some(response) => response_without(request, response),
            None => self.routed(request, path, &id).await,
        };
        connection.settle(&leftover, &mut response).await;
        compress(accepted.as_ref(), &mut response).await;
        if method == Method::HEAD {
            drop_body(&mut response);
        }
        let headers = response.headers_mut();
        headers.reserve(ADDED_HEADERS);
        add_defaults(headers);
        settings.cors.decorate(origin.as_ref(), headers);
        headers.insert(REQUEST_ID, id.0.clone());
        log(&method, path, response.status(), began.elapsed(), &id);
        Ok(response)
    }
}

impl<E: Endpoint> Outermost<E> {
    /// What is answered before any route is asked.
    fn without_routes(&self, request: &Request, path: Option<&KnownPath>) -> Option<Response> {
        let (method, headers) = (request.method(), request.headers());
        if let Some(origin) = preflight_origin(method, headers) {
            return Some(self.settings.cors.preflight(origin, path));
        }
        if method == Method::OPTIONS {
            let allow = path?.allow().clone();
            return Some(
                Response::builder().status(StatusCode::NO_CONTENT).header(header::ALLOW, allow).finish(),
            );
        }
        let refused = self.limits_of(path).refuses(headers);
        refused.then(|| ApiError::of(Code::PayloadTooLarge).into_response())
    }

    fn limits_of(&self, path: Option<&KnownPath>) -> BodyLimits {
        let larger = path.and_then(|path| {
            let mut exceptions = self.settings.larger_bodies.iter();
            exceptions.find(|(template, _)| *template == path.template())
        });
        larger.map_or(self.settings.body, |(_, size)| BodyLimits { size: *size, ..self.settings.body })
    }

    /// Asks the routes; whatever goes wrong in them becomes an answer.
    async fn routed(&self, mut request: Request, path: Option<&KnownPath>, id: &RequestId) -> Response {
        if request.method() == Method::HEAD && path.is_some_and(KnownPath::answers_head) {
            request.set_method(Method::GET);
        }
        let failure = match caught(self.routes.call(request)).await {
            Ok(Ok(output)) => return output.into_response(),
            Ok(Err(error)) => classify(&error, path.map(KnownPath::parameters).unwrap_or_default()),
            Err(panic) => ApiError::internal(format_args!("panicked: {}", message_of(panic.as_ref()))),
        };
        let code = failure.code();
        match code.status() {
            StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(request_id = id.text(), error = %failure, "a request failed");
            }
            // Overload and a full disk are told about where they are noticed.
            status if status.is_server_error() => {
                tracing::debug!(request_id = id.text(), error = %failure, "a request was turned away");
            }
            _ => {}
        }
        match (code, path) {
            (Code::MethodNotAllowed, Some(path)) => failure.with_header(header::ALLOW, path.allow().clone()),
            _ => failure,
        }
        .into_response()
    }
}

/// The answer to a request that no route sees.
fn response_without(request: Request, response: Response) -> Response {
    // Its body becomes what is left.
    drop(request);
    response
}

/// What an unread body means for the connection that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    /// HTTP/1: the next request stands behind the body.
    Shared,
    /// The client asks with `Expect` whether to send the body at all, and does not send it if refused.
    Asking,
    /// HTTP/2: every request has a stream of its own.
    Separate,
}

impl Connection {
    fn of(request: &Request) -> Self {
        match request.version() {
            Version::HTTP_2 | Version::HTTP_3 => Self::Separate,
            _ if request.headers().contains_key(header::EXPECT) => Self::Asking,
            _ => Self::Shared,
        }
    }

    /// Makes way for the next request, or tells the client that this was the last one: a connection that is closed
    /// without a word fails whatever was sent into it meanwhile.
    async fn settle(self, leftover: &Leftover, response: &mut Response) {
        let clear = match self {
            Self::Shared => leftover.discard().await,
            Self::Asking => !leftover.is_there(),
            Self::Separate => true,
        };
        if !clear {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Runs the routes; the error is what they panicked with.
async fn caught<F: Future>(routes: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut routes = pin!(routes);
    // A panicked future is never polled again, and what is shared behind it is built to be left at any point.
    poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| routes.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// HEAD is GET without the body; the length stays that of the body.
fn drop_body(response: &mut Response) {
    let body = http_body_util::combinators::BoxBody::from(response.take_body());
    if let Some(size) = body.size_hint().exact().filter(|size| *size > 0) {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    response.set_body(Body::empty());
}

fn add_defaults(headers: &mut HeaderMap) {
    for (name, value) in DEFAULT_HEADERS {
        headers.entry(name).or_insert(value);
    }
}

/// One line per request. The path as the document has it: the real one may hold what is not for a log, and neither
/// the query nor a header is ever printed.
fn log(method: &Method, path: Option<&KnownPath>, status: StatusCode, took: Duration, id: &RequestId) {
    tracing::info!(
        method = method.as_str(),
        path = path.map_or("(unknown)", KnownPath::template),
        status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        request_id = id.text(),
        "request"
    );
}

#[cfg(test)]
mod tests;
