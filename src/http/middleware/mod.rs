//! The outermost layer: what every request and every answer has, in one pass over both. A request gets a name and
//! limits; an answer gets that name, the permissions of a browser, and one envelope if it is a failure.

pub mod account;
pub mod body;
pub mod compress;
pub mod cors;
pub mod paths;
pub mod principal;
pub mod request_id;
pub mod traffic;

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::body::Body as _;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response};
use tokio::time::Instant;

use self::account::{Account, Traced, principal_of};
use self::body::{BodyLimits, Leftover};
use self::compress::compress;
use self::cors::{Cors, preflight_origin};
use self::paths::{KnownPath, Paths};
use self::principal::Principal;
use self::request_id::{MakeRequestId, REQUEST_ID, RequestId};
use crate::domain::time::Timestamp;
use crate::http::app::Clock;
use crate::http::classify::classify;
use crate::http::error::{ApiError, Code};
use crate::trace::{Context, Tracer};

/// What an answer says unless its route said otherwise.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What the outermost layer is told.
pub struct Settings {
    /// Which origins may read answers.
    pub cors: Cors,
    /// What a body may cost.
    pub body: BodyLimits,
    /// Templates of paths that accept larger bodies, with the largest in bytes.
    pub larger_bodies: Vec<(&'static str, u64)>,
    /// The paths that exist.
    pub paths: Arc<Paths>,
    /// Tells the moment.
    pub clock: Clock,
    /// Makes the name of a request that has none.
    pub make_request_id: MakeRequestId,
    /// How failures are told to clients of another protocol.
    pub dialect: Dialect,
    /// Takes spans, if anything is traced.
    pub tracer: Option<Arc<Tracer>>,
}

/// Another protocol, whose clients look for their own members in a failure.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// What its paths begin with.
    pub root: &'static str,
    /// Adds those members.
    pub translate: fn(ApiError) -> ApiError,
}

impl Dialect {
    /// How failures on this path are told.
    fn on(self, path: &str) -> fn(ApiError) -> ApiError {
        if path.starts_with(self.root) { self.translate } else { |failure| failure }
    }
}

/// What a request gets on its way in, among its extensions.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The moment at which it came.
    pub now: Timestamp,
    /// Its name.
    pub id: RequestId,
    /// Its span, if it is traced.
    pub trace: Option<Context>,
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

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let began = Instant::now();
        let settings = &self.settings;
        let now = (settings.clock)();
        let id = RequestId::of(request.headers(), || (settings.make_request_id)(now));
        let traced = Traced::begin(settings.tracer.as_ref(), &request);
        let trace = traced.as_ref().map(|traced| traced.root().context);
        let arrival = Arrival { now, id, trace };
        request.set_data(arrival.clone());
        let method = request.method().clone();
        let path = settings.paths.find(request.uri().path());
        let origin = request.headers().get(header::ORIGIN).cloned();
        let accepted = request.headers().get(header::ACCEPT_ENCODING).cloned();
        let connection = Connection::of(&request);
        let tell = settings.dialect.on(request.uri().path());
        let (body, leftover) = self.limits_of(path).bound(request.take_body());
        request.set_body(body);

        // Not an `async fn`: that has room for its argument twice, and hyper moves this future with every request.
        async move {
            let mut response = match self.without_routes(&request, path, tell) {
                Some(response) => response_without(request, response),
                None => {
                    answer_head(&mut request, path);
                    let outcome = caught(pin!(self.routes.call(request))).await;
                    answer_of(outcome, path, &arrival.id, tell)
                }
            };
            connection.settle(&leftover, &mut response).await;
            compress(accepted.as_ref(), &mut response).await;
            if method == Method::HEAD {
                drop_body(&mut response);
            }
            let headers = response.headers_mut();
            add_defaults(headers);
            settings.cors.decorate(origin.as_ref(), headers);
            headers.insert(REQUEST_ID, arrival.id.to_header());
            let (status, principal) = (response.status(), principal_of(&response));
            let ended = Instant::now();
            let account =
                Account { method: &method, path, status, arrival: &arrival, principal, began, ended };
            account.give(&settings.paths, traced);
            Ok(response)
        }
    }
}

impl<E: Endpoint> Outermost<E> {
    /// What is answered before any route is asked.
    fn without_routes(
        &self,
        request: &Request,
        path: Option<&KnownPath>,
        tell: fn(ApiError) -> ApiError,
    ) -> Option<Response> {
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
        let fault = self.limits_of(path).refuses(headers)?;
        Some(tell(fault.into()).into_response())
    }

    fn limits_of(&self, path: Option<&KnownPath>) -> BodyLimits {
        let larger = path.and_then(|path| {
            let mut exceptions = self.settings.larger_bodies.iter();
            exceptions.find(|(template, _)| *template == path.template())
        });
        larger.map_or(self.settings.body, |(_, size)| BodyLimits { size: *size, ..self.settings.body })
    }
}

/// The routes know HEAD as GET.
fn answer_head(request: &mut Request, path: Option<&KnownPath>) {
    if request.method() == Method::HEAD && path.is_some_and(KnownPath::answers_head) {
        request.set_method(Method::GET);
    }
}

/// Whatever went wrong in the routes becomes an answer.
fn answer_of(
    outcome: Result<poem::Result<impl IntoResponse>, Panic>,
    path: Option<&KnownPath>,
    id: &RequestId,
    tell: fn(ApiError) -> ApiError,
) -> Response {
    let mut principal = None;
    let failure = match outcome {
        Ok(Ok(output)) => return output.into_response(),
        Ok(Err(error)) => {
            principal = error.data::<Principal>().copied();
            classify(&error, path.map(KnownPath::parameters).unwrap_or_default())
        }
        Err(panic) => ApiError::internal(format_args!("panicked: {}", message_of(panic.as_ref()))),
    };
    let code = failure.code();
    match code.status() {
        StatusCode::INTERNAL_SERVER_ERROR => {
            tracing::error!(request_id = id.text(), error = %failure, "a request failed");
        }
        // Overload, or the data file.
        status if status.is_server_error() => {
            tracing::warn!(request_id = id.text(), error = %failure, "a request was turned away");
        }
        _ => {}
    }
    let answer = tell(match (code, path) {
        (Code::MethodNotAllowed, Some(path)) => failure.with_header(header::ALLOW, path.allow().clone()),
        _ => failure,
    });
    let mut response = answer.into_response();
    if let Some(principal) = principal {
        response.extensions_mut().insert(principal);
    }
    response
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

/// What somebody panicked with.
type Panic = Box<dyn Any + Send>;

/// Runs the routes, and catches their panic.
fn caught<F: Future>(mut routes: Pin<&mut F>) -> impl Future<Output = Result<F::Output, Panic>> {
    // A panicked future is never polled again, and what is shared behind it is built to be left at any point.
    poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| routes.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
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

#[cfg(test)]
mod tests;
