//! How much is on its way at once: little to each receiver, so that one that is slow does not take the place of others,
//! and not too much in all.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Attempts that may be under way to one receiver.
pub(super) const MAX_PER_RECEIVER: usize = 4;
/// Attempts that may be under way in all: as many as more than sixty slow receivers can hold up.
pub(super) const MAX_IN_ALL: usize = 256;

/// What is on its way: parcels `P` to receivers `R`.
#[derive(Debug)]
pub(super) struct Slots<R, P> {
    receivers: HashMap<R, usize>,
    parcels: HashSet<P>,
}

impl<R: Copy + Eq + Hash, P: Copy + Eq + Hash> Slots<R, P> {
    /// Nothing is.
    pub(super) fn new() -> Self {
        Self { receivers: HashMap::new(), parcels: HashSet::new() }
    }

    /// Takes a place, if there is one and the parcel has none yet.
    pub(super) fn take(&mut self, receiver: R, parcel: P) -> bool {
        let taken = self.receivers.get(&receiver).copied().unwrap_or_default();
        let full = taken >= MAX_PER_RECEIVER || self.parcels.len() >= MAX_IN_ALL;
        if full || !self.parcels.insert(parcel) {
            return false;
        }
        self.receivers.insert(receiver, taken + 1);
        true
    }

    /// Gives a place back.
    pub(super) fn give_back(&mut self, receiver: R, parcel: P) {
        if !self.parcels.remove(&parcel) {
            return;
        }
        let left = self.receivers.get(&receiver).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            self.receivers.remove(&receiver);
        } else {
            self.receivers.insert(receiver, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_has_so_many_places_and_no_more() {
        let mut slots = Slots::new();
        let taken: Vec<bool> = (0..=MAX_PER_RECEIVER).map(|parcel| slots.take(1, parcel)).collect();
        assert!(taken[..MAX_PER_RECEIVER].iter().all(|it| *it) && !taken[MAX_PER_RECEIVER]);
        assert!(slots.take(2, 100) && !slots.take(2, 100));
        slots.give_back(1, 0);
        slots.give_back(1, 0);
        assert!(slots.take(1, 200) && !slots.take(1, 201));
    }

    #[test]
    fn all_of_them_have_so_many_and_no_more() {
        let mut slots = Slots::new();
        for number in 0..MAX_IN_ALL {
            assert!(slots.take(number / MAX_PER_RECEIVER, number));
        }
        assert!(!slots.take(MAX_IN_ALL, MAX_IN_ALL));
        slots.give_back(0, 0);
        assert!(slots.take(MAX_IN_ALL, MAX_IN_ALL));
        (1..MAX_IN_ALL).for_each(|number| slots.give_back(number / MAX_PER_RECEIVER, number));
        slots.give_back(MAX_IN_ALL, MAX_IN_ALL);
        assert!(slots.receivers.is_empty() && slots.parcels.is_empty());
    }
}
