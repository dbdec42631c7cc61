//! Servers as processes of their own, so that the system tells what each one costs. Linux tells it under `/proc`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Outcome, SERVER_CORE};

/// The unit of processor times in `/proc`, per second: the same on every Linux that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// How long a process may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How often a process is asked whether it answers.
const START_POLL: Duration = Duration::from_micros(200);

/// A server in a process of its own, which ends with this value.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start until it answered.
    pub(crate) took: Duration,
}

/// Processor time that a process has used, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    user: f64,
    system: f64,
}

impl Cpu {
    pub(crate) fn since(self, before: Self) -> Self {
        Self { user: self.user - before.user, system: self.system - before.system }
    }

    pub(crate) fn user(self) -> f64 {
        self.user
    }

    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }
}

impl Process {
    /// Starts `program` with one worker on the core of servers, and waits until `ready` says that it answers.
    pub(crate) fn start(
        program: &Path,
        arguments: impl FnOnce(u16) -> Vec<String>,
        ready: impl Fn(SocketAddr) -> bool,
    ) -> Outcome<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = pinned(program, SERVER_CORE);
        command.args(arguments(port)).env("TOKIO_WORKER_THREADS", "1");
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut process = Self { child, address, took: Duration::ZERO };
        while !ready(address) {
            if process.child.try_wait()?.is_some() || began.elapsed() > START_TIMEOUT {
                return Err(format!("{} does not answer", program.display()).into());
            }
            sleep(START_POLL);
        }
        process.took = began.elapsed();
        Ok(process)
    }

    /// What all its threads have used so far.
    pub(crate) fn cpu(&self) -> Outcome<Cpu> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name in parentheses, which may hold anything; the third is the state.
        let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/pid/stat has no name")?;
        let mut times = fields.split(' ').skip(11).map(str::parse::<f64>);
        let mut next = || times.next().ok_or("/proc/pid/stat has no times");
        Ok(Cpu { user: next()?? / TICKS_PER_SECOND, system: next()?? / TICKS_PER_SECOND })
    }

    /// Memory that it holds, in MiB.
    pub(crate) fn resident_mib(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.ok_or("/proc/pid/status has no VmRSS")?.trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// A command that runs on one core only, if the system has the tool for it.
fn pinned(program: &Path, core: usize) -> Command {
    if !has_taskset() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.arg("--cpu-list").arg(core.to_string()).arg(program);
    command
}

/// Keeps this process, and every thread that it starts from now on, on one core.
pub(crate) fn pin_this_one(core: usize) {
    let (core, this) = (core.to_string(), std::process::id().to_string());
    let pinned = Command::new("taskset").args(["--cpu-list", "--pid", &core, &this]).output();
    if !pinned.is_ok_and(|pinned| pinned.status.success()) {
        println!("note: processes are not pinned to cores here, so that the figures are less steady");
    }
}

/// Arguments of a program.
pub(crate) fn arguments(all: &[&str]) -> Vec<String> {
    all.iter().map(|&one| one.to_owned()).collect()
}

fn has_taskset() -> bool {
    Command::new("taskset").arg("--version").output().is_ok_and(|output| output.status.success())
}
