//! A ruleset: every flag of one environment at one version. It never changes; a change makes the next one, which
//! shares all flags that it did not touch.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{compile::CompiledFlag, prerequisite};
use crate::domain::{id::EnvironmentId, key::FlagKey};

/// All flags of an environment, archived ones included, as they are at `version`.
#[derive(Clone, Debug)]
pub struct Ruleset {
    environment: EnvironmentId,
    version: u64,
    flags: Flags,
    unsettled: HashSet<FlagKey>,
}

/// One step from a ruleset to the next.
#[derive(Debug)]
pub enum Change {
    /// Adds the flag, or takes the place of the one with its key.
    Put(CompiledFlag),
    /// Takes the flag with this key out; does nothing if there is none.
    Remove(FlagKey),
}

impl Ruleset {
    /// The ruleset of an environment at `version`; of several flags with one key the last counts.
    pub fn new(
        environment: EnvironmentId,
        version: u64,
        flags: impl IntoIterator<Item = CompiledFlag>,
    ) -> Self {
        let sorted: BTreeMap<FlagKey, Arc<CompiledFlag>> =
            flags.into_iter().map(|flag| (flag.flag().key.clone(), Arc::new(flag))).collect();
        Self::of(environment, version, Flags::new(sorted.into_values().collect()))
    }

    /// The ruleset after `changes`, made one after the other.
    #[must_use]
    pub fn with(&self, version: u64, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut flags = self.flags.clone();
        for change in changes {
            flags.apply(change);
        }
        Self::of(self.environment, version, flags)
    }

    fn of(environment: EnvironmentId, version: u64, flags: Flags) -> Self {
        let unsettled = prerequisite::unsettled(&flags);
        Self { environment, version, flags, unsettled }
    }

    /// The environment.
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// The version, which rises with every change in the environment.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The flag with this key, be it archived.
    pub fn get(&self, key: &str) -> Option<&Arc<CompiledFlag>> {
        self.flags.get(key)
    }

    /// Every flag, archived ones included, by key.
    pub fn flags(&self) -> impl Iterator<Item = &Arc<CompiledFlag>> {
        self.flags.iter()
    }

    /// Every flag that is not archived, by key: what `"*"` means.
    pub fn live_flags(&self) -> impl Iterator<Item = &Arc<CompiledFlag>> {
        self.flags().filter(|flag| !flag.is_archived())
    }

    /// The flags whose prerequisites form a cycle or a chain longer than
    /// [`MAX_PREREQUISITE_DEPTH`](prerequisite::MAX_PREREQUISITE_DEPTH): a change that would leave any is to be
    /// refused. Such a flag would be served as one whose prerequisites are unmet.
    pub fn unsettled(&self) -> &HashSet<FlagKey> {
        &self.unsettled
    }
}

/// The flags in the order of their keys, and where each is. The most frequent change replaces a flag by another of
/// the same key, and so keeps the index.
#[derive(Clone, Debug)]
pub(super) struct Flags {
    sorted: Vec<Arc<CompiledFlag>>,
    places: Arc<HashMap<FlagKey, usize>>,
}

impl Flags {
    fn new(sorted: Vec<Arc<CompiledFlag>>) -> Self {
        let places = sorted.iter().enumerate().map(|(place, flag)| (flag.flag().key.clone(), place));
        Self { places: Arc::new(places.collect()), sorted }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<CompiledFlag>> {
        self.sorted.iter()
    }

    fn get(&self, key: &str) -> Option<&Arc<CompiledFlag>> {
        self.places.get(key).and_then(|place| self.sorted.get(*place))
    }

    fn apply(&mut self, change: Change) {
        let key = match &change {
            Change::Put(flag) => flag.flag().key.clone(),
            Change::Remove(key) => key.clone(),
        };
        let found = self.sorted.binary_search_by(|known| known.flag().key.cmp(&key));
        match (change, found) {
            (Change::Put(flag), Ok(place)) => {
                self.sorted[place] = Arc::new(flag);
                return;
            }
            (Change::Put(flag), Err(place)) => self.sorted.insert(place, Arc::new(flag)),
            (Change::Remove(_), Ok(place)) => {
                self.sorted.remove(place);
            }
            (Change::Remove(_), Err(_)) => return,
        }
        *self = Self::new(std::mem::take(&mut self.sorted));
    }
}
