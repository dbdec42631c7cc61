//! The program itself, as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::program;

/// A command line of the program, in an empty environment.
pub fn command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program());
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command line to its end.
pub fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Output {
    command(args).output().expect("the program starts")
}

/// The program, serving.
pub struct Process {
    child: Child,
    /// `http://address:port`, or whatever the log said.
    pub url: String,
    log: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts `phaseflag serve` on a free port with these arguments, and waits until it is ready.
    pub fn serve<A: AsRef<OsStr>>(data: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut command = command(["serve", "--port=0", "--rate-limit-auth=0", "--rate-limit-management=0"]);
        command.arg("--data").arg(data).args(args);
        Self::of(command)
    }

    /// Starts a command line that serves, and waits until it is ready.
    pub fn of(command: Command) -> Self {
        Self::start(command).unwrap_or_else(|text| panic!("it ended instead of serving: {text}"))
    }

    /// Starts a command line that serves, and waits until it is ready; answers what it wrote if it ended instead.
    pub fn start(mut command: Command) -> Result<Self, String> {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut log = BufReader::new(child.stderr.take().expect("a log"));
        let mut text = String::new();
        let url = loop {
            let begin = text.len();
            if log.read_line(&mut text).expect("a log line") == 0 {
                child.wait().expect("an exit status");
                return Err(text);
            }
            // Standard error is no terminal here, so every line of the log is one JSON object; what ends the program is none.
            let line: Value = serde_json::from_str(&text[begin..]).unwrap_or_default();
            if line["message"] == "ready" {
                break line["url"].as_str().expect("an address").to_owned();
            }
        };
        // Somebody has to read the log, or the pipe fills up and the server waits.
        let log = thread::spawn(move || {
            let _ended = log.read_to_string(&mut text);
            text
        });
        Ok(Self { child, url, log: Some(log) })
    }

    /// Stops it, and answers what it logged.
    pub fn log(mut self) -> Vec<Value> {
        self.terminate();
        self.wait();
        let text = self.log.take().expect("a log").join().expect("a text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The number by which the system knows it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as service managers do.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
    }

    /// Ends it at once: `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("the signal is sent");
        self.wait();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("an exit status")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Most tests end it themselves.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
