//! Counters and distributions of times, for who watches the server. Noting something is one or two additions to
//! memory, in cells that whoever notes it has at hand: no lock, no look-up, no allocation. They only rise for as long
//! as the process lives; whoever reads them makes rates of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The bounds between which times are told apart, in microseconds. An evaluation takes less than the first, a change
/// waits for the disk somewhere in the middle, and nothing may take longer than the last.
pub const BOUNDS_MICROS: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// How often something happened.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// It happened once more.
    pub fn one(&self) {
        self.add(1);
    }

    /// It happened so many times more.
    pub fn add(&self, times: u64) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    /// How often it happened.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long something took, each time.
#[derive(Debug, Default)]
pub struct Durations {
    /// How often it took no longer than each bound and longer than the one before; the last has no bound.
    cells: [Counter; BOUNDS_MICROS.len() + 1],
    nanos: Counter,
}

impl Durations {
    /// It took so long this time.
    pub fn note(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let cell = BOUNDS_MICROS.iter().position(|bound| nanos <= bound * 1_000);
        self.cells[cell.unwrap_or(BOUNDS_MICROS.len())].one();
        self.nanos.add(nanos);
    }

    /// How often it took no longer than each bound; the last is how often it happened at all.
    pub fn up_to(&self) -> [u64; BOUNDS_MICROS.len() + 1] {
        let mut so_far = 0;
        self.cells.each_ref().map(|cell| {
            so_far += cell.total();
            so_far
        })
    }

    /// How long it took, all times together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos.total())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_what_is_below_it() {
        let durations = Durations::default();
        for micros in [100, 101, 10_000_000, 10_000_001] {
            durations.note(Duration::from_micros(micros));
        }
        let up_to = durations.up_to();
        assert_eq!((up_to[0], up_to[1], up_to[14], up_to[15], up_to[16]), (1, 2, 2, 3, 4));
        assert_eq!(durations.sum(), Duration::from_micros(20_000_202));
    }

    #[test]
    fn bounds_rise() {
        assert!(BOUNDS_MICROS.is_sorted_by(|lower, upper| lower < upper));
    }
}
