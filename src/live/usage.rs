//! Counters of usage, kept in memory until they are written down in one batch.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::domain::{
    id::{EnvironmentId, FlagId},
    time::Timestamp,
    usage::{Cause, Count, Slot},
};
use crate::tally::Counter;

/// Counters that are kept at the same time, at most; what does not fit is dropped and counted as such.
pub const MAX_SLOTS: usize = 200_000;

/// How often each variation of each flag was served, and why, as far as that is not written down.
#[derive(Debug, Default)]
pub struct Usage {
    counters: Mutex<Counters>,
    /// What was ever counted, by [`Cause`].
    totals: [Counter; Cause::ALL.len()],
    writing: RwLock<()>,
}

#[derive(Debug, Default)]
struct Counters {
    waiting: HashMap<Slot, Count>,
    /// What is being written down at this moment.
    leaving: HashMap<Slot, Count>,
}

/// Held while a batch is written down, so that nobody adds up what is both here and in the data file.
#[derive(Debug)]
pub struct Batch<'u> {
    usage: &'u Usage,
    _writing: RwLockWriteGuard<'u, ()>,
}

impl Batch<'_> {
    /// What is to be written down.
    pub fn counts(&self) -> HashMap<Slot, Count> {
        self.usage.lock().leaving.clone()
    }

    /// It is written down.
    pub fn is_written(self) {
        self.usage.lock().leaving.clear();
    }
}

impl Drop for Batch<'_> {
    /// What was not written down waits for the next time.
    fn drop(&mut self) {
        let leaving = std::mem::take(&mut self.usage.lock().leaving);
        self.usage.add(leaving);
    }
}

impl Usage {
    /// Counts evaluations in one go. Returns how many found no room.
    pub fn count(&self, counts: impl IntoIterator<Item = (Slot, Count)>) -> u64 {
        self.add(
            counts.into_iter().inspect(|(slot, count)| self.totals[slot.cause as usize].add(count.times)),
        )
    }

    /// How many evaluations were counted since the process started, by cause; also those that found no room.
    pub fn totals(&self) -> impl Iterator<Item = (Cause, u64)> {
        Cause::ALL.iter().zip(&self.totals).map(|((cause, _), counter)| (*cause, counter.total()))
    }

    fn add(&self, counts: impl IntoIterator<Item = (Slot, Count)>) -> u64 {
        let waiting = &mut self.lock().waiting;
        let mut dropped = 0;
        for (slot, count) in counts {
            let room = waiting.len() < MAX_SLOTS;
            match waiting.get_mut(&slot) {
                Some(known) => *known = known.plus(count),
                None if room => {
                    waiting.insert(slot, count);
                }
                None => dropped += count.times,
            }
        }
        dropped
    }

    /// Begins to write down everything that was counted.
    pub async fn batch(&self) -> Batch<'_> {
        let writing = self.writing.write().await;
        let counters = &mut *self.lock();
        counters.leaving = std::mem::take(&mut counters.waiting);
        Batch { usage: self, _writing: writing }
    }

    /// As long as this is held, everything that was counted is either in [`Self::pending`] or in the data file. Waits
    /// for a batch that is being written, on a thread that may wait.
    pub fn hold(&self) -> RwLockReadGuard<'_, ()> {
        self.writing.blocking_read()
    }

    /// What was counted in `environment` and is not written down yet.
    pub fn pending(&self, environment: EnvironmentId) -> Vec<(Slot, Count)> {
        let counters = self.lock();
        let of_environment = counters.waiting.iter().filter(|(slot, _)| slot.environment == environment);
        of_environment.map(|(slot, count)| (slot.clone(), *count)).collect()
    }

    /// When each flag of `environment` was evaluated last, as far as that may not be written down yet.
    pub fn last_evaluated(&self, environment: EnvironmentId) -> HashMap<FlagId, Timestamp> {
        let mut latest = HashMap::new();
        let counters = self.lock();
        let both = counters.waiting.iter().chain(&counters.leaving);
        for (slot, count) in both.filter(|(slot, _)| slot.environment == environment) {
            let moment = latest.entry(slot.flag).or_insert(count.last);
            *moment = count.last.max(*moment);
        }
        latest
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVIRONMENT: EnvironmentId = EnvironmentId::from_bits(1);

    fn count(hour: u32, times: u64) -> (Slot, Count) {
        let (flag, variation, cause) = (FlagId::from_bits(2), "on".to_owned(), Cause::Default);
        let last = Timestamp::from_seconds(i64::from(hour) * 3_600);
        (Slot { environment: ENVIRONMENT, flag, hour, variation, cause }, Count { times, last })
    }

    #[tokio::test]
    async fn what_could_not_be_written_down_waits_for_the_next_time() {
        let usage = Usage::default();
        usage.count([count(1, 3)]);
        let batch = usage.batch().await;
        assert_eq!(batch.counts(), HashMap::from([count(1, 3)]));
        usage.count([count(1, 4), count(2, 1)]);
        assert!(usage.last_evaluated(ENVIRONMENT).contains_key(&FlagId::from_bits(2)));
        drop(batch);
        let batch = usage.batch().await;
        assert_eq!(batch.counts(), HashMap::from([count(1, 7), count(2, 1)]));
        batch.is_written();
        assert!(usage.pending(ENVIRONMENT).is_empty() && usage.last_evaluated(ENVIRONMENT).is_empty());
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let usage = Usage::default();
        let many = (0..=u32::try_from(MAX_SLOTS).unwrap()).map(|hour| count(hour, 2));
        assert_eq!(usage.count(many), 2);
        assert_eq!(usage.count([count(0, 1)]), 0, "a counter that is there goes on");
        assert_eq!(usage.pending(ENVIRONMENT).len(), MAX_SLOTS);
    }
}
