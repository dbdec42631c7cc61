//! What a request body may cost: its size and the time it takes to arrive. The fault is told by the kind of the
//! error, `FileTooLarge` or `TimedOut`, which [`crate::http::payload::unreadable`] turns into 413 or 408.
//!
//! A refusal that does not need the body leaves it unread, and the next request on the connection stands behind it.
//! So what is left of a body comes back as a [`Leftover`], to be read and forgotten.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use poem::http::{HeaderMap, header};
use tokio::time::{Sleep, sleep};

use crate::http::error::{ApiError, Code};

/// The largest body of a request, in bytes, unless its path says otherwise.
pub const MAX_BODY: u64 = 1024 * 1024;

/// The largest document that is imported, in bytes (contract B7).
pub const MAX_IMPORT: u64 = 32 * MAX_BODY;

/// How long a body may take to arrive, from the first time that it is waited for.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What is read of a body that nobody wants, at most, in bytes; a new connection is cheaper than more.
pub const MAX_DISCARDED: u64 = 8 * MAX_BODY;

/// How long a body that nobody wants may take to arrive.
pub const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

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

/// A body is larger than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Its largest size, in bytes.
    pub limit: u64,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the body must be at most {} bytes", self.limit)
    }
}

impl Error for TooLarge {}

impl From<TooLarge> for ApiError {
    fn from(fault: TooLarge) -> Self {
        Self::new(Code::PayloadTooLarge, fault.to_string()).with_detail("limit_bytes", fault.limit)
    }
}

impl BodyLimits {
    /// What is wrong with a request that announces more than it may send.
    pub fn refuses(&self, headers: &HeaderMap) -> Option<TooLarge> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let length = announced.and_then(|length| length.parse::<u64>().ok())?;
        (length > self.size).then_some(TooLarge { limit: self.size })
    }

    /// The body, within its limits, and what will be left of it. A body that is known to be empty stays as it is.
    pub fn bound(&self, body: poem::Body) -> (poem::Body, Leftover) {
        let leftover = Leftover::default();
        if body.is_empty() {
            return (body, leftover);
        }
        let bounded = self.bounded(BoxBody::from(body), leftover.clone());
        (BoxBody::new(bounded).into(), leftover)
    }

    fn bounded(&self, inner: BoxBody<Bytes, io::Error>, leftover: Leftover) -> Bounded {
        Bounded {
            inner,
            limit: self.size,
            left: self.size,
            time: self.time,
            deadline: None,
            failed: false,
            leftover,
        }
    }
}

/// What is left of a body when its last reader is gone.
#[derive(Clone, Default)]
pub struct Leftover(Arc<Mutex<Rest>>);

#[derive(Default)]
enum Rest {
    /// Nothing is left, or somebody still reads.
    #[default]
    Nothing,
    /// It was not read to its end.
    Unread(BoxBody<Bytes, io::Error>),
    /// It was too large, too late or broken off.
    Failed,
}

impl Leftover {
    /// Reads what is left, if it is little and comes soon. Whether nothing is left to be read.
    pub async fn discard(&self) -> bool {
        let rest = match std::mem::take(&mut *self.rest()) {
            Rest::Nothing => return true,
            Rest::Failed => return false,
            Rest::Unread(rest) if rest.size_hint().lower() > MAX_DISCARDED => return false,
            Rest::Unread(rest) => rest,
        };
        let limits = BodyLimits { size: MAX_DISCARDED, time: DISCARD_TIMEOUT };
        let mut rest = limits.bounded(rest, Self::default());
        loop {
            match rest.frame().await {
                Some(Ok(_)) => {}
                Some(Err(_)) => return false,
                None => return true,
            }
        }
    }

    /// Whether something is left.
    pub fn is_there(&self) -> bool {
        !matches!(*self.rest(), Rest::Nothing)
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Bounded {
    inner: BoxBody<Bytes, io::Error>,
    /// Bytes that it may have.
    limit: u64,
    /// Bytes that it may have still.
    left: u64,
    time: Duration,
    /// Made when the body is waited for; most have arrived with their head.
    deadline: Option<Pin<Box<Sleep>>>,
    failed: bool,
    /// Where the body goes if it is dropped before its end.
    leftover: Leftover,
}

impl Bounded {
    fn poll_within_limits(
        &mut self,
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
                None => {
                    let fault = TooLarge { limit: self.limit };
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::FileTooLarge, fault))));
                }
            }
        }
        polled
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if self.failed {
            *self.leftover.rest() = Rest::Failed;
        } else if !self.inner.is_end_stream() {
            *self.leftover.rest() = Rest::Unread(std::mem::take(&mut self.inner));
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
        let polled = ready!(self.poll_within_limits(context));
        self.failed = matches!(polled, Some(Err(_)));
        Poll::Ready(polled)
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
        assert_eq!(limits.refuses(&headers), None);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(10));
        assert_eq!(limits.refuses(&headers), None);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(11));
        assert_eq!(limits.refuses(&headers), Some(TooLarge { limit: 10 }));
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
        let (body, leftover) = BodyLimits::default().bound(stalled.into());
        assert_eq!(code(body.into_bytes().await), "REQUEST_TIMEOUT");
        assert!(leftover.is_there() && !leftover.discard().await);
    }

    /// Says a byte every second, and never ends.
    struct Dribbling(tokio::time::Interval);

    impl Body for Dribbling {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            self.0.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_of_a_byte_at_a_time_has_as_long_as_any_other() {
        let began = tokio::time::Instant::now();
        let dribbling = Dribbling(tokio::time::interval(Duration::from_secs(1)));
        let (body, leftover) = BodyLimits::default().bound(BoxBody::new(dribbling).into());
        assert_eq!(code(body.into_bytes().await), "REQUEST_TIMEOUT");
        assert_eq!(began.elapsed().as_secs(), BODY_TIMEOUT.as_secs());
        assert!(leftover.is_there() && !leftover.discard().await);
    }

    #[tokio::test]
    async fn what_nobody_reads_is_left_and_can_be_discarded_if_it_is_little() {
        let most = usize::try_from(MAX_DISCARDED).unwrap();
        for (size, discarded) in [(1, true), (most, true), (most + 1, false)] {
            let (body, leftover) = BodyLimits::default().bound(vec![0; size].into());
            assert!(!leftover.is_there());
            drop(body);
            assert!(leftover.is_there());
            assert_eq!(leftover.discard().await, discarded, "{size}");
        }
        for body in [poem::Body::empty(), vec![0; 10].into()] {
            let (body, leftover) = BodyLimits::default().bound(body);
            body.into_bytes().await.unwrap();
            assert!(!leftover.is_there() && leftover.discard().await);
        }
    }
}
