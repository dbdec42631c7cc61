//! The benchmark of changes: how many acknowledged changes a second, beside redb's own durable commits on the same disk.
//! `cargo bench --bench changes`.
//!
//! redb commits one small row after the other, each durable before the next begins; and, in a file of its own, as many rows
//! in as many tables as a switch of a flag writes: what the flag is, its revision, its audit entry with what that is searched
//! by, the version of the environment. The server, on another file in the same folder, switches flags through its API: by one
//! client, each change acknowledged before the next is asked for, and by many at once, each with a flag of its own; and one
//! client asks for what takes nothing but the way there and back, so that the part of that in a change is seen. They take
//! turns, round after round, so that whatever else the machine and the disk do meets all of them; the median of a row's rounds
//! is what counts. The program fails only if it cannot measure; no figure makes it fail.

mod alone;
#[path = "../load/client.rs"]
#[expect(dead_code, reason = "how long answers are does not matter here")]
mod client;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::Request;

use alone::{Alone, ONE_ROW, SWITCH};
use client::Load;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long the server may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const START_POLL: Duration = Duration::from_millis(2);

/// Measures changes beside redb's commits
#[derive(Parser, Debug)]
struct Options {
    /// Rounds of each row
    #[arg(long, default_value_t = 7)]
    rounds: usize,

    /// Milliseconds of each row in each round
    #[arg(long, default_value_t = 1_000)]
    millis: u64,

    /// Clients that change flags at the same time
    #[arg(long, default_value_t = 32)]
    writers: usize,

    /// The folder of the data files, which decides the disk; absent: the system's for temporary files
    #[arg(long)]
    folder: Option<PathBuf>,

    /// Another build of the server, to be measured as well; may be given more than once
    #[arg(long, value_name = "PROGRAM")]
    beside: Vec<PathBuf>,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let folder = match &options.folder {
        Some(folder) => TempDir::new_in(folder)?,
        None => TempDir::new()?,
    };
    let mut programs = vec![PathBuf::from(env!("CARGO_BIN_EXE_phaseflag"))];
    programs.extend(options.beside.iter().cloned());
    let row = Alone::open(&folder.path().join("row.redb"), &ONE_ROW)?;
    let rows = Alone::open(&folder.path().join("rows.redb"), &SWITCH)?;
    let mut servers = Vec::new();
    for (number, program) in programs.iter().enumerate() {
        servers.push(Server::start(program, &folder.path().join(format!("{number}.redb")), options.writers)?);
    }
    let time = Duration::from_millis(options.millis);
    let (mut redb, mut same) = (Vec::new(), Vec::new());
    let mut rates = vec![[const { Vec::new() }; 3]; servers.len()];
    for _ in 0..options.rounds {
        redb.push(row.commits(time)?);
        same.push(rows.commits(time)?);
        for (server, [asked, one, many]) in servers.iter().zip(&mut rates) {
            asked.push(server.asked(time)?);
            one.push(server.changes_one_by_one(time)?);
            many.push(server.changes(options.writers, time)?);
        }
    }
    let (redb, same) = (median(redb), median(same));
    println!(
        "acknowledged changes per second, median of {} rounds of {} ms,",
        options.rounds, options.millis
    );
    println!("by each of the first two rows");
    let show =
        |what: &str, rate: f64| println!("  {what:<52}{rate:>9.0}{:>7.2}{:>7.2}", rate / redb, rate / same);
    show("redb alone, one row in each durable commit", redb);
    show("redb alone, the rows of a switch in each", same);
    for (program, rates) in programs.iter().zip(rates) {
        let [asked, one, many] = rates.map(median);
        println!("{}", program.display());
        show("one client that changes nothing", asked);
        show("one writer", one);
        println!(
            "  that is {:.2} of a commit of such rows and the way there and back, one after the other",
            one * (1.0 / same + 1.0 / asked)
        );
        show(&format!("{} writers", options.writers), many);
        println!("  {} writers make {:.1} times as many changes as one", options.writers, many / one);
    }
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A server with a flag for each writer.
struct Server {
    child: Child,
    address: SocketAddr,
    token: String,
    switches: Vec<Switch>,
}

/// What a flag is switched with.
struct Switch {
    path: String,
    enabled: AtomicBool,
}

impl Server {
    fn start(program: &Path, data: &Path, writers: usize) -> Outcome<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let port = address.port().to_string();
        let mut command = Command::new(program);
        command.args(["serve", "--port", &port, "--rate-limit-management", "1000000000", "--data"]).arg(data);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let root = format!("http://{address}");
        let mut server = Self { child, address, token: String::new(), switches: Vec::new() };
        let began = Instant::now();
        while ureq::get(format!("{root}/ready")).call().is_err() {
            if began.elapsed() > START_TIMEOUT {
                return Err(format!("{} does not answer", program.display()).into());
            }
            thread::sleep(START_POLL);
        }
        server.fill(&format!("{root}/api/v1"), writers)?;
        Ok(server)
    }

