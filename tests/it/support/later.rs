//! What happens later: moments to come, and waiting for what a server does by itself.

use std::time::Instant;

use phaseflag::domain::time::Timestamp;
use serde_json::{Value, json};

use super::{Answer, PATIENCE, Server, Team};

/// Asks until there is an answer. Nothing is slept: each question is a request, or as slow.
#[track_caller]
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} never came");
    }
}

impl Server {
    /// The moment in so many seconds, as the API takes it.
    pub fn moment(&self, seconds: i64) -> String {
        Timestamp::from_seconds(self.clock.now() / 1000 + seconds).to_string()
    }
}

impl Team {
    /// Schedules a change of a flag in `development`.
    pub fn schedule(&self, flag: &str, at: &str, change: &Value) -> Answer {
        self.client.post(&self.flags(&format!("/{flag}/schedules")), &json!({"at": at, "change": change}))
    }

    /// A schedule of a flag.
    pub fn scheduled(&self, flag: &str, id: &str) -> Value {
        self.client.get(&self.flags(&format!("/{flag}/schedules/{id}"))).expect(200)["data"].clone()
    }

    /// The same once it is over.
    pub fn over(&self, flag: &str, id: &str) -> Value {
        wait_for("the end of the schedule", || {
            let shown = self.scheduled(flag, id);
            (!["pending", "paused"].contains(&shown["status"].as_str().expect("a status"))).then_some(shown)
        })
    }

    /// A flag in `development`.
    pub fn flag(&self, key: &str) -> Value {
        self.client.get(&self.flags(&format!("/{key}"))).expect(200)["data"].clone()
    }

    /// What was done with a flag, newest first.
    pub fn history(&self, key: &str) -> Vec<Value> {
        let entries = self.client.get(&format!("{}&per_page=200", self.flags(&format!("/{key}/history"))));
        entries.expect(200)["data"].as_array().expect("a list").clone()
    }
}

/// The identifier of what was made.
#[track_caller]
pub fn made(answer: &Answer) -> String {
    answer.expect(201)["data"]["id"].as_str().expect("an id").to_owned()
}
