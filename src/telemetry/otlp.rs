//! Sends spans to a collector of `OpenTelemetry`: OTLP over HTTP, as JSON. One thread takes them from their queue,
//! some at a time, and is the only one that waits for the collector. While it waits, spans gather in the queue, and
//! when that is full they are dropped and counted: a collector that is slow or gone costs traces and nothing else.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use crate::config::Otlp;
use crate::egress::client::{self, Limits};
use crate::egress::destination::Destination;
use crate::egress::{Failure, guard::Policy};
use crate::trace::{Ending, Kind, Span, Value};

/// Spans that are sent at once, at most.
const MAX_BATCH: usize = 512;
/// How long the first span of a batch waits for others.
const GATHERING: Duration = Duration::from_millis(500);
/// What the collector may take for one batch. Nothing but the status of its answer matters.
const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), whole: Duration::from_secs(5), answer_bytes: 0 };
/// How long to wait after the collector failed, the first time and at most; twice as long each time.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// How often a batch is sent before it is given up.
const MAX_ATTEMPTS: u32 = 5;
/// How long the last spans may take when the server stops.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// What statuses the protocol has tried again; everything else that is no success is given up.
const TRY_AGAIN: [u16; 4] = [429, 502, 503, 504];

/// Tells the moment by the clock on the wall, and by the one that spans are measured with.
pub type Clocks = fn() -> (SystemTime, Instant);

/// The thread that sends.
#[derive(Debug)]
pub struct Exporter {
    /// Dropped to have it finish.
    stop: SyncSender<()>,
    /// Its other end is dropped once everything is sent or given up.
    finished: Receiver<()>,
}

impl Exporter {
    /// Begins to send what comes out of `spans`.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(settings: &Otlp, spans: Receiver<Span>, clocks: Clocks) -> io::Result<Option<Self>> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let (stop, stopped) = sync_channel(0);
        let (finish, finished) = sync_channel(0);
        let resource = resource(&settings.otlp_service_name);
        let headers = settings.otlp_headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let sender = Sender {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            destination: endpoint.destination().clone(),
            headers: headers.collect(),
            resource,
            clocks,
            stopped,
        };
        thread::Builder::new().name("phaseflag-otlp".into()).spawn(move || {
            sender.run(&spans);
            drop(finish);
        })?;
        Ok(Some(Self { stop, finished }))
    }

    /// Sends what is left, or gives it up when that takes too long. Blocks.
    pub fn finish(self) {
        drop(self.stop);
        if self.finished.recv_timeout(FLUSH_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the last traces were not sent in time");
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// The collector has it, or wants nothing of it.
    Done,
    /// It may be sent again.
    Failed,
}

struct Sender {
    runtime: Runtime,
    destination: Destination,
    headers: Vec<(String, String)>,
    resource: Json,
    clocks: Clocks,
    stopped: Receiver<()>,
}

impl Sender {
    /// Sends batch after batch, until it is told to stop or nobody has spans any more.
    fn run(&self, spans: &Receiver<Span>) {
        let mut backoff = MIN_BACKOFF;
        loop {
            let (batch, more) = gather(spans);
            let body = self.body(&batch);
            let mut attempts = 0;
            while !batch.is_empty() && self.send(&body) == Sent::Failed {
                attempts += 1;
                if attempts >= MAX_ATTEMPTS {
                    tracing::warn!(spans = batch.len(), "traces were given up");
                    break;
                }
                if self.pause(backoff) == More::No {
                    // The last spans have had their chance.
                    return;
                }
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
            if attempts == 0 {
                backoff = MIN_BACKOFF;
            }
            if more == More::No {
                return;
            }
        }
    }

    /// Waits, unless it is to stop.
    fn pause(&self, time: Duration) -> More {
        match self.stopped.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => More::Perhaps,
            Err(RecvTimeoutError::Disconnected) | Ok(()) => More::No,
        }
    }

    fn send(&self, body: &Bytes) -> Sent {
        match self.runtime.block_on(self.post(body.clone())).map(|status| status.as_u16()) {
            Ok(200..300) => Sent::Done,
            Ok(status) if TRY_AGAIN.contains(&status) => {
                tracing::warn!(status, "traces could not be sent; they are tried again");
                Sent::Failed
            }
            Ok(status) => {
                tracing::warn!(status, "traces were refused");
                Sent::Done
            }
            Err(error) => {
                tracing::warn!(%error, "traces could not be sent; they are tried again");
                Sent::Failed
            }
        }
    }

    async fn post(&self, body: Bytes) -> Result<StatusCode, Failure> {
        let mut request =
            Request::post(self.destination.path().as_str()).header(CONTENT_TYPE, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(body).map_err(|error| Failure::Unsent(error.to_string()))?;
        // The operator of this machine has named the collector.
        Ok(client::exchange(&self.destination, &Policy::Anywhere, request, LIMITS).await?.status)
    }

    fn body(&self, batch: &[Span]) -> Bytes {
        let (wall, clock) = (self.clocks)();
        // What the process does not know is when exactly its clock began.
        let nanos = |moment: Instant| {
            let at = wall.checked_sub(clock.saturating_duration_since(moment)).unwrap_or(UNIX_EPOCH);
            at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
        };
        let spans: Vec<Json> = batch.iter().map(|span| span_json(span, &nanos)).collect();
        let scope = json!({"name": "phaseflag", "version": env!("CARGO_PKG_VERSION")});
        let scopes = json!([{"scope": scope, "spans": spans}]);
        json!({"resourceSpans": [{"resource": self.resource, "scopeSpans": scopes}]}).to_string().into()
    }
}

/// Whether there may be more to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Perhaps,
    No,
}

/// The next spans.
fn gather(spans: &Receiver<Span>) -> (Vec<Span>, More) {
    let Ok(first) = spans.recv() else { return (Vec::new(), More::No) };
    let until = Instant::now() + GATHERING;
    let mut batch = vec![first];
    while batch.len() < MAX_BATCH {
        match spans.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(span) => batch.push(span),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return (batch, More::No),
        }
    }
    (batch, More::Perhaps)
}

fn resource(service: &str) -> Json {
    json!({"attributes": [
        attribute("service.name", &Value::Text(service.to_owned().into())),
        attribute("service.version", &Value::Text(env!("CARGO_PKG_VERSION").into())),
    ]})
}

/// Identifiers are hexadecimal, and numbers of 64 bits are text: JSON as OTLP has it.
fn span_json(span: &Span, nanos: &impl Fn(Instant) -> String) -> Json {
    let kind = match span.kind {
        Kind::Internal => 1,
        Kind::Server => 2,
    };
    let mut json = json!({
        "traceId": span.context.trace_id().to_string(),
        "spanId": format!("{:016x}", span.context.span),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": nanos(span.began),
        "endTimeUnixNano": nanos(span.ended),
        "attributes": span.attributes.iter().map(|(name, value)| attribute(name, value)).collect::<Vec<_>>(),
    });
    if let Some(parent) = span.parent {
        json["parentSpanId"] = format!("{parent:016x}").into();
    }
    match span.ending {
        Ending::Well => {}
        Ending::Failed => json["status"] = json!({"code": 2}),
    }
    json
}

fn attribute(name: &str, value: &Value) -> Json {
    let value = match value {
        Value::Text(text) => json!({"stringValue": text}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
    };
    json!({"key": name, "value": value})
}
