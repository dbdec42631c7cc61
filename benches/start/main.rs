//! The start benchmark: from the start of the process until `GET /ready` says yes, and what it holds then. `cargo bench
//! --bench start`.
//!
//! A start is measured on a new file, on the same file again, and on one with many flags in three environments. That
//! one is made of a single flag that the API made, with two rollouts, and copies of it. Each start is repeated; the
//! least time is the one that says most about the program, and the median is what one sees. Memory is that of the last
//! start, before anything but `/ready` was asked for. The program fails only if it cannot measure; no figure makes it
//! fail.

mod fill;
mod running;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use tempfile::TempDir;

use fill::fill;
use running::Running;

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
            Running::start(program, &directory.path().join(format!("new-{fresh}.redb")), &[])
        })?;
        let again = directory.path().join("new-1.redb");
        report("an empty file", &options, || Running::start(program, &again, &[]))?;
        let what = format!(
            "{} flags in three environments, {:.0} MiB",
            options.flags,
            mib(fs::metadata(&full)?.len())
        );
        report(&what, &options, || Running::start(program, &full, &[]))?;
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
