//! What a request body may cost: its size and the time it takes to arrive. The fault is told by the kind of the
//! error, `FileTooLarge` or `TimedOut`, which [`crate::http::payload::unreadable`] turns into 413 or 408.
//!
//! What nobody reads, as of a request that is refused by its head, is read here and thrown away: a connection with
//! an unread body is closed, which a client that is still sending, or already sends the next request, sees as an
//! error in place of the answer.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use poem::http::{HeaderMap, header};
use tokio::time::{Sleep, sleep, timeout};

/// The largest body of a request, in bytes, unless its path says otherwise.
pub const MAX_BODY: u64 = 1024 * 1024;

/// How long a body may take to arrive, from the first time that it is waited for.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body that nobody reads is thrown away, in bytes. Beyond it the connection is given up instead.
pub const MAX_DISCARDED: u64 = 8 * MAX_BODY;

/// How long that may take.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// What bodies may cost.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The largest body, in bytes.
    pub size: u64,
    /// How long a body may take.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { size: MAX_BODY, time: BODY_TIMEOUT }
    }
}

impl BodyLimits {
    /// Whether the request announces more than it may send.
    pub fn refuses(&self, headers: &HeaderMap) -> bool {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > self.size)
    }

    /// The body, within its limits, and what will be left of it once whoever reads it lets go of it. A body that is
    /// known to be empty stays as it is.
    pub fn bound(&self, body: poem::Body) -> (poem::Body, Rest) {
        if body.is_empty() {
            return (body, Rest::default());
        }
        let rest = Slot::default();
        let bounded = Bounded {
            inner: BoxBody::from(body),
            left: self.size,
            time: self.time,
            deadline: None,
            ended: false,
            rest: Arc::clone(&rest),
        };
        (BoxBody::new(bounded).into(), Rest(Some(rest)))
    }
}

type Slot = Arc<Mutex<Option<BoxBody<Bytes, io::Error>>>>;

/// What is left of a body that was not read to its end.
#[derive(Default)]
pub struct Rest(Option<Slot>);

impl Rest {
    /// Whether nothing is left.
    pub fn is_nothing(self) -> bool {
        self.take().is_none()
    }

    fn take(self) -> Option<BoxBody<Bytes, io::Error>> {
        self.0.and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    /// Reads what is left and throws it away. Whether it came to its end.
    pub async fn discard(self) -> bool {
        let Some(mut body) = self.take() else { return true };
        let to_the_end = async {
            let mut left = MAX_DISCARDED;
            while let Some(frame) = body.frame().await {
                let size = frame.ok().map(|frame| frame.data_ref().map_or(0, Bytes::len) as u64);
                let Some(rest) = size.and_then(|size| left.checked_sub(size)) else { return false };
                left = rest;
            }
            true
        };
        timeout(DISCARD_TIMEOUT, to_the_end).await.unwrap_or(false)
    }
}

struct Bounded {
    inner: BoxBody<Bytes, io::Error>,
    left: u64,
    time: Duration,
    /// Made when the body is waited for; most have arrived with their head.
    deadline: Option<Pin<Box<Sleep>>>,
    ended: bool,
    rest: Slot,
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if !self.ended && !self.inner.is_end_stream() {
            let inner = std::mem::take(&mut self.inner);
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner);
        }
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if polled.is_pending() {
            let time = self.time;
            let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(time)));
            ready!(deadline.as_mut().poll(context));
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            match self.left.checked_sub(data.len() as u64) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(io::ErrorKind::FileTooLarge.into()))),
            }
        }
        self.ended = matches!(polled, Poll::Ready(None));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn code(result: Result<Bytes, poem::error::ReadBodyError>) -> String {
        result.map_or_else(
            |error| crate::http::payload::unreadable(&error).code().text().to_owned(),
            |bytes| bytes.len().to_string(),
        )
    }

    #[tokio::test]
    async fn the_size_is_bounded_at_its_edge() {
        let limits = BodyLimits { size: 10, ..BodyLimits::default() };
        assert_eq!(code(limits.bound(vec![0; 10].into()).0.into_bytes().await), "10");
        assert_eq!(code(limits.bound(vec![0; 11].into()).0.into_bytes().await), "PAYLOAD_TOO_LARGE");
        let mut headers = HeaderMap::new();
        assert!(!limits.refuses(&headers));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(10));
        assert!(!limits.refuses(&headers));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(11));
        assert!(limits.refuses(&headers));
    }

    /// Says one thing and then never anything more.
    struct Stalled(Option<Bytes>);

    impl Body for Stalled {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_arriving_times_out() {
        let stalled = BoxBody::new(Stalled(Some(Bytes::from_static(b"x"))));
        let (body, _) = BodyLimits::default().bound(stalled.into());
        assert_eq!(code(body.into_bytes().await), "REQUEST_TIMEOUT");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_reads_is_thrown_away_within_limits() {
        let bound = |body: poem::Body| BodyLimits::default().bound(body);
        let (unread, rest) = bound(vec![0; 10].into());
        drop(unread);
        assert!(rest.discard().await);

        let (read, rest) = bound(vec![0; 10].into());
        assert_eq!(code(read.into_bytes().await), "10");
        assert!(rest.discard().await);

        let (unread, rest) = bound(vec![0; usize::try_from(MAX_DISCARDED).unwrap() + 1].into());
        drop(unread);
        assert!(!rest.discard().await, "more than that is not worth it");

        let (unread, rest) = bound(BoxBody::new(Stalled(Some(Bytes::from_static(b"x")))).into());
        drop(unread);
        assert!(!rest.discard().await, "nor is waiting for long");
    }
}
