//! The way to the data, for commands that are written against the API: the same requests go to a running server, or to a
//! data file that this process has opened. Answers are JSON or one sentence.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::file::File;
use super::listing::printable;
use super::remote::Remote;
use super::target::{BaseUrl, Token};
use crate::config::{DEFAULT_STALE_AFTER_DAYS, LogFilter, LogFormat};
use crate::egress;
use crate::http::{guard::BREAK_GLASS, handover::Content};
use crate::server::{self, offline::Offline};
use crate::store::OpenError;
use crate::telemetry;

/// How long a server may take until its answer begins, and again for each part of it that is waited for.
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);

/// How long it may take until a download begins: a backup is copied first.
const DOWNLOAD_PATIENCE: Duration = Duration::from_mins(15);

/// Bytes of one answer that is no download, at most.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Rows that a page is asked to hold: the most that the server gives.
const ROWS_PER_PAGE: u32 = crate::domain::page::MAX_PER_PAGE;

/// Pages of one list, at most: far more than the limits of a project allow, so that no server keeps us for ever.
const MAX_PAGES: usize = 1_000;

/// Characters of a server's own words that are repeated, at most.
const MAX_MESSAGE_CHARS: usize = 500;

/// Faults of one answer that are repeated, at most.
const MAX_FAULTS: usize = 1_000;

/// What is logged of a file that this process opened itself: what a person has to know.
const LOGGED: &str = "warn";

/// What is wrong with one field of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldFault {
    /// The path of the field, like `flags[2].variations[0].key`.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) message: String,
}

/// A refusal in the server's own words.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The status of the answer.
    pub(super) status: u16,
    /// The code of the error, like `VALIDATION_ERROR`.
    pub(super) code: String,
    /// The sentence for a person.
    pub(super) message: String,
    /// What is wrong with which field, where that is why.
    pub(super) fields: Vec<FieldFault>,
    /// Who refused, where that was a server: a file that was opened here speaks for itself.
    server: Option<String>,
}

/// Why something was not answered; prints as one sentence that has no secret.
#[derive(Debug)]
pub(super) enum Failure {
    /// The data file cannot be opened.
    Unopened(server::Error),
    /// Nobody answered, or not all of it.
    Unreachable(String, String),
    /// It was refused.
    Refused(Refusal),
    /// What answered is no server of ours.
    Strange(String, String),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unopened(error @ server::Error::Open(OpenError::InUse(_))) => {
                write!(out, "{error}; a running server is asked with --server")
            }
            Self::Unopened(error) => error.fmt(out),
            Self::Unreachable(place, why) => write!(out, "{place} does not answer: {why}"),
            Self::Refused(Refusal { status, message, server: Some(server), .. }) => {
                write!(out, "{server} refused with {status}: {message}")
            }
            Self::Refused(Refusal { message, server: None, .. }) => out.write_str(message),
            Self::Strange(place, what) => {
                write!(out, "{place} does not answer as a PhaseFlag server: {what}")
            }
        }
    }
}

impl std::error::Error for Failure {}

/// Where requests go.
enum Transport {
    Server(Remote),
    File(Box<Offline>),
}

/// The way to the data.
pub(super) struct Connection {
    transport: Transport,
    place: String,
    /// What is shown with every request, and must not be repeated.
    credential: Option<Token>,
    /// Why frozen environments have to be changed all the same.
    break_glass: Option<String>,
    runtime: Runtime,
}

impl Connection {
    /// Gets ready to ask a server; nothing is sent yet.
    pub(super) fn to_server(url: &BaseUrl, credential: Token) -> Result<Self, Failure> {
        let place = format!("the server {}", url.as_str());
        let remote = Remote::new(url).map_err(|why| Failure::Strange(place.clone(), why))?;
        let (transport, credential) = (Transport::Server(remote), Some(credential));
        Ok(Self { transport, place, credential, break_glass: None, runtime: runtime()? })
    }

