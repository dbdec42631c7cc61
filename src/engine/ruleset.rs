//! A ruleset: every flag of one environment at one version. It never changes; a change makes the next one, which
//! shares all flags that it did not touch.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    compile::{CompiledFlag, Timing},
    prerequisite,
    segment::Segments,
};
use crate::domain::{id::EnvironmentId, key::FlagKey};

/// All flags of an environment, archived ones included, as they are at `version`.
#[derive(Clone, Debug)]
pub struct Ruleset {
    environment: EnvironmentId,
    version: u64,
    flags: Flags,
    segments: Arc<Segments>,
    unsettled: HashSet<FlagKey>,
    timing: Timing,
}

/// One step from a ruleset to the next.
#[derive(Debug)]
pub enum Change {
    /// Adds the flag, or takes the place of the one with its key.
    Put(CompiledFlag),
    /// Takes the flag with this key out; does nothing if there is none.
    Remove(FlagKey),
    /// From here on, the project has these segments.
    Segments(Arc<Segments>),
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
        Self::of(environment, version, Flags::new(sorted.into_values().collect()), Arc::default())
    }

    /// The ruleset after `changes`, made one after the other.
    #[must_use]
    pub fn with(&self, version: u64, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut segments = Arc::clone(&self.segments);
        let mut of_flags = Vec::new();
        for change in changes {
            match change {
                Change::Segments(new) => segments = new,
                Change::Put(flag) => of_flags.push((flag.flag().key.clone(), Some(flag))),
                Change::Remove(key) => of_flags.push((key, None)),
            }
        }
        Self::of(self.environment, version, self.flags.with(of_flags), segments)
    }

    /// The same ruleset in a project with these segments.
    #[must_use]
    pub fn with_segments(self, segments: Arc<Segments>) -> Self {
        Self::of(self.environment, self.version, self.flags, segments)
    }

    fn of(environment: EnvironmentId, version: u64, flags: Flags, segments: Arc<Segments>) -> Self {
        let unsettled = prerequisite::unsettled(&flags);
        let of_segments = segments.iter().map(|it| Timing::of(&it.segment().conditions));
        let timing = Timing::any(flags.iter().map(|flag| flag.timing()).chain(of_segments));
        Self { environment, version, flags, segments, unsettled, timing }
    }

    /// The environment.
    pub fn environment(&self) -> EnvironmentId {
        self.environment
    }

    /// The version, which rises with every change in the environment.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The segments of the project.
    pub fn segments(&self) -> &Arc<Segments> {
        &self.segments
    }

    /// The flag with this key, be it archived.
    pub fn get(&self, key: &str) -> Option<&Arc<CompiledFlag>> {
        self.flags.get(key)
    }

    /// Every flag, archived ones included, by key.
    pub fn flags(&self) -> impl ExactSizeIterator<Item = &Arc<CompiledFlag>> {
        self.flags.iter()
    }

    /// Every flag that is not archived, by key: what `"*"` means.
    pub fn live_flags(&self) -> impl Iterator<Item = &Arc<CompiledFlag>> {
        self.flags().filter(|flag| !flag.is_archived())
    }

    /// Whether what it serves to a context can change while it stays the same.
    pub fn timing(&self) -> Timing {
        self.timing
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

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<CompiledFlag>> {
        self.sorted.iter()
    }

    fn get(&self, key: &str) -> Option<&Arc<CompiledFlag>> {
        self.places.get(key).and_then(|place| self.sorted.get(*place))
    }

    /// Each key with what takes its place, or nothing.
    fn with(&self, changes: Vec<(FlagKey, Option<CompiledFlag>)>) -> Self {
        let mut sorted = self.sorted.clone();
        let mut same_keys = true;
        for (key, change) in changes {
            let found = sorted.binary_search_by(|known| known.flag().key.cmp(&key));
            same_keys &= change.is_some() == found.is_ok();
            match (change, found) {
                (Some(flag), Ok(place)) => sorted[place] = Arc::new(flag),
                (Some(flag), Err(place)) => sorted.insert(place, Arc::new(flag)),
                (None, Ok(place)) => drop(sorted.remove(place)),
                (None, Err(_)) => {}
            }
        }
        if same_keys { Self { sorted, places: Arc::clone(&self.places) } } else { Self::new(sorted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::flag::FlagStatus,
        engine::sample::{self, ENVIRONMENT},
    };

    fn keys(ruleset: &Ruleset) -> Vec<&str> {
        ruleset.flags().map(|flag| flag.key()).collect()
    }

    #[test]
    fn flags_come_in_the_order_of_their_keys_after_any_change() {
        let ruleset = Ruleset::new(ENVIRONMENT, 1, ["m", "c", "x"].map(|key| sample::flag(key).compiled()));
        assert_eq!(keys(&ruleset), ["c", "m", "x"]);
        let key = |text: &str| sample::flag(text).flag.key;
        let next = ruleset.with(
            2,
            [
                Change::Put(sample::flag("d").compiled()),
                Change::Remove(key("m")),
                Change::Remove(key("nobody")),
                Change::Put(sample::flag("z").compiled()),
                Change::Put(sample::flag("a").compiled()),
            ],
        );
        assert_eq!(keys(&next), ["a", "c", "d", "x", "z"]);
        for known in keys(&next) {
            assert_eq!(next.get(known).map(|flag| flag.key()), Some(known));
        }
        assert!(next.get("m").is_none());
        assert_eq!((next.version(), next.environment()), (2, ENVIRONMENT));
        assert_eq!((ruleset.version(), keys(&ruleset)), (1, vec!["c", "m", "x"]));
    }

    #[test]
    fn a_change_shares_what_it_does_not_touch() {
        let ruleset = Ruleset::new(ENVIRONMENT, 1, ["a", "b"].map(|key| sample::flag(key).compiled()));
        let next = ruleset.with(2, [Change::Put(sample::flag("b").off().compiled())]);
        let same = |key| match (ruleset.get(key), next.get(key)) {
            (Some(before), Some(after)) => Arc::ptr_eq(before, after),
            _ => panic!("{key} is gone"),
        };
        assert!(same("a") && !same("b"));
        assert!(!next.get("b").expect("it was replaced").is_on());
    }

    #[test]
    fn only_what_asks_for_the_moment_makes_a_ruleset_timed() {
        let asks = |attribute: &str| {
            let rule = [sample::condition(attribute, "before", "2030-01-01T00:00:00Z")];
            sample::flag("f").rule(1, rule.into(), sample::serve("on"))
        };
        let timing = |flag: sample::Sample| Ruleset::new(ENVIRONMENT, 1, [flag.compiled()]).timing();
        assert_eq!(timing(asks("$now")), Timing::Timed);
        assert_eq!(timing(asks("signed_up")), Timing::Timeless);
        assert_eq!(timing(asks("$now").off()), Timing::Timeless, "its rules do not count");
    }

    #[test]
    fn archived_flags_are_found_by_key_but_are_not_live() {
        let flags = [sample::flag("a"), sample::flag("b").status(FlagStatus::Archived)];
        let ruleset = Ruleset::new(ENVIRONMENT, 1, flags.map(sample::Sample::compiled));
        assert!(ruleset.get("b").is_some_and(|flag| flag.is_archived()));
        assert_eq!(ruleset.live_flags().map(|flag| flag.key()).collect::<Vec<_>>(), ["a"]);
    }
}
