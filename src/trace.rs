//! Traces: what a request spent its time on, as spans that name the span which they are a part of. Most requests are
//! not traced; one that is costs a few allocations and a place in a queue, from which whoever exports spans takes
//! them ([`crate::telemetry`]). What finds the queue full is dropped and counted, so that nobody ever waits for it.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use crate::tally::Counter;

/// Spans that wait to be exported, at most. One more is dropped.
pub const MAX_WAITING_SPANS: usize = 4_096;

/// The bit of a `traceparent`'s flags that says that its request is traced.
const SAMPLED: u8 = 1;
/// Between two steps of a generator: the golden ratio, as splitmix64 has it.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A span that is being measured: which trace it belongs to, and its own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The trace; never 0.
    pub trace: u128,
    /// The span; never 0.
    pub span: u64,
}

impl Context {
    /// The trace as it is written.
    pub fn trace_id(self) -> TraceId {
        TraceId(self.trace)
    }
}

/// Prints as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(u128);

impl fmt::Display for TraceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

/// What begins a trace here: its first span, and the span of the client that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The first span.
    pub context: Context,
    /// The client's span.
    pub parent: Option<u64>,
}

/// A span that is over.
#[derive(Debug)]
pub struct Span {
    /// What was done.
    pub name: Cow<'static, str>,
    /// For whom.
    pub kind: Kind,
    /// Which one it is.
    pub context: Context,
    /// The span that it is a part of.
    pub parent: Option<u64>,
    /// When it began.
    pub began: Instant,
    /// When it was over.
    pub ended: Instant,
    /// What else there is to know.
    pub attributes: Vec<(&'static str, Value)>,
    /// How it ended.
    pub ending: Ending,
}

/// For whom something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For a client.
    Server,
    /// For ourselves.
    Internal,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As it should: a refusal is no failure of ours.
    Well,
    /// It failed.
    Failed,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// A number.
    Number(u64),
}

/// How much is traced.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// Traces below this are kept, where the client does not say.
    below: u64,
}

impl Sampling {
    /// This share of them, from 0 to 1.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is not exact to 64 bits, and what is out of bounds is cut off"
    )]
    pub fn share(share: f64) -> Self {
        Self { below: (share * u64::MAX as f64) as u64 }
    }
}

/// Decides what is traced, and takes what was.
#[derive(Debug)]
pub struct Tracer {
    sampling: Sampling,
    next: AtomicU64,
    queue: SyncSender<Span>,
    dropped: Counter,
}

impl Tracer {
    /// A tracer whose identifiers begin at `seed`, which should be random, and where its spans come out.
    pub fn new(sampling: Sampling, seed: u64) -> (Self, Receiver<Span>) {
        let (queue, spans) = sync_channel(MAX_WAITING_SPANS);
        (Self { sampling, next: AtomicU64::new(seed), queue, dropped: Counter::default() }, spans)
    }

    /// Whether a request with this `traceparent` is traced. A client that traces decides for us; that is how a trace
    /// becomes whole.
    pub fn begin(&self, traceparent: Option<&str>) -> Option<Root> {
        match traceparent.and_then(parse) {
            Some((client, flags)) => (flags & SAMPLED != 0).then(|| Root {
                context: Context { span: self.number(), ..client },
                parent: Some(client.span),
            }),
            None => {
                let (high, low) = (self.number(), self.number());
                let trace = u128::from(high) << 64 | u128::from(low);
                let kept = low <= self.sampling.below && self.sampling.below > 0;
                kept.then(|| Root { context: Context { trace, span: self.number() }, parent: None })
            }
        }
    }

    /// A new part of a span.
    pub fn part_of(&self, whole: Context) -> Context {
        Context { span: self.number(), ..whole }
    }

    /// Hands over a span.
    pub fn end(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.dropped.one();
        }
    }

    /// Spans that found the queue full.
    pub fn dropped(&self) -> u64 {
        self.dropped.total()
    }

    /// A number that looks random and is not 0 (splitmix64).
    fn number(&self) -> u64 {
        let mut bits = self.next.fetch_add(STEP, Ordering::Relaxed);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)).max(1)
    }
}

/// The client's span and its flags, as the W3C's "Trace Context" writes them. What is malformed counts as absent, and
/// what a later version has behind the flags is not looked at.
fn parse(header: &str) -> Option<(Context, u8)> {
    let mut parts = header.split('-');
    let mut part = |digits: usize| {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        parts.next().filter(|part| part.len() == digits && part.bytes().all(hex))
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let whole = version != "ff" && (version != "00" || parts.next().is_none());
    let context =
        Context { trace: u128::from_str_radix(trace, 16).ok()?, span: u64::from_str_radix(span, 16).ok()? };
    let flags = u8::from_str_radix(flags, 16).ok()?;
    (whole && context.trace != 0 && context.span != 0).then_some((context, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn tracer(share: f64) -> Tracer {
        Tracer::new(Sampling::share(share), 7).0
    }

    #[test]
    fn a_client_decides_for_its_trace() {
        let begin = |header: &str| tracer(0.0).begin(Some(header));
        let root = begin(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(format!("{:032x}", root.context.trace), TRACE);
        assert_eq!(root.parent, Some(0x00f0_67aa_0ba9_02b7));
        assert_ne!(root.parent, Some(root.context.span));
        assert!(begin(&format!("01-{TRACE}-00f067aa0ba902b7-03-more")).is_some());
        assert!(tracer(1.0).begin(Some(&format!("00-{TRACE}-00f067aa0ba902b7-00"))).is_none());
    }

    #[test]
    fn what_is_malformed_counts_as_absent() {
        let zeros = "0".repeat(32);
        let headers = [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{TRACE}-+0f067aa0ba902b7-01"),
        ];
        for header in headers {
            assert!(parse(&header).is_none(), "{header}");
            assert!(tracer(0.0).begin(Some(&header)).is_none(), "{header}");
            assert!(tracer(1.0).begin(Some(&header)).is_some_and(|root| root.parent.is_none()), "{header}");
        }
    }

    #[test]
    fn a_share_of_what_nobody_decided_is_traced() {
        let tracer = tracer(0.25);
        let begun = (0..10_000).filter(|_| tracer.begin(None).is_some()).count();
        assert!((2_300..2_700).contains(&begun), "{begun}");
    }

    #[test]
    fn what_finds_the_queue_full_is_counted() {
        let (tracer, spans) = Tracer::new(Sampling::share(1.0), 7);
        let context = tracer.begin(None).unwrap().context;
        let now = Instant::now();
        for _ in 0..MAX_WAITING_SPANS + 3 {
            tracer.end(Span {
                name: "x".into(),
                kind: Kind::Internal,
                context,
                parent: None,
                began: now,
                ended: now,
                attributes: Vec::new(),
                ending: Ending::Well,
            });
        }
        assert_eq!((spans.try_iter().count(), tracer.dropped()), (MAX_WAITING_SPANS, 3));
    }
}
