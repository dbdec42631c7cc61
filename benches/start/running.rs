//! A server as a process of its own, from its start until it is ready.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;

/// A server that is ready.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    /// From its start until it answered.
    pub(crate) took: Duration,
}

impl Running {
    /// Starts `program` on this file, with what else is said, and waits until it is ready.
    pub(crate) fn start(program: &Path, data: &Path, more: &[String]) -> Outcome<Self> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--port=0", "--log-format=json", "--data"])
            .arg(data)
            .args(more)
            .stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command.spawn()?;
        let mut log = BufReader::new(child.stderr.take().ok_or("no log")?);
        let mut line = String::new();
        let url = loop {
            line.clear();
            if log.read_line(&mut line)? == 0 {
                return Err("the server ended".into());
            }
            let event: Value = serde_json::from_str(&line)?;
            if event["message"] == "ready" {
                break format!("http://{}", event["address"].as_str().ok_or("no address")?);
            }
        };
        ureq::get(format!("{url}/ready")).call()?;
        let took = began.elapsed();
        // Somebody has to read the log, or the pipe fills up and the server waits.
        thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Ok(Self { child, url, took })
    }

    pub(crate) fn resident_bytes(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.ok_or("/proc/pid/status has no VmRSS")?.trim_end_matches("kB").trim();
        Ok(kib.parse::<u64>()? << 10)
    }

    /// Ends it so that its file is whole.
    pub(crate) fn stop(&mut self) -> Outcome<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless something failed.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
