//! One attempt to deliver: a signed request, and what its answer means. 2xx is a success, everything else is not; 410
//! says that nobody will ever want it there.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Request;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};

use crate::{
    auth::webhook_signature::WebhookKey,
    domain::time::Timestamp,
    egress::{
        Failure,
        client::{self, Answer, Limits},
        destination::Destination,
        guard::Policy,
    },
};

/// What a receiver may take: so much time, and so much of what it answers is read.
pub(super) const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), whole: Duration::from_secs(10), answer_bytes: 64 << 10 };

/// Who we are.
const AGENT: &str = concat!("PhaseFlag/", env!("CARGO_PKG_VERSION"));
const SIMPLE_SIGNATURE: &str = "x-phaseflag-signature";
const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIMESTAMP: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";

/// What is sent to whom.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// Where to.
    pub(super) url: String,
    /// The receiver's secret, as it was shown.
    pub(super) secret: String,
    /// The event: the same at every attempt.
    pub(super) event: String,
    /// What is said of it.
    pub(super) body: Bytes,
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) struct Attempted {
    /// What follows from it.
    pub(super) verdict: Verdict,
    /// How long it took.
    pub(super) latency: Duration,
    /// The status, if there was an answer.
    pub(super) status: Option<StatusCode>,
    /// What was answered.
    pub(super) answer: Vec<u8>,
}

impl Attempted {
    /// One that ended without saying how.
    pub(super) fn broken() -> Self {
        let verdict = Verdict::Failed("the attempt broke off".to_owned(), None);
        Self { verdict, latency: Duration::ZERO, status: None, answer: Vec::new() }
    }
}

/// What follows from an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has arrived.
    Delivered,
    /// It has not, for this reason; the receiver may have said when to come again.
    Failed(String, Option<Timestamp>),
    /// It has not, and never will.
    Hopeless(String),
}

/// Tries to deliver at `now`.
pub(super) async fn attempt(parcel: &Parcel, policy: &Policy, now: Timestamp) -> Attempted {
    let began = Instant::now();
    let answer = send(parcel, policy, now).await;
    let latency = began.elapsed();
    match answer {
        Ok(Answer { status, headers, body }) => {
            Attempted { verdict: verdict(status, &headers, now), latency, status: Some(status), answer: body }
        }
        Err(failure) => {
            let verdict = Verdict::Failed(failure.to_string(), None);
            Attempted { verdict, latency, status: None, answer: Vec::new() }
        }
    }
}

async fn send(parcel: &Parcel, policy: &Policy, now: Timestamp) -> Result<Answer, Failure> {
    let unsent = |why: &str| Failure::Unsent(why.to_owned());
    let destination = Destination::parse(&parcel.url).map_err(unsent)?;
    let key = WebhookKey::of(&parcel.secret).ok_or_else(|| unsent("its secret signs nothing"))?;
    let request = Request::post(destination.path().as_str())
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, "application/json")
        .header(SIMPLE_SIGNATURE, key.simple(&parcel.body))
        .header(STANDARD_ID, &parcel.event)
        .header(STANDARD_TIMESTAMP, now.seconds())
        .header(STANDARD_SIGNATURE, key.standard(&parcel.event, now, &parcel.body))
        .body(parcel.body.clone())
        .map_err(|_| unsent("it cannot be sent"))?;
    client::exchange(&destination, policy, request, LIMITS).await
}

/// What an answer means.
fn verdict(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Verdict {
    let number = status.as_u16();
    match number {
        200..300 => Verdict::Delivered,
        300..400 => Verdict::Failed(format!("it answered {number}, and redirects are not followed"), None),
        410 => Verdict::Hopeless("it answered 410: it is gone for good".to_owned()),
        429 | 503 => Verdict::Failed(format!("it answered {number}"), wish(headers, now)),
        _ => Verdict::Failed(format!("it answered {number}"), None),
    }
}

/// When a receiver wants to be asked again: after so many seconds, or at a date.
fn wish(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<u32>().ok().map(|seconds| now.plus_seconds(seconds.into()));
    seconds.or_else(|| Timestamp::parse_http(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn of(status: u16, retry_after: Option<&str>) -> Verdict {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, text.parse().unwrap());
        }
        verdict(StatusCode::from_u16(status).unwrap(), &headers, NOW)
    }

    fn failed(why: &str, wish: Option<i64>) -> Verdict {
        Verdict::Failed(why.to_owned(), wish.map(|seconds| NOW.plus_seconds(seconds)))
    }

    #[test]
    fn a_status_says_whether_it_has_arrived() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(of(status, Some("5")), Verdict::Delivered, "{status}");
        }
        assert_eq!(of(307, None), failed("it answered 307, and redirects are not followed", None));
        assert_eq!(of(410, Some("5")), Verdict::Hopeless("it answered 410: it is gone for good".to_owned()));
        for status in [400, 404, 408, 500, 502, 599] {
            assert_eq!(of(status, Some("5")), failed(&format!("it answered {status}"), None));
        }
    }

    #[test]
    fn who_is_busy_says_when_to_come_again() {
        for (text, wish) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Tue, 14 Nov 2023 22:14:20 GMT", Some(60)),
            ("soon", None),
            ("-1", None),
            ("99999999999", None),
        ] {
            assert_eq!(of(429, Some(text)), failed("it answered 429", wish), "{text}");
            assert_eq!(of(503, Some(text)), failed("it answered 503", wish), "{text}");
        }
        assert_eq!(of(503, None), failed("it answered 503", None));
    }
}
