//! Another server of feature flags that evaluates for its clients: `unleash-edge`. It is measured where `--peer` names
//! a program that you built; see the documentation of the benchmark.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Outcome;
use crate::case::rival_requests;
use crate::fixture::{EUROPE, PLAN, flag_key};
use crate::process::{Process, arguments};

/// Tokens in the form that it asks for; it reads flags from a file, so nobody else knows them.
const CLIENT_TOKEN: &str = "*:development.bench-client";
const FRONTEND_TOKEN: &str = "*:development.bench-frontend";

/// The peer with flags like those of the fixture.
pub(crate) struct Peer {
    /// The server.
    pub(crate) process: Process,
    _directory: TempDir,
}

impl Peer {
    /// Starts it with one worker.
    pub(crate) fn start(program: &Path, flags: usize) -> Outcome<Self> {
        let directory = TempDir::new()?;
        let features = directory.path().join("features.json");
        let listed: Vec<Value> = (0..flags).map(|index| feature(&flag_key(index))).collect();
        fs::write(&features, json!({"version": 2, "features": listed}).to_string())?;
        let features = features.display().to_string();
        let arguments = |port: u16| {
            let (port, tokens) = (port.to_string(), [CLIENT_TOKEN, FRONTEND_TOKEN]);
            let mut all = arguments(&["--port", &port, "--workers", "1", "offline"]);
            all.extend(arguments(&["--bootstrap-file", &features]));
            all.extend(arguments(&["--client-tokens", tokens[0], "--frontend-tokens", tokens[1]]));
            all
        };
        let process = Process::start(program, arguments, is_ready)?;
        Ok(Self { process, _directory: directory })
    }

    /// Requests of the users of every case for all flags.
    pub(crate) fn requests(&self) -> Arc<[Vec<u8>]> {
        rival_requests(self.process.address, FRONTEND_TOKEN)
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let url = format!("http://{address}/api/frontend?userId=nobody");
    ureq::get(url).header("authorization", FRONTEND_TOKEN).call().is_ok()
}

/// The flag of the fixture in the words of the peer.
fn feature(name: &str) -> Value {
    let constraint =
        |field: &str, values: &[&str]| json!({"contextName": field, "operator": "IN", "values": values});
    let rollout = |percentage: &str, constraints: Value| {
        let parameters = json!({"rollout": percentage, "stickiness": "userId", "groupId": name});
        json!({"name": "flexibleRollout", "constraints": constraints, "parameters": parameters})
    };
    let inside = json!([constraint("plan", &PLAN), constraint("country", &EUROPE)]);
    json!({
        "name": name, "type": "release", "enabled": true,
        "strategies": [rollout("50", inside), rollout("25", json!([]))]
    })
}
