//! A real server in this process, and clients that speak to it over its socket.
//!
//! Principals are types: [`Server::admin`] is the first account, with the ids of what came with it; [`Team::sdk`] is an
//! application with an API key. A client reads every answer whole and never fails on a status.

#![expect(unreachable_pub, reason = "what the tests share reads like the public face of a crate")]

pub mod commands;
pub mod compiled;
pub mod copies;
pub mod later;
pub mod process;
pub mod raw;
pub mod receiver;
pub mod stream;
pub mod team;
pub mod tls;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clap::Parser;
use phaseflag::config::Config;
use phaseflag::domain::time::Timestamp;
use phaseflag::server::{self, Running};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::http::Response;
use ureq::{Agent, Body};

pub use team::Team;

/// The password of every account that tests make.
pub const PASSWORD: &str = "correct horse battery";
/// The moment at which the clock of every test server stands at first: in the middle of a second, so that no few
/// looks at it reach the next one.
pub const EPOCH: i64 = 1_800_000_000_500;

/// How long a body may take to arrive; only a broken server needs as long.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

/// A clock that tests move. It only stands still between two of their statements: every look at it takes a
/// millisecond, so that things made one after the other are told apart.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// A clock that begins so many milliseconds after the Unix epoch.
    pub fn at(millis: i64) -> Self {
        Self(Arc::new(AtomicI64::new(millis)))
    }

    /// Lets time pass.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Lets time pass until so many milliseconds after the Unix epoch, if they have not.
    pub fn advance_to(&self, millis: i64) {
        self.0.fetch_max(millis, Ordering::SeqCst);
    }

    /// The present moment, in milliseconds since the Unix epoch.
    pub fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A server with a data file of its own, which goes with it.
pub struct Server {
    url: String,
    /// Its clock.
    pub clock: TestClock,
    directory: TempDir,
    args: Vec<String>,
    runtime: Runtime,
    running: Option<Running>,
}

impl Server {
    /// A server without rate limits.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// A server with these arguments of `phaseflag serve` beside the usual ones.
    pub fn with(args: &[&str]) -> Self {
        Self::on(TempDir::new().expect("a temporary directory"), TestClock::at(EPOCH), args)
    }

    /// The same, on what [`Server::data`] is in a directory.
    pub fn on(directory: TempDir, clock: TestClock, args: &[&str]) -> Self {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let runtime = Runtime::new().expect("a runtime");
        let (url, running) = launch(&runtime, directory.path(), &clock, &args);
        Self { url, clock, directory, args, runtime, running }
    }

    /// Stops the server as SIGTERM does, and starts it again on the same file with the same arguments. Clients that
    /// were made before do not know its new address: see [`Server::reach`].
    pub fn restart(&mut self) {
        self.stop();
        (self.url, self.running) = launch(&self.runtime, self.directory.path(), &self.clock, &self.args);
    }

    /// The same client, sending to where the server is now.
    pub fn reach(&self, client: &Client) -> Client {
        client.sending_to(&self.url)
    }

    /// Stops the server as SIGTERM does; its file stays until the server is dropped.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shut_down());
        }
    }

    /// `http://address:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the data file is.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data.redb")
    }

    /// Somebody without credentials.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url)
    }

    /// Makes an account.
    pub fn register(&self, email: &str) -> Answer {
        self.anonymous().post("/api/v1/auth/register", &json!({"email": email, "password": PASSWORD}))
    }

    /// Signs in; the client sends the access token.
    pub fn login(&self, email: &str) -> Client {
        let answer =
            self.anonymous().post("/api/v1/auth/login", &json!({"email": email, "password": PASSWORD}));
        let answer = answer.expect(200);
        self.anonymous().bearer(answer["data"]["access_token"].as_str().expect("a token"))
    }

    /// Somebody with an account that belongs to nothing, signed in.
    pub fn outsider(&self, email: &str) -> Client {
        self.register(email).expect(201);
        self.login(email)
    }

    /// The first account, signed in, with what came with it. Call it once, on a fresh server.
    pub fn admin(&self) -> Team {
        self.register("admin@example.com").expect(201);
        Team::of(self.login("admin@example.com"))
    }
}

