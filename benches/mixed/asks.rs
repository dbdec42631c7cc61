//! What a team asks for beside what the other benchmarks do.

use std::io;

use serde_json::json;
use ureq::Agent;
use ureq::http::Request;

use crate::Outcome;
use crate::team::Team;

impl Team {
    /// The same, with connections of its own.
    pub(crate) fn apart(&self) -> Self {
        Self {
            agent: Agent::new_with_defaults(),
            api: self.api.clone(),
            authorization: self.authorization.clone(),
            project: self.project.clone(),
            environment: self.environment.clone(),
            key: self.key.clone(),
        }
    }

    /// Tells of so many evaluations that an application made itself.
    pub(crate) fn tell(&self, events: usize) -> Outcome<()> {
        let event = json!({"flag_key": "flag-0", "variation_key": "on", "user_id": "ada"});
        let body = json!({"events": vec![event; events]});
        let request = Request::post(format!("{}/sdk/events", self.api)).header("x-api-key", &self.key);
        let request = request.header("content-type", "application/json").body(body.to_string())?;
        self.agent.run(request)?.body_mut().read_to_vec()?;
        Ok(())
    }

    /// Rolls a flag out to so many of a hundred.
    pub(crate) fn roll_out(&self, flag: &str, percentage: u64) -> Outcome<()> {
        let rule = json!({
            "priority": 1, "name": "some", "conditions": [],
            "percentage_rollout": [{"variation": "on", "percentage": percentage}]
        });
        let url = format!("{}/flags/{flag}?environment_id={}", self.api, self.environment);
        let request = Request::put(url).header("authorization", &self.authorization);
        let request = request.header("content-type", "application/json");
        let body = json!({"targeting_rules": [rule]}).to_string();
        self.agent.run(request.body(body)?)?.body_mut().read_to_vec()?;
        Ok(())
    }

    /// The version that the environment is at.
    pub(crate) fn version(&self) -> Outcome<u64> {
        let request = Request::get(format!("{}/sdk/ruleset", self.api)).header("x-api-key", &self.key);
        let ruleset: serde_json::Value = self.agent.run(request.body(())?)?.body_mut().read_json()?;
        Ok(ruleset["data"]["version"].as_u64().ok_or("a ruleset has no version")?)
    }

    /// Downloads the whole file.
    pub(crate) fn backup(&self) -> Outcome<()> {
        let request = Request::get(format!("{}/system/backup", self.api));
        let request = request.header("authorization", &self.authorization).body(())?;
        let read = io::copy(&mut self.agent.run(request)?.body_mut().as_reader(), &mut io::sink())?;
        if read == 0 { Err("an empty backup".into()) } else { Ok(()) }
    }

    /// Begins to follow, and leaves as soon as there is an answer.
    pub(crate) fn follow_once(&self) -> Outcome<()> {
        let request = Request::get(format!("{}/sdk/stream", self.api)).header("x-api-key", &self.key);
        let mut answer = self.agent.run(request.body(())?)?;
        let mut begun = [0];
        io::Read::read_exact(&mut answer.body_mut().as_reader(), &mut begun)?;
        Ok(())
    }
}