    fn fill(&mut self, api: &str, flags: usize) -> Outcome<()> {
        let agent = Agent::new_with_defaults();
        let account = json!({"email": "bench@example.com", "password": "correct horse battery"});
        post(&agent, "", &format!("{api}/auth/register"), &account)?;
        let login = post(&agent, "", &format!("{api}/auth/login"), &account)?;
        text(&login["data"]["access_token"])?.clone_into(&mut self.token);
        let bearer = format!("Bearer {}", self.token);
        let get = |path: &str| -> Outcome<Value> {
            let request = Request::get(format!("{api}{path}")).header("authorization", &bearer).body(())?;
            Ok(agent.run(request)?.body_mut().read_json()?)
        };
        let projects = get("/projects")?;
        let environments = get(&format!("/environments?project_id={}", text(&projects["data"][0]["id"])?))?;
        let environment = text(&environments["data"][0]["id"])?;
        for number in 0..flags {
            let key = format!("flag-{number}");
            let flag = json!({
                "key": key, "name": key, "flag_type": "boolean", "default_variation": "off",
                "variations": [
                    {"key": "on", "name": "On", "value": true},
                    {"key": "off", "name": "Off", "value": false}
                ]
            });
            post(&agent, &self.token, &format!("{api}/flags?environment_id={environment}"), &flag)?;
            let path = format!("/api/v1/flags/{key}/toggle?environment_id={environment}");
            self.switches.push(Switch { path, enabled: AtomicBool::new(false) });
        }
        Ok(())
    }

    /// Requests per second of one client that change nothing and read nothing.
    fn asked(&self, time: Duration) -> Outcome<f64> {
        self.one_by_one(&[request("GET", "/health", &self.token, "")], time)
    }

    /// Acknowledged changes per second of one client.
    fn changes_one_by_one(&self, time: Duration) -> Outcome<f64> {
        let switch = |enabled| {
            request("POST", &self.switches[0].path, &self.token, &json!({"enabled": enabled}).to_string())
        };
        let now = self.switches[0].enabled.load(Ordering::Relaxed);
        let rate = self.one_by_one(&[switch(!now), switch(now)], time)?;
        // However many there were: what changes nothing is no change, so the next ones begin with one that is.
        let url = format!("http://{}{}", self.address, self.switches[0].path);
        post(&Agent::new_with_defaults(), &self.token, &url, &json!({"enabled": now}))?;
        Ok(rate)
    }

    /// Requests per second that one client sends in turns.
    fn one_by_one(&self, requests: &[Vec<u8>], time: Duration) -> Outcome<f64> {
        let run = Load::new(self.address, requests.into()).run(1, time)?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        Ok(run.latencies.len() as f64 / run.took.as_secs_f64())
    }

    /// Acknowledged changes per second by so many clients at the same time.
    fn changes(&self, writers: usize, time: Duration) -> Outcome<f64> {
        let made = AtomicUsize::new(0);
        let began = Instant::now();
        thread::scope(|scope| {
            let clients: Vec<_> = self.switches[..writers]
                .iter()
                .map(|switch| {
                    let made = &made;
                    scope.spawn(move || -> Outcome<()> {
                        let agent = Agent::new_with_defaults();
                        let url = format!("http://{}{}", self.address, switch.path);
                        while began.elapsed() < time {
                            // Each time another state, as what changes nothing is no change.
                            let enabled = !switch.enabled.fetch_not(Ordering::Relaxed);
                            post(&agent, &self.token, &url, &json!({"enabled": enabled}))?;
                            made.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(())
                    })
                })
                .collect();
            clients.into_iter().try_for_each(|client| client.join().map_err(|_| "a client panicked")?)
        })?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        Ok(made.into_inner() as f64 / began.elapsed().as_secs_f64())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// A request as bytes, which a client sends in one go.
fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn post(agent: &Agent, token: &str, url: &str, body: &Value) -> Outcome<Value> {
    let request = Request::post(url).header("content-type", "application/json");
    let request =
        if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
    Ok(agent.run(request.body(body.to_string())?)?.body_mut().read_json()?)
}

fn text(value: &Value) -> Outcome<&str> {
    value.as_str().ok_or_else(|| "the server answers otherwise than its document says".into())
}
