//! The server under load: started on a data file of its own, filled through its API, and asked as SDKs ask.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::Request;

use crate::Outcome;
use crate::process::Process;

/// What is measured.
pub(crate) const EVALUATE: &str = "/api/v1/evaluate";

/// Evaluations per minute: two hundred times what one core can answer.
const LIMIT: &str = "--rate-limit-evaluation=1000000000";

/// The flag of the cases that ask for one.
const FLAG: &str = "checkout-redesign";

/// The project has as many flags.
const FLAGS: usize = 5;

/// Different users that ask in turns.
const USERS: usize = 64;

/// A server with flags and a key.
pub(crate) struct Fixture {
    /// The server.
    pub(crate) process: Process,
    key: String,
    resident_mib: f64,
    _directory: TempDir,
}

/// One kind of request.
pub(crate) struct Case {
    /// What it is called.
    pub(crate) name: &'static str,
    body: fn(&str) -> Value,
}

/// Everything that is measured.
pub(crate) fn cases() -> [Case; 3] {
    [
        Case { name: "one flag, documented form", body: |user| documented(FLAG, user) },
        Case { name: "one flag, SDK form", body: sdk_form },
        Case { name: "all 5 flags", body: |user| documented("*", user) },
    ]
}

fn documented(flag: &str, user: &str) -> Value {
    json!({"flags": [flag], "context": {"user_key": user, "attributes": attributes()}})
}

fn sdk_form(user: &str) -> Value {
    json!({"flag_key": FLAG, "context": {"user_id": user, "attributes": attributes()}})
}

fn attributes() -> Value {
    json!({"plan": "pro", "country": "DE", "age": 34})
}

impl Fixture {
    /// Starts the server, registers its first user, and makes flags and a key.
    pub(crate) fn start(program: &Path) -> Outcome<Self> {
        let directory = TempDir::new()?;
        let data = directory.path().join("data.redb");
        let arguments = |port: u16| {
            vec![
                "serve".to_owned(),
                format!("--port={port}"),
                format!("--data={}", data.display()),
                LIMIT.to_owned(),
            ]
        };
        let process = Process::start(program, arguments, is_ready)?;
        let resident_mib = process.resident_mib()?;
        let key = fill(&Api::new(process.address))?;
        Ok(Self { process, key, resident_mib, _directory: directory })
    }

    /// What a new user sees first.
    pub(crate) fn first_impression(&self, program: &Path) -> Outcome<String> {
        #[expect(clippy::cast_precision_loss, reason = "a size in MiB is printed with one decimal")]
        let mib = fs::metadata(program)?.len() as f64 / f64::from(1 << 20);
        let (millis, resident) = (self.process.took.as_secs_f64() * 1e3, self.resident_mib);
        Ok(format!(
            "binary {mib:.1} MiB, ready {millis:.0} ms after its start, {resident:.1} MiB resident when idle"
        ))
    }

    /// The requests of a case, as they go over the wire.
    pub(crate) fn requests(&self, case: &Case) -> Arc<[Vec<u8>]> {
        let request = |user: usize| {
            let body = (case.body)(&format!("user-{user:04}")).to_string();
            format!(
                "POST {EVALUATE} HTTP/1.1\r\nhost: {}\r\nuser-agent: phaseflag-sdk/1.0\r\naccept: */*\r\n\
                 accept-encoding: gzip\r\nx-api-key: {}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n{body}",
                self.process.address,
                self.key,
                body.len()
            )
            .into_bytes()
        };
        (0..USERS).map(request).collect()
    }
}

fn is_ready(address: SocketAddr) -> bool {
    ureq::get(format!("http://{address}/ready")).call().is_ok()
}

/// Registers, and makes the flags and a key. Answers the key.
fn fill(api: &Api) -> Outcome<String> {
    let account = json!({"email": "bench@example.com", "password": "correct horse battery"});
    api.post("/auth/register", None, &account)?;
    let login = api.post("/auth/login", None, &account)?;
    let token = text(&login["data"]["access_token"])?;
    let projects = api.get("/projects", token)?;
    let project = text(&projects["data"][0]["id"])?;
    let environments = api.get(&format!("/environments?project_id={project}"), token)?;
    let environment = text(&environments["data"][0]["id"])?;
    for index in 0..FLAGS {
        let key = if index == 0 { FLAG.to_owned() } else { format!("flag-{index}") };
        api.post(&format!("/flags?environment_id={environment}"), Some(token), &flag(&key))?;
    }
    let path = format!("/api-keys?environment_id={environment}");
    let key = api.post(&path, Some(token), &json!({"name": "bench", "kind": "server"}))?;
    Ok(text(&key["data"]["key"])?.to_owned())
}

/// A flag with a rule that does not match the users of this benchmark, and a rollout that takes in half of them.
fn flag(key: &str) -> Value {
    json!({
        "key": key, "name": key, "flag_type": "boolean", "default_variation": "off", "enabled": true,
        "variations": [
            {"key": "on", "name": "On", "value": true},
            {"key": "off", "name": "Off", "value": false}
        ],
        "targeting_rules": [
            {
                "priority": 1, "name": "staff", "variation": "on",
                "conditions": [{"attribute": "plan", "operator": "is", "value": "internal"}]
            },
            {
                "priority": 2, "name": "half of Europe",
                "conditions": [{"attribute": "country", "operator": "one_of", "value": ["FR", "NL", "DE"]}],
                "percentage_rollout": [{"variation": "on", "percentage": 50}]
            }
        ]
    })
}

fn text(value: &Value) -> Outcome<&str> {
    value.as_str().ok_or_else(|| "the server answers otherwise than its document says".into())
}

/// The API as a person uses it.
struct Api {
    base: String,
    agent: Agent,
}

impl Api {
    fn new(address: SocketAddr) -> Self {
        Self { base: format!("http://{address}/api/v1"), agent: Agent::new_with_defaults() }
    }

    fn get(&self, path: &str, token: &str) -> Outcome<Value> {
        let request =
            Request::get(format!("{}{path}", self.base)).header("authorization", format!("Bearer {token}"));
        Ok(self.agent.run(request.body(())?)?.body_mut().read_json()?)
    }

    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Outcome<Value> {
        let mut request =
            Request::post(format!("{}{path}", self.base)).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Ok(self.agent.run(request.body(body.to_string())?)?.body_mut().read_json()?)
    }
}