fn launch(
    runtime: &Runtime,
    directory: &Path,
    clock: &TestClock,
    args: &[String],
) -> (String, Option<Running>) {
    let data = directory.join("data.redb");
    let mut line = vec!["phaseflag".to_owned(), "--port=0".into(), format!("--data={}", data.display())];
    for plane in ["auth", "management", "evaluation", "ruleset"] {
        let flag = format!("--rate-limit-{plane}");
        if !args.iter().any(|arg| arg.starts_with(&flag)) {
            line.push(format!("{flag}=0"));
        }
    }
    line.extend(args.iter().cloned());
    let config = Line::parse_from(line).config;
    let ticking = clock.clone();
    let tick = Arc::new(move || Timestamp::from_millis(ticking.0.fetch_add(1, Ordering::SeqCst)));
    let running = runtime.block_on(server::start(&config, tick)).expect("the server starts");
    (format!("http://{}", running.address), Some(running))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client {
    url: String,
    agent: Agent,
    headers: Vec<(String, String)>,
}

impl Client {
    /// Somebody without credentials.
    pub fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_recv_body(Some(PATIENCE))
            .build();
        Self { url: url.to_owned(), agent: config.into(), headers: Vec::new() }
    }

    /// Somebody without credentials who trusts nobody but the owner of this certificate.
    pub fn trusting(url: &str, certificate: &tls::Certificate) -> Self {
        let config = Agent::config_builder()
            .tls_config(certificate.trusted())
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_recv_body(Some(PATIENCE))
            .build();
        Self { url: url.to_owned(), agent: config.into(), headers: Vec::new() }
    }

    /// The same, sending to another address.
    #[must_use]
    pub fn sending_to(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same without credentials.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { headers: Vec::new(), ..self.clone() }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.to_owned(), value.to_owned()));
        Self { headers, ..self.clone() }
    }

    /// The same with this token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// The value of a header that is sent.
    pub fn sends(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Sends a request without a body.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// Sends JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, &body.to_string())
    }

    /// Sends JSON.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.json("PUT", path, &body.to_string())
    }

    /// Sends a request without a body.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None)
    }

    /// Sends text that says it is JSON, whatever it is.
    pub fn json(&self, method: &str, path: &str, body: &str) -> Answer {
        let typed = match self.sends("Content-Type") {
            Some(_) => self.clone(),
            None => self.with("Content-Type", "application/json"),
        };
        typed.send(method, path, Some(body.as_bytes()))
    }

    /// Sends a request as it is.
    pub fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Answer {
        self.try_send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request to a server that may be gone before it answers.
    pub fn try_send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Answer, ureq::Error> {
        let mut response = self.request(method, path, body)?;
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
        let headers: Vec<_> = headers.collect();
        let endless = response.headers().get("content-type").is_some_and(|it| it == "text/event-stream");
        let bytes = if endless {
            stream::first_event(response.body_mut().as_reader())
        } else {
            response.body_mut().with_config().limit(64 << 20).read_to_vec()?
        };
        Ok(Answer { asked: format!("{method} {path}"), status: response.status().as_u16(), headers, bytes })
    }

    fn request(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Response<Body>, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match body {
            Some(body) => self.agent.run(request.body(body).expect("a request")),
            None => self.agent.run(request.body(()).expect("a request")),
        }
    }
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    asked: String,
    /// The status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON; `null` if there is none.
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self.body()
    }

    /// Checks that this is the error `code` with this status, in the envelope, and answers its details.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        let error = &body["error"];
        assert_eq!(error["code"], code, "{}: {body}", self.asked);
        assert!(
            error["message"].as_str().is_some_and(|message| !message.is_empty()),
            "{}: {body}",
            self.asked
        );
        assert!(error["details"].is_object(), "{}: {body}", self.asked);
        error["details"].clone()
    }

    /// Checks that this is a refusal with this status and code whose fields are these, in any order.
    #[track_caller]
    pub fn faults(&self, status: u16, code: &str, fields: &[&str]) {
        let details = self.refused(status, code);
        let listed = details["fields"].as_array().expect("a list of fields");
        let mut found: Vec<&str> =
            listed.iter().map(|field| field["field"].as_str().expect("a path")).collect();
        let mut wanted = fields.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{}: {details}", self.asked);
    }
}

/// The path of the program under test.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_phaseflag"))
}
