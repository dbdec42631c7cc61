//! The load benchmark of the data plane: what SDKs ask of the real server, beside a bare poem handler, which reads the
//! same JSON into a typed struct and answers as many bytes of body. `cargo bench --bench load`.
//!
//! Each runs as a process of its own with one worker thread, pinned to the first core; the load comes from this
//! process, pinned to the second one, over connections that are kept alive. They take turns, round after round, so
//! that whatever else the machine does meets both. The figure to trust on such a machine is the server's CPU time per
//! request; requests per second and latencies are those of a saturated core.
//!
//! The server runs with its defaults (log level `info`, of which nobody reads the log), with one exception: its limits
//! of requests are on, and too high to be met. Everything it needs is made through its API. The program fails only if
//! it cannot measure; no figure makes it fail.
//!
//! With `--peer PROGRAM` another server of feature flags, `unleash-edge`, takes its turns in the cases that it has
//! something like: it evaluates equivalent flags for the same users at its frontend API, from a file, with one worker.
//! Nothing here installs it. `cargo install --locked unleash-edge --version 19.15.1 --root DIR` builds it, where the
//! variable `SWAGGER_UI_DOWNLOAD_URL` may name a `file://` address of an archive with `swagger-ui-5.17.14/dist` in it
//! (npm has that as `swagger-ui-dist`), if its build cannot download one.
//!
//! With `--streams N` this measures nothing but as many open streams: the memory of each, and how soon a toggle reaches
//! all of them.
//!
//! For a longer or a narrower run: `cargo bench --bench load -- --help`.

mod bare;
mod case;
mod client;
mod descriptors;
mod fixture;
mod peer;
mod process;
mod streams;
mod table;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use case::{Case, Rivalry};
use client::Load;
use fixture::Fixture;
use peer::Peer;
use process::Process;
use table::{Reading, Row};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Where servers run, and where the load comes from.
const SERVER_CORE: usize = 0;
const CLIENT_CORE: usize = 1;

/// What each server is asked before it is measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// How often a flag is switched where streams are measured.
const TOGGLES: usize = 5;

/// Measures what SDKs ask, beside a bare handler
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

    /// unleash-edge 19.15.1, to be measured in the same rounds where it has something like a case
    #[arg(long, value_name = "PROGRAM")]
    peer: Option<PathBuf>,

    /// Measure only so many open streams
    #[arg(long, value_name = "N")]
    streams: Option<usize>,

    /// Only the cases whose names contain this
    #[arg(long, default_value = "")]
    only: String,

    /// Serve as the bare handler on this port, answering with so many bytes
    #[arg(long, hide = true, num_args = 2, value_names = ["PORT", "BYTES"])]
    bare: Option<Vec<u32>>,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    if let Some(&[port, bytes]) = options.bare.as_deref() {
        return bare::serve(u16::try_from(port)?, usize::try_from(bytes)?);
    }
    process::pin_this_one(CLIENT_CORE);
    let mut programs = vec![("phaseflag".to_owned(), PathBuf::from(env!("CARGO_BIN_EXE_phaseflag")))];
    programs.extend(options.beside.iter().map(|path| (path.display().to_string(), path.clone())));

    if let Some(streams) = options.streams {
        for (name, program) in &programs {
            streams::measure(name, program, streams, TOGGLES)?;
        }
        return Ok(());
    }
    for (name, program) in &programs {
        println!("{name}: {}", Fixture::start(program, case::SMALL, &[])?.first_impression(program)?);
    }
    table::head(&options);
    for flags in [case::SMALL, case::LARGE] {
        let cases = case::cases();
        let chosen: Vec<_> =
            cases.iter().filter(|case| case.flags == flags && case.name.contains(&options.only)).collect();
        if chosen.is_empty() {
            continue;
        }
        let mut servers = Vec::new();
        for (name, program) in &programs {
            servers.push((name.as_str(), Fixture::start(program, flags, &[])?));
        }
        let peer = options.peer.as_ref().map(|program| Peer::start(program, flags)).transpose()?;
        for case in chosen {
            let peer = peer.as_ref().filter(|_| case.rivalry == Rivalry::Shared);
            let rows = measure(case, &servers, peer, &options)?;
            table::print(case.name, &rows);
            if let (Some(_), [_, server, .., last]) = (peer, &rows[..]) {
                table::print_rivalry(server, last);
            }
        }
    }
    Ok(())
}

/// All rounds of one case: the bare handler first, then each server, the peer last, again and again.
fn measure(
    case: &Case,
    servers: &[(&str, Fixture)],
    peer: Option<&Peer>,
    options: &Options,
) -> Outcome<Vec<Row>> {
    let mut contestants: Vec<(&str, &Process, Load)> = Vec::new();
    for (name, fixture) in servers {
        contestants.push((
            name,
            &fixture.process,
            Load::new(fixture.process.address, case.requests(fixture)),
        ));
    }
    let (_, _, first) = contestants.first().ok_or("nobody to measure")?;
    let bytes = first.typical_answer()?;
    let bare = bare::start(bytes)?;
    contestants.insert(0, ("bare poem handler", &bare, Load::new(bare.address, first.requests.clone())));
    if let Some(peer) = peer {
        contestants.push(("unleash-edge", &peer.process, Load::new(peer.process.address, peer.requests())));
    }

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
