//! The load benchmark of the hot path: `POST /api/v1/evaluate` of the real server beside a bare poem handler, which
//! reads the same JSON into a typed struct and answers as many bytes of body. `cargo bench --bench load`.
//!
//! Each runs as a process of its own with one worker thread, pinned to the first core; the load comes from this
//! process, pinned to the second one, over connections that are kept alive. They take turns, round after round, so
//! that whatever else the machine does meets both. The figure to trust on such a machine is the server's CPU time per
//! request; requests per second and latencies are those of a saturated core.
//!
//! The server runs with its defaults (log level `info`, of which nobody reads the log), with one exception: its limit
//! of evaluations is on, and too high to be met. Everything it needs is made through its API. The program fails only if
//! it cannot measure; no figure makes it fail.
//!
//! For a longer or a narrower run: `cargo bench --bench load -- --help`.

mod bare;
mod client;
mod fixture;
mod process;
mod table;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use client::Load;
use fixture::{Case, Fixture};
use process::Process;
use table::{Reading, Row};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Where servers run, and where the load comes from.
const SERVER_CORE: usize = 0;
const CLIENT_CORE: usize = 1;

/// What each server is asked before it is measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// Measures the hot path beside a bare handler
#[derive(Parser, Debug)]
struct Options {
    /// Rounds of each case
    #[arg(long, default_value_t = 7)]
    rounds: usize,

    /// Milliseconds that each contestant is asked in a round
    #[arg(long, default_value_t = 800)]
    millis: u64,

    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 32)]
    connections: usize,

    /// Another build of the server, to be measured in the same rounds; may be given more than once
    #[arg(long, value_name = "PROGRAM")]
    beside: Vec<PathBuf>,

    /// Only the cases whose names contain this
    #[arg(long, default_value = "")]
    only: String,

    /// Serve as the bare handler on this port, answering with so many bytes
    #[arg(long, hide = true, num_args = 2, value_names = ["PORT", "BYTES"])]
    bare: Option<Vec<u16>>,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    if let Some(&[port, bytes]) = options.bare.as_deref() {
        return bare::serve(port, usize::from(bytes));
    }
    process::pin_this_one(CLIENT_CORE);
    let mut programs = vec![("phaseflag".to_owned(), PathBuf::from(env!("CARGO_BIN_EXE_phaseflag")))];
    programs.extend(options.beside.iter().map(|path| (path.display().to_string(), path.clone())));

    let mut servers = Vec::new();
    for (name, program) in &programs {
        let fixture = Fixture::start(program)?;
        println!("{name}: {}", fixture.first_impression(program)?);
        servers.push((name.as_str(), fixture));
    }
    table::head(&options);
    let chosen = |case: &&Case| case.name.contains(&options.only);
    for case in fixture::cases().iter().filter(chosen) {
        table::print(case.name, &measure(case, &servers, &options)?);
    }
    Ok(())
}

/// All rounds of one case: the bare handler first, then each server, again and again.
fn measure(case: &Case, servers: &[(&str, Fixture)], options: &Options) -> Outcome<Vec<Row>> {
    let mut contestants: Vec<(&str, &Process, Load)> = Vec::new();
    for (name, fixture) in servers {
        contestants.push((
            name,
            &fixture.process,
            Load::new(fixture.process.address, fixture.requests(case)),
        ));
    }
    let (_, _, first) = contestants.first().ok_or("nobody to measure")?;
    let bytes = first.typical_answer()?;
    let bare = bare::start(bytes)?;
    contestants.insert(0, ("bare poem handler", &bare, Load::new(bare.address, first.requests.clone())));

    let mut rows: Vec<Row> = contestants.iter().map(|(name, ..)| Row::new(name)).collect();
    for (_, _, load) in &contestants {
        load.run(options.connections, WARM_UP)?;
    }
    for _ in 0..options.rounds {
        for (row, (_, process, load)) in rows.iter_mut().zip(&contestants) {
            let before = process.cpu()?;
            let run = load.run(options.connections, Duration::from_millis(options.millis))?;
            row.add(Reading {
                cpu: process.cpu()?.since(before),
                resident_mib: process.resident_mib()?,
                run,
            });
        }
    }
    Ok(rows)
}
