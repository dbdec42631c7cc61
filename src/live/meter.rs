//! Counters of what the server evaluated, one for each flag, variation and cause of an environment. Counting is two
//! additions to memory: no lock, no clock, no allocation but a flag's first. From time to time what they hold is
//! added to [`Usage`], which writes it down.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;

use super::usage::Usage;
use crate::{
    domain::{
        flag::Flag,
        id::{EnvironmentId, FlagId},
        time::Timestamp,
        usage::{Cause, Count, Slot, hour},
    },
    engine::{Outcome, Ruleset},
};

/// The counters of an environment.
#[derive(Debug)]
pub(super) struct Meters {
    environment: EnvironmentId,
    by_flag: ArcSwap<ByFlag>,
    /// The hour that everything in the counters belongs to. Whoever changes it empties them before.
    hour: AtomicU32,
    /// Meters that no flag has any more. They are emptied once more: somebody may have been about to count. Held by
    /// whoever empties counters, so that none are emptied while the hour changes.
    retired: Mutex<Vec<Arc<Meter>>>,
}

type ByFlag = HashMap<FlagId, Arc<Meter>, BuildHasherDefault<ByTail>>;

/// Identifiers end in random bits, and are made by us: they need no hashing.
#[derive(Debug, Default)]
struct ByTail(u64);

impl Hasher for ByTail {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the random bits are the lower ones")]
    fn write_u128(&mut self, bits: u128) {
        self.0 = bits as u64;
    }
}

/// The counters of a flag.
#[derive(Debug)]
struct Meter {
    flag: Arc<Flag>,
    /// Made at the first evaluation: by variation, and within it by cause.
    cells: OnceLock<Box<[AtomicU64]>>,
    /// The last evaluation, in milliseconds since the Unix epoch; 0 if there was none since the last look.
    last: AtomicI64,
}

impl Meter {
    fn new(flag: &Arc<Flag>) -> Arc<Self> {
        Arc::new(Self { flag: Arc::clone(flag), cells: OnceLock::new(), last: AtomicI64::new(0) })
    }

    /// Whether it can count for `flag`, which may be a newer version of the flag that it was made for.
    fn suits(&self, flag: &Arc<Flag>) -> bool {
        let own = self.flag.variations.iter().map(|variation| &variation.key);
        Arc::ptr_eq(&self.flag, flag) || own.eq(flag.variations.iter().map(|variation| &variation.key))
    }

    fn count(&self, outcome: &Outcome<'_>, now: Timestamp) {
        let make = || (0..self.flag.variations.len() * Cause::ALL.len()).map(|_| AtomicU64::new(0)).collect();
        let place = outcome.variation.place * Cause::ALL.len() + outcome.reason.cause() as usize;
        // An outcome of another version of the flag may have more variations.
        if let Some(cell) = self.cells.get_or_init(make).get(place) {
            cell.fetch_add(1, Ordering::Relaxed);
            self.last.store(now.millis(), Ordering::Relaxed);
        }
    }

    /// Empties the counters.
    fn take(&self, environment: EnvironmentId, hour: u32, into: &mut Vec<(Slot, Count)>) {
        // Most flags were not evaluated since the last look; looking at them must not disturb who counts.
        let last = self.last.load(Ordering::Relaxed);
        let Some(cells) = self.cells.get().filter(|_| last != 0) else { return };
        self.last.store(0, Ordering::Relaxed);
        for (variation, cells) in self.flag.variations.iter().zip(cells.chunks(Cause::ALL.len())) {
            for (cell, (cause, _)) in cells.iter().zip(Cause::ALL) {
                let times = cell.swap(0, Ordering::Relaxed);
                if times > 0 {
                    let (flag, variation) = (self.flag.id, variation.key.to_string());
                    let slot = Slot { environment, flag, hour, variation, cause: *cause };
                    into.push((slot, Count { times, last: Timestamp::from_millis(last) }));
                }
            }
        }
    }
}

impl Meters {
    /// Counters for the flags of a ruleset.
    pub(super) fn new(ruleset: &Ruleset) -> Self {
        let by_flag: ByFlag = ruleset.flags().map(|it| (it.flag().id, Meter::new(it.flag()))).collect();
        Self {
            environment: ruleset.environment(),
            by_flag: ArcSwap::from_pointee(by_flag),
            hour: AtomicU32::new(0),
            retired: Mutex::default(),
        }
    }

    /// Goes on with the flags of the next ruleset.
    pub(super) fn follow(&self, ruleset: &Ruleset) {
        let present = self.by_flag.load();
        let suits = |flag: &Arc<Flag>| present.get(&flag.id).is_some_and(|meter| meter.suits(flag));
        if ruleset.flags().all(|it| suits(it.flag())) && ruleset.flags().len() == present.len() {
            return;
        }
        let meter = |flag: &Arc<Flag>| match present.get(&flag.id) {
            Some(meter) if meter.suits(flag) => Arc::clone(meter),
            _ => Meter::new(flag),
        };
        let next: ByFlag = ruleset.flags().map(|it| (it.flag().id, meter(it.flag()))).collect();
        let is_kept =
            |meter: &Arc<Meter>| next.get(&meter.flag.id).is_some_and(|kept| Arc::ptr_eq(kept, meter));
        let retired: Vec<_> = present.values().filter(|meter| !is_kept(meter)).cloned().collect();
        self.by_flag.store(Arc::new(next));
        self.retired().extend(retired);
    }

    /// Counts what was served at `now`.
    pub(super) fn count<'o, 'r: 'o>(
        &self,
        outcomes: impl IntoIterator<Item = &'o Outcome<'r>>,
        now: Timestamp,
        usage: &Usage,
    ) {
        if self.hour.load(Ordering::Relaxed) != hour(now) {
            let mut retired = self.retired();
            self.empty(&mut retired, usage);
            self.hour.store(hour(now), Ordering::Relaxed);
        }
        let meters = self.by_flag.load();
        for outcome in outcomes {
            if let Some(meter) = meters.get(&outcome.flag.flag().id) {
                meter.count(outcome, now);
            }
        }
    }

    /// Adds what was counted to `usage`, and begins anew.
    pub(super) fn settle(&self, usage: &Usage) {
        self.empty(&mut self.retired(), usage);
    }

    fn retired(&self) -> MutexGuard<'_, Vec<Arc<Meter>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn empty(&self, retired: &mut Vec<Arc<Meter>>, usage: &Usage) {
        let hour = self.hour.load(Ordering::Relaxed);
        let mut counts = Vec::new();
        for meter in self.by_flag.load().values() {
            meter.take(self.environment, hour, &mut counts);
        }
        for meter in retired.drain(..) {
            meter.take(self.environment, hour, &mut counts);
        }
        let dropped = usage.count(counts);
        if dropped > 0 {
            tracing::warn!(
                dropped,
                "evaluations were not counted: too many counters wait to be written down"
            );
        }
    }
}
