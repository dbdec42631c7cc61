//! Answers that go on: server-sent events, as long as a follower has news. A stream that nobody reads is not asked for
//! more, so it holds one version and what is on its way; when it is read again, it goes on with what is news then.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame};
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use crate::domain::time::Timestamp;
use crate::http::app::Clock;
use crate::http::error::{ApiError, Code};
use crate::live::feed::{Follower, News, Notice, TooMany};

/// The media type of server-sent events.
const CONTENT_TYPE: &str = "text/event-stream";
/// What proxies that hold answers back until they are complete are told.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// A comment: it says that the stream is alive, and clients pass over it.
pub const SIGN_OF_LIFE: &[u8] = b":\n\n";
/// When a client that found no room may try again, in seconds.
const RETRY_AFTER: u64 = 30;

/// Where the events of a stream come from.
pub trait Source: Send + Sync + Unpin + 'static {
    /// Waits for the next events, or signs of life, as they are sent; `None` when there will be no more.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>> + Send + Sync;
}

/// How one stream prints what happened.
pub trait Printer: Send + Sync + Unpin + 'static {
    /// The events for some changes, oldest first.
    fn changes(&self, changes: &[impl AsRef<Notice>]) -> Bytes;
}

/// When a stream ends by itself. It is looked at whenever there is something to tell, a sign of life included.
pub struct Deadline {
    /// The moment.
    pub at: Timestamp,
    /// Tells the present one.
    pub clock: Clock,
}

/// A stream of events.
pub struct EventStream(Response);

impl EventStream {
    /// What `follower` hears, after `first`, until its key ends or the server stops.
    pub fn new(follower: Follower, first: Bytes, printer: impl Printer) -> Self {
        Self::of(first, Heard { follower, printer, deadline: None })
    }

    /// The same, but not beyond `deadline`.
    pub fn until(deadline: Deadline, follower: Follower, first: Bytes, printer: impl Printer) -> Self {
        Self::of(first, Heard { follower, printer, deadline: Some(deadline) })
    }

    /// What comes out of `source`, after `first`.
    pub fn of(first: Bytes, source: impl Source) -> Self {
        let body = Following { first: Some(first), next: next(source) };
        let mut response = Response::builder()
            .content_type(CONTENT_TYPE)
            .header(BUFFERING, HeaderValue::from_static("no"))
            .body(BoxBody::new(body.map_err(|never| match never {})));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self(response)
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for EventStream {
    fn meta() -> MetaResponses {
        let events = MetaMediaType { content_type: CONTENT_TYPE, schema: String::schema_ref() };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Events, until the client goes, its key ends, or the server stops",
                status: Some(200),
                status_range: None,
                content: vec![events],
                headers: Vec::new(),
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

impl From<TooMany> for ApiError {
    fn from(why: TooMany) -> Self {
        let sentence = match why {
            TooMany::InAll => "the server has as many streams as it takes",
            TooMany::WithThisKey => "this API key has as many streams as one key may have",
        };
        Self::too_many_streams(sentence)
    }
}

impl ApiError {
    /// There is no room for one more stream.
    pub fn too_many_streams(sentence: &str) -> Self {
        Self::new(Code::StreamLimitReached, sentence).with_retry_after(RETRY_AFTER)
    }
}

/// Whether these are the headers of a stream.
pub fn goes_on(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|content_type| content_type == CONTENT_TYPE)
}

/// One event in the form of the standard: its name, the identifier that a client repeats when it comes back, and data
/// on one line.
pub fn event(name: &str, id: Option<u64>, data: &str) -> String {
    match id {
        Some(id) => format!("event: {name}\nid: {id}\ndata: {data}\n\n"),
        None => format!("event: {name}\ndata: {data}\n\n"),
    }
}

/// What one who follows hears, as a printer prints it.
struct Heard<P> {
    follower: Follower,
    printer: P,
    deadline: Option<Deadline>,
}

impl<P: Printer> Source for Heard<P> {
    async fn next(&mut self) -> Option<Bytes> {
        let news = self.follower.next().await?;
        if self.deadline.as_ref().is_some_and(|deadline| (deadline.clock)() >= deadline.at) {
            return None;
        }
        Some(match news {
            News::Changes(changes) => self.printer.changes(&changes),
            News::Beat => Bytes::from_static(SIGN_OF_LIFE),
        })
    }
}

type Next<S> = Pin<Box<dyn Future<Output = Option<(S, Bytes)>> + Send + Sync>>;

fn next<S: Source>(mut source: S) -> Next<S> {
    Box::pin(async move {
        let bytes = source.next().await?;
        Some((source, bytes))
    })
}

struct Following<S> {
    first: Option<Bytes>,
    next: Next<S>,
}

impl<S: Source> Body for Following<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some((source, bytes)) = std::task::ready!(self.next.as_mut().poll(context)) else {
            return Poll::Ready(None);
        };
        self.next = next(source);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
