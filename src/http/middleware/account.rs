//! What is told of a request once it is answered: to the counters of its path, to the log, and to the trace that it
//! belongs to. The path as the document has it: the real one may hold what is not for a log, and neither the query nor
//! a header is ever told.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use poem::{Request, Response};
use tokio::time::Instant;

use super::Arrival;
use super::paths::{KnownPath, News, Paths};
use super::principal::{Principal, Proof};
use crate::trace::{Ending, Kind, Root, Span, Tracer, Value};

/// How the paths that nobody knows are called, all of them together.
pub const UNKNOWN_PATH: &str = "(unknown)";

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The span of a request that is traced, until it is answered.
pub(super) struct Traced<'t> {
    tracer: &'t Tracer,
    root: Root,
    version: Version,
}

impl<'t> Traced<'t> {
    /// Decides whether a request is traced.
    pub(super) fn begin(tracer: Option<&'t Arc<Tracer>>, request: &Request) -> Option<Self> {
        let tracer = tracer?;
        let root = tracer.begin(traceparent(request.headers()))?;
        Some(Self { tracer, root, version: request.version() })
    }

    /// Which span it is.
    pub(super) fn root(&self) -> Root {
        self.root
    }
}

/// The header, if there is exactly one: more of them mean nothing.
fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

/// A request that was answered.
pub(super) struct Account<'r> {
    pub(super) method: &'r Method,
    pub(super) path: Option<&'r KnownPath>,
    pub(super) status: StatusCode,
    pub(super) arrival: &'r Arrival,
    pub(super) principal: Option<Principal>,
    pub(super) began: Instant,
    pub(super) ended: Instant,
}

impl Account<'_> {
    /// Tells everyone.
    pub(super) fn give(&self, paths: &Paths, traced: Option<Traced<'_>>) {
        paths.traffic(self.path).note(self.method, self.status, self.took());
        self.log();
        if let Some(traced) = traced {
            self.trace(traced);
        }
    }

    fn took(&self) -> Duration {
        self.ended - self.began
    }

    fn route(&self) -> &str {
        self.path.map_or(UNKNOWN_PATH, KnownPath::template)
    }

    /// One line per request, at a level that says whether it is news.
    fn log(&self) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method = self.method.as_str(),
                    path = self.route(),
                    status = self.status.as_u16(),
                    micros = u64::try_from(self.took().as_micros()).unwrap_or(u64::MAX),
                    request_id = self.arrival.id.text(),
                    principal_id = self.principal.map(|it| tracing::field::display(it.proof)),
                    organization_id =
                        self.principal.and_then(Principal::organization).map(tracing::field::display),
                    environment_id =
                        self.principal.and_then(Principal::environment).map(tracing::field::display),
                    trace_id = self.arrival.trace.map(|it| tracing::field::display(it.trace_id())),
                    "request"
                )
            };
        }
        let failed = self.status.is_client_error() || self.status.is_server_error();
        match self.path.map_or(News::EveryAnswer, KnownPath::news) {
            News::Failures if !failed => line!(debug),
            News::Failures | News::EveryAnswer => line!(info),
        }
    }

    /// The span of a server, named as the semantic conventions for HTTP of `OpenTelemetry` have it. The path itself is
    /// left out, for the reason above.
    fn trace(&self, traced: Traced<'_>) {
        let Traced { tracer, root, version } = traced;
        let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        let known = is_standard(self.method);
        let method = if known { self.method.as_str() } else { "_OTHER" };
        let named = if known { method } else { "HTTP" };
        let mut attributes = vec![
            ("http.request.method", text(method)),
            ("http.response.status_code", Value::Number(self.status.as_u16().into())),
            ("network.protocol.version", Value::Text(protocol(version).into())),
            ("phaseflag.request_id", text(self.arrival.id.text())),
        ];
        attributes.extend(self.path.map(|path| ("http.route", text(path.template()))));
        let mut ending = Ending::Well;
        if self.status.is_server_error() {
            ending = Ending::Failed;
            attributes.push(("error.type", text(self.status.as_str())));
        }
        if let Some(principal) = self.principal {
            let name = match principal.proof {
                Proof::User(_) => "user.id",
                Proof::PersonalToken(_) => "phaseflag.personal_token_id",
                Proof::ApiKey(_) => "phaseflag.api_key_id",
            };
            attributes.push((name, Value::Text(principal.proof.to_string().into())));
        }
        tracer.end(Span {
            name: self
                .path
                .map_or_else(|| named.to_owned(), |path| format!("{named} {}", path.template()))
                .into(),
            kind: Kind::Server,
            context: root.context,
            parent: root.parent,
            began: self.began.into_std(),
            ended: self.ended.into_std(),
            attributes,
            ending,
        });
    }
}

/// Who was found behind an answer.
pub(super) fn principal_of(response: &Response) -> Option<Principal> {
    response.extensions().get::<Principal>().copied()
}

fn is_standard(method: &Method) -> bool {
    const STANDARD: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
    ];
    STANDARD.contains(method)
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}
