//! The speed of the engine: compiled rulesets, one thread, no server. `cargo bench --bench engine`.
//!
//! Each figure is the median of rounds. Beside it stands what hashing a user key takes in the same rounds, which is
//! the yardstick of the machine, and the ratio of both; the aims are those of a machine of 2026. The program fails
//! only if it cannot measure; no figure makes it fail. A word on the command line picks the cases whose names contain
//! it.

#![expect(clippy::expect_used, reason = "what is measured is made here and is known to be sound")]

#[path = "../../tests/it/support/compiled.rs"]
#[expect(unreachable_pub, reason = "shared with the tests, where it reads like the public face of a crate")]
mod compiled;
mod fixture;

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use phaseflag::domain::rollout::Algorithm;
use phaseflag::engine::bucket::Bucketer;

use fixture::{CASES, USER};

/// Rounds, of which the median counts.
const ROUNDS: usize = 31;
/// What a case is given in a round; one that takes longer runs once.
const ROUND: Duration = Duration::from_millis(8);

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    println!("medians of {ROUNDS} rounds\n");
    println!("{:<52}{:>12}{:>12}{:>12}{:>10}", "", "took", "aim", "hashing", "ratio");
    let bucketer = Bucketer::new(Algorithm::Murmur3, "flag");
    let mut hash = || {
        black_box(bucketer.bucket(black_box(USER)));
    };
    for case in CASES {
        let name = case.name;
        if !words.is_empty() && !words.iter().any(|word| name.contains(word)) {
            continue;
        }
        let mut run = (case.prepare)();
        let (mut took, mut yardstick, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (times, hashes) = (times_in_a_round(&mut run), times_in_a_round(&mut hash));
        for _ in 0..ROUNDS {
            let (hashing, running) = (nanoseconds(&mut hash, hashes), nanoseconds(&mut run, times));
            yardstick.push(hashing);
            took.push(running);
            // Round by round: what disturbs a round disturbs both.
            ratios.push(running / hashing);
        }
        let aim = case.aim.map_or_else(String::new, print);
        println!(
            "{name:<52}{:>12}{aim:>12}{:>12}{:>10.1}",
            print(median(took)),
            print(median(yardstick)),
            median(ratios)
        );
    }
}

/// How often it can run in a round; it has run a few times before that.
fn times_in_a_round(run: &mut dyn FnMut()) -> u32 {
    let mut times = 1;
    loop {
        let took = nanoseconds(run, times) * f64::from(times);
        if took * 2.0 > ROUND.as_secs_f64() * 1e9 {
            return times;
        }
        times *= 2;
    }
}

/// What one run takes.
fn nanoseconds(run: &mut dyn FnMut(), times: u32) -> f64 {
    let begin = Instant::now();
    for _ in 0..times {
        run();
    }
    begin.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(nanoseconds: f64) -> String {
    if nanoseconds < 1e3 {
        format!("{nanoseconds:.1} ns")
    } else if nanoseconds < 1e6 {
        format!("{:.1} µs", nanoseconds / 1e3)
    } else {
        format!("{:.2} ms", nanoseconds / 1e6)
    }
}
