//! Counters of usage, kept in memory until they are written down in one batch.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::{
    id::{EnvironmentId, FlagId},
    time::Timestamp,
    usage::{Count, Slot},
};

/// Counters that are kept at the same time, at most; what does not fit is dropped and counted as such.
pub const MAX_SLOTS: usize = 200_000;

/// How often each variation of each flag was served since the last [`Usage::take`].
#[derive(Debug, Default)]
pub struct Usage {
    slots: Mutex<HashMap<Slot, Count>>,
}

impl Usage {
    /// Adds `counts` in one go. Returns how many evaluations found no room.
    pub fn add(&self, counts: impl IntoIterator<Item = (Slot, Count)>) -> u64 {
        let mut slots = self.lock();
        let mut dropped = 0;
        for (slot, count) in counts {
            let room = slots.len() < MAX_SLOTS;
            match slots.get_mut(&slot) {
                Some(known) => *known = known.plus(count),
                None if room => {
                    slots.insert(slot, count);
                }
                None => dropped += count.times,
            }
        }
        dropped
    }

    /// Takes everything that was counted. If it cannot be written down, [`Usage::add`] gives it back.
    pub fn take(&self) -> HashMap<Slot, Count> {
        std::mem::take(&mut *self.lock())
    }

    /// What was counted for a flag and is not written down yet.
    pub fn pending(&self, environment: EnvironmentId, flag: FlagId) -> Vec<(Slot, Count)> {
        let wanted = |slot: &Slot| slot.environment == environment && slot.flag == flag;
        let slots = self.lock();
        slots.iter().filter(|(slot, _)| wanted(slot)).map(|(slot, count)| (slot.clone(), *count)).collect()
    }

    /// When each flag of `environment` was evaluated last, as far as it is not written down yet.
    pub fn last_evaluated(&self, environment: EnvironmentId) -> HashMap<FlagId, Timestamp> {
        let mut latest = HashMap::new();
        for (slot, count) in self.lock().iter().filter(|(slot, _)| slot.environment == environment) {
            let moment = latest.entry(slot.flag).or_insert(count.last);
            *moment = count.last.max(*moment);
        }
        latest
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Slot, Count>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
