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
        Self::of(Following { first: Some(first), next: next(follower), printer, deadline: None })
    }

    /// The same, but not beyond `deadline`.
    pub fn until(deadline: Deadline, follower: Follower, first: Bytes, printer: impl Printer) -> Self {
        let deadline = Some(deadline);
        Self::of(Following { first: Some(first), next: next(follower), printer, deadline })
    }

    fn of(body: Following<impl Printer>) -> Self {
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

type Next = Pin<Box<dyn Future<Output = Option<(Follower, News)>> + Send + Sync>>;

fn next(mut follower: Follower) -> Next {
    Box::pin(async move {
        let news = follower.next().await?;
        Some((follower, news))
    })
}

struct Following<P> {
    first: Option<Bytes>,
    next: Next,
    printer: P,
    deadline: Option<Deadline>,
}

impl<P: Printer> Body for Following<P> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some((follower, news)) = std::task::ready!(self.next.as_mut().poll(context)) else {
            return Poll::Ready(None);
        };
        if self.deadline.as_ref().is_some_and(|deadline| (deadline.clock)() >= deadline.at) {
            return Poll::Ready(None);
        }
        let bytes = match news {
            News::Changes(changes) => self.printer.changes(&changes),
            News::Beat => Bytes::from_static(SIGN_OF_LIFE),
        };
        self.next = next(follower);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