    /// Opens a data file, as a start of the server does. Without a credential it is the operator of the machine who asks.
    pub(super) fn to_file(path: &Path, credential: Option<Token>) -> Result<Self, Failure> {
        Self::to_file_where(path, credential, DEFAULT_STALE_AFTER_DAYS)
    }

    /// Makes a server in memory of what a document says.
    pub(super) fn to_document(file: &File) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let offline = runtime.block_on(Offline::planted(file.name(), file.text()));
        let transport = Transport::File(Box::new(offline.map_err(Failure::Unopened)?));
        let place = format!("the document {}", file.name());
        Ok(Self { transport, place, credential: None, break_glass: None, runtime })
    }

    /// The same as a server with this setting.
    pub(super) fn to_file_where(
        path: &Path,
        credential: Option<Token>,
        stale_after_days: u32,
    ) -> Result<Self, Failure> {
        if let Ok(filter) = LogFilter::parse(LOGGED) {
            // A process that logs already goes on as it does.
            let _already = telemetry::start(&filter, LogFormat::Human);
        }
        let offline = Offline::open(path, stale_after_days).map_err(Failure::Unopened)?;
        let place = format!("the data file {}", path.display());
        let transport = Transport::File(Box::new(offline));
        Ok(Self { transport, place, credential, break_glass: None, runtime: runtime()? })
    }

    /// The same, for changes of frozen environments, where somebody says why.
    pub(super) fn breaking_glass(self, why: Option<String>) -> Self {
        Self { break_glass: why, ..self }
    }

    /// How sentences name where the data is: `the server https://...`, or `the data file ./...`.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// What is answered to `GET path`.
    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None)
    }

    /// What is answered to `POST path`; `null` if nothing is.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, Some(body))
    }

    /// What is answered to `PUT path`; `null` if nothing is.
    #[expect(dead_code, reason = "for commands that change things as a whole")]
    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::PUT, path, Some(body))
    }

    /// What is answered to `DELETE path`; `null` if nothing is.
    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, None)
    }

    /// All rows of the list at `path`, from every page; `query` is made of `name=value`.
    pub(super) fn rows(&self, path: &str, query: &[&str]) -> Result<Vec<Value>, Failure> {
        let mut address = format!("{path}?per_page={ROWS_PER_PAGE}");
        for parameter in query {
            address.push('&');
            address.push_str(parameter);
        }
        let (mut rows, mut next) = (Vec::new(), address.clone());
        for _ in 0..MAX_PAGES {
            let mut page = self.get(&next)?;
            let Value::Array(more) = page["data"].take() else {
                return Err(self.strange("its answer holds no list"));
            };
            rows.extend(more);
            match &page["meta"]["next_cursor"] {
                Value::Null => return Ok(rows),
                Value::String(cursor) => next = format!("{address}&cursor={cursor}"),
                _ => return Err(self.strange("its list has no cursor")),
            }
        }
        Err(self.strange("its list does not end"))
    }

    /// Begins to read what is answered to `GET path`, however long it is.
    pub(super) fn download(&self, path: &str) -> Result<Download<'_>, Failure> {
        let request = self.request(Method::GET, path, None)?;
        let response = self.runtime.block_on(self.exchange(request, DOWNLOAD_PATIENCE))?;
        if !response.status().is_success() {
            let status = response.status();
            let body = self.runtime.block_on(self.whole(response.into_body()))?;
            return Err(self.refusal(status, &body));
        }
        let length = response.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Download { connection: self, body: response.into_body(), chunk: Bytes::new(), length })
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let request = self.request(method, path, body)?;
        let (status, body) = self.runtime.block_on(async {
            let response = self.exchange(request, ANSWER_PATIENCE).await?;
            let status = response.status();
            Ok((status, self.whole(response.into_body()).await?))
        })?;
        if !status.is_success() {
            return Err(self.refusal(status, &body));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| self.strange("its answer is not JSON"))
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Request<Bytes>, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.credential {
            let shown = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
            let mut shown = shown.map_err(|_| self.strange("the token cannot be sent"))?;
            shown.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, shown);
        }
        if let Some(why) = &self.break_glass {
            request = request.header(BREAK_GLASS, why);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        request.body(Bytes::from(body)).map_err(|_| self.strange(&format!("`{path}` is no path")))
    }

    /// The answer once its head is there. A server has to begin within `patience`.
    async fn exchange(
        &self,
        request: Request<Bytes>,
        patience: Duration,
    ) -> Result<Response<Content>, Failure> {
        match &self.transport {
            Transport::Server(remote) => {
                remote.send(request, patience).await.map_err(|why| self.unreachable(&why))
            }
            Transport::File(offline) => Ok(offline.send(request).await),
        }
    }

    async fn whole(&self, body: Content) -> Result<Bytes, Failure> {
        let read = Limited::new(body, MAX_ANSWER_BYTES).collect();
        let read = self.in_time(read).await?;
        read.map(http_body_util::Collected::to_bytes).map_err(|error| self.unreachable(&error.to_string()))
    }

    /// What the next part of an answer is. A server may not take too long for it; a file takes as long as it takes.
    async fn in_time<F: Future>(&self, part: F) -> Result<F::Output, Failure> {
        match &self.transport {
            Transport::Server(_) => {
                timeout(ANSWER_PATIENCE, part).await.map_err(|_| self.unreachable(&egress::Failure::TooSlow))
            }
            Transport::File(_) => Ok(part.await),
        }
    }

    /// Why the answer to a request is no success.
    fn refusal(&self, status: StatusCode, body: &[u8]) -> Failure {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let Some(message) = error["message"].as_str() else {
            return self.strange(&format!("its status is {}", status.as_u16()));
        };
        let text = |value: &Value| self.printable(value.as_str().unwrap_or_default());
        let faults = error["details"]["fields"].as_array().into_iter().flatten().take(MAX_FAULTS);
        let fault = |it: &Value| FieldFault { field: text(&it["field"]), message: text(&it["message"]) };
        Failure::Refused(Refusal {
            status: status.as_u16(),
            code: text(&error["code"]),
            message: self.printable(message),
            fields: faults.map(fault).collect(),
            server: matches!(self.transport, Transport::Server(_)).then(|| self.place.clone()),
        })
    }

    fn strange(&self, what: &str) -> Failure {
        Failure::Strange(self.place.clone(), what.to_owned())
    }

    fn unreachable(&self, why: &impl fmt::Display) -> Failure {
        Failure::Unreachable(self.place.clone(), self.printable(&why.to_string()))
    }

    /// Somebody else's words, fit for one line of a terminal. Whatever answers might repeat what it was sent.
    fn printable(&self, text: &str) -> String {
        let text = match &self.credential {
            Some(token) => text.replace(token.reveal(), "***"),
            None => text.to_owned(),
        };
        printable(&text).chars().take(MAX_MESSAGE_CHARS).collect()
    }
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failed = |error| server::Error::Process(format!("the process cannot start: {error}"));
    runtime.map_err(|error| Failure::Unopened(failed(error)))
}

/// An answer that is read as it comes. Reading waits.
pub(super) struct Download<'c> {
    connection: &'c Connection,
    body: Content,
    chunk: Bytes,
    /// How long it is, in bytes, where that is known beforehand.
    pub(super) length: Option<u64>,
}

impl Read for Download<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            let Self { connection, body, .. } = &mut *self;
            let frame = connection.runtime.block_on(connection.in_time(body.frame()));
            match frame.map_err(io::Error::other)? {
                None => return Ok(0),
                Some(Ok(frame)) => self.chunk = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    return Err(io::Error::other(self.connection.unreachable(&error.to_string())));
                }
            }
        }
        let length = buffer.len().min(self.chunk.len());
        buffer[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}
