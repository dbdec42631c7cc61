//! The server under load: started on a data file of its own, and filled through its API.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::Request;
use ureq::http::request::Builder;

use crate::Outcome;
use crate::case::RULESET;
use crate::process::{Process, arguments};

/// Requests per minute: two hundred times what one core can answer. The limits are on, and too high to be met.
const LIMITS: [&str; 3] = [
    "--rate-limit-evaluation=1000000000",
    "--rate-limit-ruleset=1000000000",
    "--rate-limit-management=1000000000",
];

/// The flag of the cases that ask for one.
pub(crate) const FLAG: &str = "checkout-redesign";

/// What the first rule of every flag asks for; the users of all cases have it.
pub(crate) const PLAN: [&str; 2] = ["pro", "enterprise"];
pub(crate) const EUROPE: [&str; 3] = ["FR", "NL", "DE"];

/// The keys of flags, the first of which is asked for alone.
pub(crate) fn flag_key(index: usize) -> String {
    if index == 0 { FLAG.to_owned() } else { format!("flag-{index}") }
}

/// A server with flags and a key.
pub(crate) struct Fixture {
    /// The server.
    pub(crate) process: Process,
    /// Its API, for a person.
    pub(crate) api: Api,
    /// An API key.
    pub(crate) key: String,
    /// The tag of the present ruleset.
    pub(crate) ruleset_tag: String,
    /// The address of the first flag's switch.
    pub(crate) toggle: String,
    resident_mib: f64,
    _directory: TempDir,
}

impl Fixture {
    /// Starts the server with these settings beside its defaults, registers its first user, and makes flags and a key.
    pub(crate) fn start(program: &Path, flags: usize, settings: &[String]) -> Outcome<Self> {
        let directory = TempDir::new()?;
        let data = directory.path().join("data.redb").display().to_string();
        let arguments = |port: u16| {
            let mut all = arguments(&["serve", "--port", &port.to_string(), "--data", &data]);
            all.extend(arguments(&LIMITS));
            all.extend_from_slice(settings);
            all
        };
        let process = Process::start(program, arguments, is_ready)?;
        let resident_mib = process.resident_mib()?;
        let api = Api::register(process.address)?;
        let projects = api.get("/projects")?;
        let project = text(&projects["data"][0]["id"])?;
        let environments = api.get(&format!("/environments?project_id={project}"))?;
        let environment = text(&environments["data"][0]["id"])?;
        let mut first = None;
        for index in 0..flags {
            let made = api.post(&format!("/flags?environment_id={environment}"), &flag(&flag_key(index)))?;
            first.get_or_insert(made);
        }
        let first = first.ok_or("a fixture has a flag")?;
        let toggle = format!("/flags/{}/toggle?environment_id={environment}", text(&first["data"]["id"])?);
        let path = format!("/api-keys?environment_id={environment}");
        let key = api.post(&path, &json!({"name": "bench", "kind": "server"}))?;
        let key = text(&key["data"]["key"])?.to_owned();
        let url = format!("http://{}{RULESET}", process.address);
        let ruleset = api.agent.get(url).header("x-api-key", &key).call()?;
        let tag = ruleset.headers().get("etag").ok_or("a ruleset has no tag")?.to_str()?.to_owned();
        Ok(Self { process, api, key, ruleset_tag: tag, toggle, resident_mib, _directory: directory })
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
}

fn is_ready(address: SocketAddr) -> bool {
    ureq::get(format!("http://{address}/ready")).call().is_ok()
}

/// A flag with two rollouts: to half of those who have a plan and live in Europe, and to a quarter of all.
fn flag(key: &str) -> Value {
    let rule = |priority: u32, name: &str, conditions: Value, percentage: u32| {
        json!({
            "priority": priority, "name": name, "conditions": conditions,
            "percentage_rollout": [{"variation": "on", "percentage": percentage}]
        })
    };
    let inside = json!([
        {"attribute": "plan", "operator": "one_of", "value": PLAN},
        {"attribute": "country", "operator": "one_of", "value": EUROPE}
    ]);
    json!({
        "key": key, "name": key, "flag_type": "boolean", "default_variation": "off", "enabled": true,
        "variations": [
            {"key": "on", "name": "On", "value": true},
            {"key": "off", "name": "Off", "value": false}
        ],
        "targeting_rules": [rule(1, "half of Europe", inside, 50), rule(2, "everyone", json!([]), 25)]
    })
}

fn text(value: &Value) -> Outcome<&str> {
    value.as_str().ok_or_else(|| "the server answers otherwise than its document says".into())
}

/// The API as a person uses it.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    agent: Agent,
    token: String,
}

impl Api {
    /// The first user of a server.
    fn register(address: SocketAddr) -> Outcome<Self> {
        let base = format!("http://{address}/api/v1");
        let api = Self { base, agent: Agent::new_with_defaults(), token: String::new() };
        let account = json!({"email": "bench@example.com", "password": "correct horse battery"});
        api.post("/auth/register", &account)?;
        let login = api.post("/auth/login", &account)?;
        Ok(Self { token: text(&login["data"]["access_token"])?.to_owned(), ..api })
    }

    fn get(&self, path: &str) -> Outcome<Value> {
        let request = self.request("GET", path).body(())?;
        Ok(self.agent.run(request)?.body_mut().read_json()?)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.request("POST", path).header("content-type", "application/json");
        Ok(self.agent.run(request.body(body.to_string())?)?.body_mut().read_json()?)
    }

    fn request(&self, method: &str, path: &str) -> Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if self.token.is_empty() {
            return request;
        }
        request.header("authorization", format!("Bearer {}", self.token))
    }
}
