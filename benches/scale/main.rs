//! What things cost as the work grows: flags, environments, open streams, audit entries, API keys. `cargo bench --bench scale`,
//! with the names of what is to grow behind `--`, or all of it.
//!
//! For each size a server is started on a file of that size, and asked by one client, one request after the other: for an
//! evaluation of one flag, a change (which is durable when it is answered), the first page of the flags and of the audit log;
//! medians. A start is the time until it is ready. Below the sizes stands how the cost grew from the first to the last, as the
//! exponent of a power: 0 is flat, 1 is linear, more is worse than linear. The program fails only if it cannot measure; no
//! figure makes it fail.

#[path = "../load/descriptors.rs"]
mod descriptors;
mod dimension;
#[path = "../start/fill.rs"]
mod fill;
#[path = "../start/running.rs"]
mod running;
mod team;

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use tempfile::TempDir;

use dimension::Dimension;
use running::Running;
use team::Team;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Requests per minute that nobody reaches.
const LIMITS: [&str; 4] = [
    "--rate-limit-evaluation=1000000000",
    "--rate-limit-ruleset=1000000000",
    "--rate-limit-management=1000000000",
    "--rate-limit-auth=0",
];
/// What else this process has open beside streams.
const DESCRIPTORS_BESIDE: usize = 500;
/// Starts of each size.
const STARTS: usize = 3;

/// Measures what things cost as the work grows
#[derive(Parser, Debug)]
struct Options {
    /// What grows; absent: all, one after the other
    only: Vec<Dimension>,

    /// Fewer sizes, and small ones
    #[arg(long)]
    quick: bool,

    /// Requests of each kind
    #[arg(long, default_value_t = 400)]
    requests: usize,

    /// Another build of the server, to be measured in place of this one
    #[arg(long, value_name = "PROGRAM", default_value = env!("CARGO_BIN_EXE_phaseflag"))]
    program: PathBuf,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured of each size, and in which unit.
const COLUMNS: [&str; 8] = [
    "evaluation ms",
    "p99 ms",
    "change ms",
    "page of flags ms",
    "audit page ms",
    "start ms",
    "file MiB",
    "resident MiB",
];

fn main() -> Outcome<()> {
    let options = Options::parse();
    let chosen = if options.only.is_empty() { Dimension::ALL.to_vec() } else { options.only.clone() };
    if chosen.contains(&Dimension::Streams) {
        let most = Dimension::Streams.sizes(options.quick).iter().max().ok_or("no size")?;
        descriptors::raise_descriptor_limit(most + DESCRIPTORS_BESIDE)?;
    }
    for dimension in chosen {
        println!("\n{:>14}{}", format!("{dimension:?}"), COLUMNS.map(|name| format!("{name:>18}")).concat());
        let mut rows = Vec::new();
        for size in dimension.sizes(options.quick) {
            let row = measure(dimension, *size, &options)?;
            println!("{size:>14}{}", row.map(|cost| format!("{cost:>18.3}")).concat());
            rows.push((*size, row));
        }
        let [(few, first), .., (many, last)] = &rows[..] else { continue };
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
        let growth = (*many as f64 / *few as f64).ln();
        let exponents = first.iter().zip(last).map(|(first, last)| (last / first).ln() / growth);
        let exponents: Vec<_> = exponents.map(|each| format!("{each:>18.2}")).collect();
        println!("{:>14}{}", "exponent", exponents.concat());
    }
    Ok(())
}

/// What everything costs with a file of this size, in the order of the columns.
fn measure(dimension: Dimension, size: usize, options: &Options) -> Outcome<[f64; COLUMNS.len()]> {
    let directory = TempDir::new()?;
    let data = directory.path().join("scale.redb");
    dimension.grow(&options.program, &data, size)?;
    let streams = if dimension == Dimension::Streams { size } else { 0 };
    let mut arguments: Vec<String> = LIMITS.map(str::to_owned).to_vec();
    arguments.push(format!("--max-connections={}", streams + DESCRIPTORS_BESIDE));
    arguments.push(format!("--max-streams={}", streams.max(1)));
    arguments.push(format!("--max-streams-per-key={}", streams.max(1)));

    let mut starts = Vec::new();
    for _ in 1..STARTS {
        let mut running = Running::start(&options.program, &data, &arguments)?;
        starts.push(running.took.as_secs_f64() * 1e3);
        running.stop()?;
    }
    let mut running = Running::start(&options.program, &data, &arguments)?;
    starts.push(running.took.as_secs_f64() * 1e3);
    let team = Team::sign_in(&running.url)?;
    let open = follow(&running, &team, streams)?;

    let evaluations = times(options.requests, |_| team.evaluate())?;
    let changes = times(options.requests, |number| team.switch("flag-0", number % 2 == 0))?;
    let pages = times(options.requests / 4, |_| team.page())?;
    let log = times(options.requests / 4, |_| team.log())?;
    let resident = mib(running.resident_bytes()?);
    drop(open);
    running.stop()?;
    starts.sort_unstable_by(f64::total_cmp);
    Ok([
        median(&evaluations),
        evaluations[evaluations.len() * 99 / 100],
        median(&changes),
        median(&pages),
        median(&log),
        median(&starts),
        mib(fs::metadata(&data)?.len()),
        resident,
    ])
}

/// Opens so many streams, and waits until each has begun.
fn follow(running: &Running, team: &Team, streams: usize) -> Outcome<Vec<TcpStream>> {
    let address = running.url.strip_prefix("http://").ok_or("no address")?;
    let mut open = Vec::new();
    for _ in 0..streams {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(team.stream_request().as_bytes())?;
        let mut begun = [0; 12];
        stream.read_exact(&mut begun)?;
        if &begun != b"HTTP/1.1 200" {
            return Err(format!("no stream: {}", String::from_utf8_lossy(&begun)).into());
        }
        open.push(stream);
    }
    Ok(open)
}

/// Milliseconds that each of so many requests took, least first. The first ones, which open connections, do not count.
fn times(requests: usize, ask: impl Fn(usize) -> Outcome<()>) -> Outcome<Vec<f64>> {
    let warm = (requests / 10).max(2);
    let mut times = Vec::with_capacity(requests);
    for number in 0..requests + warm {
        let began = Instant::now();
        ask(number)?;
        if number >= warm {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(times)
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "a size in MiB is printed with a few decimals")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
