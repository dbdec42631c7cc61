//! The account that a file was filled by, and what it asks the server for.

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use crate::Outcome;
use crate::fill::{EMAIL, PASSWORD};

/// Somebody who is signed in, with the first project and its first environment.
pub(crate) struct Team {
    pub(crate) agent: Agent,
    pub(crate) api: String,
    pub(crate) authorization: String,
    pub(crate) project: String,
    pub(crate) environment: String,
    /// An API key of that environment.
    pub(crate) key: String,
}

impl Team {
    pub(crate) fn sign_in(url: &str) -> Outcome<Self> {
        let mut team = Self {
            agent: Agent::new_with_defaults(),
            api: format!("{url}/api/v1"),
            authorization: String::new(),
            project: String::new(),
            environment: String::new(),
            key: String::new(),
        };
        let login = team.post("/auth/login", &json!({"email": EMAIL, "password": PASSWORD}))?;
        team.authorization = format!("Bearer {}", text(&login["data"]["access_token"])?);
        team.project = oldest(&team.get("/projects?per_page=200")?)?;
        let environments = team.get(&format!("/environments?per_page=200&project_id={}", team.project))?;
        team.environment = oldest(&environments)?;
        let made = team.make_key(&team.environment, "bench")?;
        text(&made["data"]["key"])?.clone_into(&mut team.key);
        Ok(team)
    }

    pub(crate) fn get(&self, path: &str) -> Outcome<Value> {
        let request =
            Request::get(format!("{}{path}", self.api)).header("authorization", &self.authorization);
        Ok(self.agent.run(request.body(())?)?.body_mut().read_json()?)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = Request::post(format!("{}{path}", self.api)).header("content-type", "application/json");
        let request = match self.authorization.as_str() {
            "" => request,
            authorization => request.header("authorization", authorization),
        };
        Ok(self.agent.run(request.body(body.to_string())?)?.body_mut().read_json()?)
    }

    pub(crate) fn make_key(&self, environment: &str, name: &str) -> Outcome<Value> {
        self.post(
            &format!("/api-keys?environment_id={environment}"),
            &json!({"name": name, "kind": "server"}),
        )
    }

    /// One evaluation of one flag.
    pub(crate) fn evaluate(&self) -> Outcome<()> {
        let body = json!({"flags": ["flag-0"], "context": {"user_key": "ada", "attributes": {"plan": "pro", "country": "NL"}}});
        let request = Request::post(format!("{}/evaluate", self.api)).header("x-api-key", &self.key);
        let request = request.header("content-type", "application/json").body(body.to_string())?;
        self.agent.run(request)?.body_mut().read_to_vec()?;
        Ok(())
    }

    /// One change, which is durable when it is answered.
    pub(crate) fn switch(&self, flag: &str, enabled: bool) -> Outcome<()> {
        let path = format!("/flags/{flag}/toggle?environment_id={}", self.environment);
        self.post(&path, &json!({"enabled": enabled})).map(drop)
    }

    /// The first page of the flags.
    pub(crate) fn page(&self) -> Outcome<()> {
        self.get(&format!("/flags?per_page=50&environment_id={}", self.environment)).map(drop)
    }

    /// The first page of the audit log.
    pub(crate) fn log(&self) -> Outcome<()> {
        self.get("/audit-logs?per_page=50").map(drop)
    }

    /// A stream of the environment's changes, to be read by whoever wants to.
    pub(crate) fn stream_request(&self) -> String {
        format!(
            "GET /api/v1/sdk/stream HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nx-api-key: {}\r\n\r\n",
            self.key
        )
    }
}

/// The id of the one that was made first.
fn oldest(list: &Value) -> Outcome<String> {
    let ids = list["data"].as_array().ok_or("no list")?.iter().filter_map(|one| one["id"].as_str());
    Ok(ids.min().ok_or("an empty list")?.to_owned())
}

fn text(value: &Value) -> Outcome<&str> {
    value
        .as_str()
        .ok_or_else(|| format!("the server answers otherwise than its document says: {value}").into())
}
