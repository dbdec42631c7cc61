//! One attempt to deliver: a signed request, and what its answer means. 2xx is a success, everything else is not; 410
//! says that nobody will ever want it there.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Request;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};

use crate::{
    auth::webhook_signature::WebhookKey,
    control::outbox::Letter,
    domain::{delivery::Attempt, time::Timestamp},
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

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It has arrived.
    Arrived,
    /// It has not, and may at another time; the receiver may have said when.
    Again(Option<Timestamp>),
    /// It has not, and never will.
    Hopeless,
}

/// Tries to deliver at `at`.
pub(super) async fn attempt(letter: &Letter, policy: &Policy, at: Timestamp) -> (Attempt, Outlook) {
    let began = Instant::now();
    let sent = send(letter, policy, at).await;
    let latency_millis = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    match sent {
        Ok(Answer { status, headers, body: answer }) => {
            let (outlook, error) = meaning(status, &headers, at);
            (Attempt { at, status: Some(status.as_u16()), latency_millis, error, answer }, outlook)
        }
        Err(failure) => {
            let error = Some(failure.to_string());
            (Attempt { at, status: None, latency_millis, error, answer: Vec::new() }, Outlook::Again(None))
        }
    }
}

async fn send(letter: &Letter, policy: &Policy, at: Timestamp) -> Result<Answer, Failure> {
    let unsent = |why: &str| Failure::Unsent(why.to_owned());
    let destination = Destination::parse(letter.url.as_str()).map_err(unsent)?;
    let key = WebhookKey::of(&letter.secret.expose()).ok_or_else(|| unsent("its secret signs nothing"))?;
    let event = letter.event.to_string();
    let request = Request::post(destination.path().as_str())
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, "application/json")
        .header(SIMPLE_SIGNATURE, key.simple(&letter.body))
        .header(STANDARD_ID, &event)
        .header(STANDARD_TIMESTAMP, at.seconds())
        .header(STANDARD_SIGNATURE, key.standard(&event, at, &letter.body))
        .body(Bytes::from(letter.body.clone()))
        .map_err(|_| unsent("it cannot be sent"))?;
    client::exchange(&destination, policy, request, LIMITS).await
}

/// What an answer means, and what is wrong with it.
fn meaning(status: StatusCode, headers: &HeaderMap, at: Timestamp) -> (Outlook, Option<String>) {
    let number = status.as_u16();
    let answered = |what: &str| Some(format!("it answered {number}{what}"));
    match number {
        200..300 => (Outlook::Arrived, None),
        300..400 => (Outlook::Again(None), answered(", and redirects are not followed")),
        410 => (Outlook::Hopeless, answered(": it is gone for good")),
        429 | 503 => (Outlook::Again(wish(headers, at)), answered("")),
        _ => (Outlook::Again(None), answered("")),
    }
}

/// When a receiver wants to be asked again: after so many seconds, or at a date.
fn wish(headers: &HeaderMap, at: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<u32>().ok().map(|seconds| at.plus_seconds(seconds.into()));
    seconds.or_else(|| Timestamp::parse_http(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn of(status: u16, retry_after: Option<&str>) -> (Outlook, Option<String>) {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, text.parse().unwrap());
        }
        meaning(StatusCode::from_u16(status).unwrap(), &headers, NOW)
    }

    fn again(why: &str, wish: Option<i64>) -> (Outlook, Option<String>) {
        (Outlook::Again(wish.map(|seconds| NOW.plus_seconds(seconds))), Some(why.to_owned()))
    }

    #[test]
    fn a_status_says_whether_it_has_arrived() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(of(status, Some("5")), (Outlook::Arrived, None), "{status}");
        }
        assert_eq!(of(307, None), again("it answered 307, and redirects are not followed", None));
        let gone = (Outlook::Hopeless, Some("it answered 410: it is gone for good".to_owned()));
        assert_eq!(of(410, Some("5")), gone);
        for status in [400, 404, 408, 500, 502, 599] {
            assert_eq!(of(status, Some("5")), again(&format!("it answered {status}"), None));
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
            assert_eq!(of(429, Some(text)), again("it answered 429", wish), "{text}");
            assert_eq!(of(503, Some(text)), again("it answered 503", wish), "{text}");
        }
        assert_eq!(of(503, None), again("it answered 503", None));
    }
}
