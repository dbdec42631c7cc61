//! Everything at once, for ten minutes: what an hour brings. `cargo bench --bench mixed`, with `--seconds N` behind `--` for another
//! time, or `--quick` for twenty seconds.
//!
//! A server with 200 flags is asked for evaluations at a fixed rate, by connections that are kept alive: each request has a moment at
//! which it is due, and its time counts from there, so that one late answer makes those behind it late as well. A tenth of the time
//! there is nothing else. For the next tenth hundreds of streams are open, some of them opened anew each second, events are
//! sent, pages of the flags and of the audit log are read, and backups are downloaded. For the rest there are changes as well, each
//! of which every stream is told of; in the end all streams have to be at the last version.
//!
//! Printed are the times of evaluations in each part, and the memory of the server: where it stood after a tenth of the last part
//! and at the end, and by how much a straight line through all seconds in between rises in an hour. A refused request, a stream that ends or
//! one that missed a change makes the program fail; no figure does.

mod asks;
#[path = "../load/descriptors.rs"]
mod descriptors;
mod figures;
#[path = "../start/fill.rs"]
mod fill;
#[path = "../start/running.rs"]
mod running;
mod streams;
#[path = "../scale/team.rs"]
mod team;
mod work;

use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use tempfile::TempDir;

use figures::{Memory, Times};
use running::Running;
use streams::Streams;
use team::Team;
use work::{Clock, Side};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Requests per minute that nobody reaches.
const LIMITS: [&str; 4] = [
    "--rate-limit-evaluation=1000000000",
    "--rate-limit-ruleset=1000000000",
    "--rate-limit-management=1000000000",
    "--rate-limit-auth=0",
];
/// What both processes have open beside streams.
const DESCRIPTORS_BESIDE: usize = 500;
/// Flags of the project.
const FLAGS: u128 = 200;

/// Measures everything at once
#[derive(Parser, Debug)]
struct Options {
    /// How long, in all
    #[arg(long, default_value_t = 600)]
    seconds: u64,

    /// Twenty seconds
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,

    /// Evaluations per second
    #[arg(long, default_value_t = 1_000)]
    rate: u32,

    /// Connections that evaluate
    #[arg(long, default_value_t = 8)]
    connections: u32,

    /// Changes per second
    #[arg(long, default_value_t = 2)]
    changes: u32,

    /// Open streams
    #[arg(long, default_value_t = 500)]
    streams: usize,

    /// Another build of the server, to be measured in place of this one
    #[arg(long, value_name = "PROGRAM", default_value = env!("CARGO_BIN_EXE_phaseflag"))]
    program: PathBuf,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let seconds = if options.quick { 20 } else { options.seconds.max(20) };
    let tenth = Duration::from_secs(seconds) / 10;
    descriptors::raise_descriptor_limit(options.streams + DESCRIPTORS_BESIDE)?;
    let directory = TempDir::new()?;
    let data = directory.path().join("mixed.redb");
    fill::fill(&options.program, &data, FLAGS)?;
    let mut arguments: Vec<String> = LIMITS.map(str::to_owned).to_vec();
    for limit in ["max-connections", "max-streams", "max-streams-per-key"] {
        arguments.push(format!("--{limit}={}", options.streams + DESCRIPTORS_BESIDE));
    }
    let mut running = Running::start(&options.program, &data, &arguments)?;
    let team = Team::sign_in(&running.url)?;

    let alone = part(&options, &team, tenth, &[], None)?;
    let streams = Streams::open(&running.url, &team, options.streams)?;
    let others = [Side::Events, Side::Flags, Side::Audit, Side::Backup(tenth), Side::Stream];
    let still = part(&options, &team, tenth, &others, None)?;
    let made = AtomicU64::new(0);
    let changes = Side::Changes { each_second: options.changes, made: &made };
    let [events, flags, audit, backup, stream] = others;
    let all = [events, flags, audit, backup, stream, changes];
    let mut memory = Memory::after(tenth * 8 / 10);
    let busy = part(&options, &team, tenth * 8, &all, Some((&mut memory, &running)))?;
    let told = streams.end_at(team.version()?)?;
    running.stop()?;

    println!(
        "{seconds} s, {} evaluations per second, milliseconds; ready after {:.0}",
        options.rate,
        running.took.as_secs_f64() * 1e3
    );
    alone.show("nothing else", None);
    still.show("everything but changes", Some(&alone));
    busy.show("everything", Some(&still));
    println!(
        "{} changes, {told} events on {} streams, none missed",
        made.load(Ordering::Relaxed),
        options.streams
    );
    memory.show();
    Ok(())
}

/// Evaluates for this long, with the others at their work beside it.
fn part(
    options: &Options,
    team: &Team,
    time: Duration,
    others: &[Side<'_>],
    watched: Option<(&mut Memory, &Running)>,
) -> Outcome<Times> {
    let clock = Clock { began: Instant::now(), time };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..options.connections)
            .map(|number| {
                let team = team.apart();
                scope.spawn(move || work::evaluate(&team, clock, number, options.connections, options.rate))
            })
            .collect();
        let others: Vec<_> = others
            .iter()
            .map(|side| {
                let team = team.apart();
                scope.spawn(move || side.work(&team, clock))
            })
            .collect();
        if let Some((memory, running)) = watched {
            memory.watch(running, clock)?;
        }
        let joined = |_| "a client panicked";
        let mut times = Vec::new();
        for asker in askers {
            times.extend(asker.join().map_err(joined)??);
        }
        others.into_iter().try_for_each(|other| other.join().map_err(joined)?)?;
        Ok(Times::of(times))
    })
}
