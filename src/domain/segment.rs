//! Segments: named groups of contexts that a project's rules share (contract B1).

use super::{
    id::{ProjectId, SegmentId},
    key::SegmentKey,
    named::named,
    operator::MAX_LIST_VALUES,
    rule::Condition,
    text::{Description, Name},
    time::Timestamp,
    violation::{Path, Violations},
};

/// Segments of a project, at most.
pub const MAX_SEGMENTS_PER_PROJECT: usize = 1_000;
/// Segments inside of each other, at most.
pub const MAX_SEGMENT_DEPTH: usize = 10;
/// Characters of a user key in a list, at most.
pub const MAX_USER_KEY: usize = 500;

named! {
    /// How a segment's conditions are taken together.
    Matching {
        /// All must hold.
        All = "all",
        /// One is enough.
        Any = "any",
    }
}

/// A segment. Who is excluded is out; who is included is in; of the rest, whom the conditions match. Without
/// conditions only the included are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Identity.
    pub id: SegmentId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Unique in the project; never changes.
    pub key: SegmentKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Option<Description>,
    /// How the conditions are taken together.
    pub matching: Matching,
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// User keys that are in it, unless they are excluded.
    pub included: Vec<Box<str>>,
    /// User keys that are not in it.
    pub excluded: Vec<Box<str>>,
    /// Rises with every change.
    pub revision: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A segment to be made.
#[derive(Clone, Debug)]
pub struct NewSegment {
    /// Its key.
    pub key: SegmentKey,
    /// Everything else.
    pub fields: SegmentFields,
}

/// What of a segment can change.
#[derive(Clone, Debug)]
pub struct SegmentFields {
    /// As in [`Segment`].
    pub name: Name,
    /// As in [`Segment`].
    pub description: Option<Description>,
    /// As in [`Segment`].
    pub matching: Matching,
    /// As in [`Segment`].
    pub conditions: Vec<Condition>,
    /// As in [`Segment`].
    pub included: Vec<Box<str>>,
    /// As in [`Segment`].
    pub excluded: Vec<Box<str>>,
}

/// A partial change: `None` leaves a field as it is, and a list replaces the whole list.
#[derive(Clone, Debug, Default)]
pub struct SegmentChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new description, or none any more.
    pub description: Option<Option<Description>>,
    /// Another way to take the conditions together.
    pub matching: Option<Matching>,
    /// New conditions.
    pub conditions: Option<Vec<Condition>>,
    /// A new list of who is in it.
    pub included: Option<Vec<Box<str>>>,
    /// A new list of who is not.
    pub excluded: Option<Vec<Box<str>>>,
}

impl NewSegment {
    /// The segment.
    pub fn build(self, id: SegmentId, project: ProjectId, now: Timestamp) -> Segment {
        let SegmentFields { name, description, matching, conditions, included, excluded } = self.fields;
        Segment {
            id,
            project,
            key: self.key,
            name,
            description,
            matching,
            conditions,
            included,
            excluded,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl SegmentChange {
    /// Applies this change; a segment that it leaves equal keeps its revision and its time.
    #[must_use]
    pub fn apply(self, segment: &Segment, now: Timestamp) -> Segment {
        let changed = Segment {
            name: self.name.unwrap_or_else(|| segment.name.clone()),
            description: self.description.unwrap_or_else(|| segment.description.clone()),
            matching: self.matching.unwrap_or(segment.matching),
            conditions: self.conditions.unwrap_or_else(|| segment.conditions.clone()),
            included: self.included.unwrap_or_else(|| segment.included.clone()),
            excluded: self.excluded.unwrap_or_else(|| segment.excluded.clone()),
            ..segment.clone()
        };
        if changed == *segment {
            return changed;
        }
        Segment { revision: segment.revision + 1, updated_at: now, ..changed }
    }
}

/// Reads a list of user keys found at `path`.
pub fn user_keys(texts: Vec<String>, path: &Path<'_>, faults: &mut Violations) -> Vec<Box<str>> {
    if texts.len() > MAX_LIST_VALUES {
        faults.malformed(path, format!("must have at most {MAX_LIST_VALUES} keys"));
        return Vec::new();
    }
    let mut seen = std::collections::HashSet::new();
    for (index, text) in texts.iter().enumerate() {
        if text.is_empty() || text.chars().count() > MAX_USER_KEY {
            faults.malformed(path.index(index), format!("must be 1 to {MAX_USER_KEY} characters"));
        } else if !seen.insert(text.as_str()) {
            faults.malformed(path.index(index), "is given twice");
        }
    }
    texts.into_iter().map(String::into_boxed_str).collect()
}
