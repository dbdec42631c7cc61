//! What is made of the measurements.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::running::Running;
use crate::work::Clock;

/// Parts of the time, at the end of each of which the memory is printed.
const PARTS: usize = 9;

/// How long requests took, least first, in nanoseconds.
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time, in milliseconds, that so many of a thousand did not take longer than.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of some seconds are far below 2^52")]
    fn at(&self, of_a_thousand: usize) -> f64 {
        let place = (self.0.len() * of_a_thousand / 1_000).min(self.0.len().saturating_sub(1));
        self.0.get(place).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6)
    }

    /// Prints the times, and how the long ones compare with those of another part.
    pub(crate) fn show(&self, name: &str, beside: Option<&Self>) {
        let [half, most, nearly, all] = [500, 990, 999, 1_000].map(|part| self.at(part));
        let ratio =
            beside.map(|other| format!("   p99 {:.2} times that of the part before", most / other.at(990)));
        println!(
            "  {name:<24}{:>9} requests   p50 {half:7.3}   p99 {most:7.3}   p99.9 {nearly:7.3}   longest {all:8.3}{}",
            self.0.len(),
            ratio.unwrap_or_default()
        );
    }
}

/// The memory of the server, second by second.
pub(crate) struct Memory {
    warm: Duration,
    /// Seconds since the beginning, and MiB.
    seen: Vec<(f64, f64)>,
}

impl Memory {
    /// What was before so much time does not count.
    pub(crate) fn after(warm: Duration) -> Self {
        Self { warm, seen: Vec::new() }
    }

    pub(crate) fn watch(&mut self, running: &Running, clock: Clock) -> Outcome<()> {
        clock.pace(Duration::from_secs(1), self.warm, |_, _| {
            #[expect(clippy::cast_precision_loss, reason = "a size in MiB is printed with one decimal")]
            let mib = running.resident_bytes()? as f64 / f64::from(1 << 20);
            self.seen.push((Instant::now().duration_since(clock.began).as_secs_f64(), mib));
            Ok(())
        })
    }

    /// How much the line through all of them rises in a second (least squares).
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    fn slope(&self) -> f64 {
        let count = self.seen.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| self.seen.iter().map(of).sum::<f64>() / count;
        let (time, mib) = (mean(|seen| seen.0), mean(|seen| seen.1));
        let both: f64 = self.seen.iter().map(|seen| (seen.0 - time) * (seen.1 - mib)).sum();
        both / self.seen.iter().map(|seen| (seen.0 - time).powi(2)).sum::<f64>()
    }

    pub(crate) fn show(&self) {
        let [first, .., last] = &self.seen[..] else { return };
        let most = self.seen.iter().map(|seen| seen.1).fold(0.0, f64::max);
        println!(
            "resident {:.1} MiB after {:.0} s, {:.1} MiB at the end, at most {most:.1} MiB; {:+.1} MiB an hour",
            first.1,
            first.0,
            last.1,
            self.slope() * 3_600.0
        );
        let parts = self.seen.chunks(self.seen.len().div_ceil(PARTS)).filter_map(|part| part.last());
        let parts: Vec<_> = parts.map(|(_, mib)| format!("{mib:.1}")).collect();
        println!("at the end of each part of that: {}", parts.join(", "));
    }
}
