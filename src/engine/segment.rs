//! The segments of a project, ready to answer. All environments of the project share them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::chain::endless;
use crate::domain::{
    key::SegmentKey,
    named::named,
    rule::Condition,
    segment::{MAX_SEGMENT_DEPTH, MAX_USER_KEY, Segment},
};

/// Bytes of a user key in a list, at most.
const MAX_USER_KEY_BYTES: usize = MAX_USER_KEY * char::MAX.len_utf8();

named! {
    /// What decides whether a context is in a segment.
    Ground {
        /// The user key is in the list of who is excluded.
        Excluded = "excluded",
        /// The user key is in the list of who is included, and not in the other.
        Included = "included",
        /// Neither list has the user key; the conditions decide, and without conditions nobody else is in it.
        Conditions = "conditions",
        /// There is no such segment.
        Missing = "missing",
    }
}

/// Whether a context is in a segment, and what decided that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Whether it is.
    pub inside: bool,
    /// What decided.
    pub ground: Ground,
}

impl Membership {
    pub(super) const EXCLUDED: Self = Self { inside: false, ground: Ground::Excluded };
    pub(super) const INCLUDED: Self = Self { inside: true, ground: Ground::Included };
    pub(super) const MISSING: Self = Self { inside: false, ground: Ground::Missing };
}

/// A segment whose lists are sets.
#[derive(Debug)]
pub struct CompiledSegment {
    segment: Arc<Segment>,
    included: HashSet<Box<str>>,
    excluded: HashSet<Box<str>>,
    includes_somebody: bool,
}

impl CompiledSegment {
    /// Compiles a segment.
    pub fn new(segment: Arc<Segment>) -> Self {
        let set = |keys: &[Box<str>]| keys.iter().cloned().collect();
        let (included, excluded): (HashSet<Box<str>>, HashSet<Box<str>>) =
            (set(&segment.included), set(&segment.excluded));
        let includes_somebody = !included.is_subset(&excluded);
        Self { segment, included, excluded, includes_somebody }
    }

    /// Whether its lists put anybody into it: somebody who is included and not excluded.
    pub(super) fn includes_somebody(&self) -> bool {
        self.includes_somebody
    }

    /// The segment as its project has it.
    pub fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// What the lists say of a user; `None` where they say nothing.
    pub(super) fn listed(&self, user_key: Option<&str>) -> Option<Membership> {
        // A list has no longer key, and to hash one takes its time.
        let user_key = user_key.filter(|key| key.len() <= MAX_USER_KEY_BYTES)?;
        if self.excluded.contains(user_key) {
            Some(Membership::EXCLUDED)
        } else {
            self.included.contains(user_key).then_some(Membership::INCLUDED)
        }
    }
}

/// Every segment of a project, by key.
#[derive(Clone, Debug, Default)]
pub struct Segments {
    by_key: BTreeMap<SegmentKey, Arc<CompiledSegment>>,
    settled: HashMap<SegmentKey, Arc<CompiledSegment>>,
    unsettled: HashSet<SegmentKey>,
}

impl Segments {
    /// The segments of a project.
    pub fn new(segments: impl IntoIterator<Item = Segment>) -> Self {
        let compiled =
            |segment: Segment| (segment.key.clone(), Arc::new(CompiledSegment::new(Arc::new(segment))));
        Self::of(segments.into_iter().map(compiled).collect())
    }

    /// The same with `segment` added, or in the place of the one with its key.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Self {
        let mut by_key = self.by_key.clone();
        by_key.insert(segment.key.clone(), Arc::new(CompiledSegment::new(Arc::new(segment))));
        Self::of(by_key)
    }

    /// The same without the segment of this key.
    #[must_use]
    pub fn without(&self, key: &SegmentKey) -> Self {
        let mut by_key = self.by_key.clone();
        by_key.remove(key);
        Self::of(by_key)
    }

    fn of(by_key: BTreeMap<SegmentKey, Arc<CompiledSegment>>) -> Self {
        let links = by_key
            .values()
            .map(|compiled| {
                let referred = references(&compiled.segment.conditions).map(SegmentKey::as_str).collect();
                (compiled.segment.key.as_str(), referred)
            })
            .filter(|(_, referred): &(_, Vec<&str>)| !referred.is_empty())
            .collect();
        let endless = endless(links, MAX_SEGMENT_DEPTH);
        let (mut settled, mut unsettled) = (HashMap::new(), HashSet::new());
        for (key, segment) in &by_key {
            if endless.contains(key.as_str()) {
                unsettled.insert(key.clone());
            } else {
                settled.insert(key.clone(), Arc::clone(segment));
            }
        }
        Self { by_key, settled, unsettled }
    }

    /// The segment with this key.
    pub fn get(&self, key: &str) -> Option<&Arc<CompiledSegment>> {
        self.by_key.get(key)
    }

    /// The segment with this key, if its references come to an end: nobody is in another.
    pub(super) fn settled(&self, key: &SegmentKey) -> Option<&Arc<CompiledSegment>> {
        self.settled.get(key)
    }

    /// Every segment, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<CompiledSegment>> {
        self.by_key.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The segments that refer to each other in a cycle, or more than [`MAX_SEGMENT_DEPTH`] deep: a change that would
    /// leave any is to be refused.
    pub fn unsettled(&self) -> &HashSet<SegmentKey> {
        &self.unsettled
    }
}

/// The segments that conditions refer to.
pub fn references(conditions: &[Condition]) -> impl Iterator<Item = &SegmentKey> {
    conditions.iter().filter_map(|condition| condition.operand.segments()).flatten()
}
