//! The start benchmark: from the start of the process until `GET /ready` says yes, and what it holds then. `cargo bench
//! --bench start`.
//!
//! A start is measured on a new file, on the same file again, and on one with many flags in three environments. That
//! one is made of a single flag that the API made, with two rollouts, and copies of it. Each start is repeated; the
//! least time is the one that says most about the program, and the median is what one sees. Memory is that of the last
//! start, before anything but `/ready` was asked for. The program fails only if it cannot measure; no figure makes it
//! fail.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use phaseflag::domain::id::FlagId;
use phaseflag::domain::key::FlagKey;
use phaseflag::store::{self, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the figures should be below.
const AIMS: &str =
    "aims: 30 ms with an empty file, 400 ms with 10,000 flags in three environments, 15 MiB, 20 MiB";

/// Measures starts of the server
#[derive(Parser, Debug)]
struct Options {
    /// Starts of each kind
    #[arg(long, default_value_t = 9)]
    rounds: usize,

    /// Flags in the file that has many, in each of its three environments
    #[arg(long, default_value_t = 10_000)]
    flags: u128,

    /// Another build of the server, to be measured as well; may be given more than once
    #[arg(long, value_name = "PROGRAM")]
    beside: Vec<PathBuf>,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let mut programs = vec![PathBuf::from(env!("CARGO_BIN_EXE_phaseflag"))];
    programs.extend(options.beside.iter().cloned());
    let directory = TempDir::new()?;
    let full = directory.path().join("full.redb");
    fill(&programs[0], &full, options.flags)?;
    println!("{AIMS}");
    for program in &programs {
        println!("{}: {:.1} MiB", program.display(), mib(fs::metadata(program)?.len()));
        let mut fresh = 0;
        report("a new file", &options, || {
            fresh += 1;
            Running::start(program, &directory.path().join(format!("new-{fresh}.redb")))
        })?;
        let again = directory.path().join("new-1.redb");
        report("an empty file", &options, || Running::start(program, &again))?;
        let what = format!(
            "{} flags in three environments, {:.0} MiB",
            options.flags,
            mib(fs::metadata(&full)?.len())
        );
        report(&what, &options, || Running::start(program, &full))?;
        for number in 1..=fresh {
            fs::remove_file(directory.path().join(format!("new-{number}.redb")))?;
        }
    }
    Ok(())
}

fn report(what: &str, options: &Options, mut start: impl FnMut() -> Outcome<Running>) -> Outcome<()> {
    let (mut times, mut resident) = (Vec::new(), 0);
    for _ in 0..options.rounds.max(1) {
        let mut running = start()?;
        times.push(running.took.as_secs_f64() * 1e3);
        resident = running.resident_bytes()?;
        running.stop()?;
    }
    times.sort_unstable_by(f64::total_cmp);
    println!(
        "  {what}: ready after {:.1} ms at least, {:.1} ms in the middle; {:.1} MiB resident",
        times[0],
        times[times.len() / 2],
        mib(resident)
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a size in MiB is printed with one decimal")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A server that is ready.
struct Running {
    child: Child,
    url: String,
    took: Duration,
    /// Held, so that the server can go on to log.
    _log: BufReader<ChildStderr>,
}

impl Running {
    fn start(program: &Path, data: &Path) -> Outcome<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--port=0", "--log-format=json", "--data"]).arg(data).stderr(Stdio::piped());
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
        Ok(Self { child, url, took: began.elapsed(), _log: log })
    }

    fn resident_bytes(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.ok_or("/proc/pid/status has no VmRSS")?.trim_end_matches("kB").trim();
        Ok(kib.parse::<u64>()? << 10)
    }

    /// Ends it so that its file is whole.
    fn stop(&mut self) -> Outcome<()> {
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

/// Makes a file with so many flags.
fn fill(program: &Path, data: &Path, flags: u128) -> Outcome<()> {
    let mut running = Running::start(program, data)?;
    make_one_flag(&format!("{}/api/v1", running.url))?;
    running.stop()?;
    let store = Store::open(data)?;
    let reader = store.read()?;
    let environments = store::environment::every(&reader)?;
    let project = environments.first().ok_or("no environment")?.project;
    let model = store::flag::of_project(&reader, project)?.pop().ok_or("no flag")?;
    let mut configured = None;
    for environment in &environments {
        let found = store::flag::configuration(&reader, environment.id, model.id)?;
        configured = configured.or(found.filter(|it| !it.rules.is_empty()));
    }
    let configured = configured.ok_or("no configuration")?;
    drop(reader);
    let writer = store.write()?;
    for number in 0..flags {
        let mut flag = model.clone();
        if number > 0 {
            flag.id = FlagId::from_bits(model.id.bits() + number);
            flag.key = FlagKey::parse(&format!("flag-{number}")).map_err(|_| "no key")?;
        }
        store::flag::put(&writer, &flag)?;
        for environment in &environments {
            store::flag::put_configuration(&writer, environment.id, flag.id, &configured)?;
        }
    }
    Ok(writer.commit()?)
}

/// A flag with two rollouts: to half of those who have a plan and live in Europe, and to a quarter of all.
fn make_one_flag(api: &str) -> Outcome<()> {
    let agent = Agent::new_with_defaults();
    let account = json!({"email": "bench@example.com", "password": "correct horse battery"});
    agent.post(format!("{api}/auth/register")).send_json(&account)?;
    let login: Value = agent.post(format!("{api}/auth/login")).send_json(&account)?.body_mut().read_json()?;
    let authorization = format!("Bearer {}", login["data"]["access_token"].as_str().ok_or("no token")?);
    let get = |path: &str| -> Outcome<Value> {
        let request = agent.get(format!("{api}{path}")).header("authorization", &authorization);
        Ok(request.call()?.body_mut().read_json()?)
    };
    let id = |list: &Value| Ok::<_, &str>(list["data"][0]["id"].as_str().ok_or("no id")?.to_owned());
    let project = id(&get("/projects")?)?;
    let environment = id(&get(&format!("/environments?project_id={project}"))?)?;
    let inside = json!([
        {"attribute": "plan", "operator": "one_of", "value": ["pro", "enterprise"]},
        {"attribute": "country", "operator": "one_of", "value": ["FR", "NL", "DE"]}
    ]);
    let rule = |priority: u32, name: &str, conditions: Value, percentage: u32| {
        json!({
            "priority": priority, "name": name, "conditions": conditions,
            "percentage_rollout": [{"variation": "on", "percentage": percentage}]
        })
    };
    let flag = json!({
        "key": "flag-0", "name": "Flag", "flag_type": "boolean", "default_variation": "off", "enabled": true,
        "variations": [{"key": "on", "name": "On", "value": true}, {"key": "off", "name": "Off", "value": false}],
        "targeting_rules": [rule(1, "half of Europe", inside, 50), rule(2, "everyone", json!([]), 25)]
    });
    let url = format!("{api}/flags?environment_id={environment}");
    agent.post(url).header("authorization", &authorization).send_json(&flag)?;
    Ok(())
}
