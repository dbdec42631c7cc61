//! Watching an evaluation: the same code tells a [`Witness`] what it does, or nobody at all, in which case the
//! compiler leaves nothing of it behind.

use super::{
    bucket::Bucket,
    compile::{CompiledFlag, CompiledRule, Index},
    outcome::Outcome,
    segment::Membership,
};
use crate::domain::{
    context::AttributeView, flag::Prerequisite, key::SegmentKey, rule::Condition, segment::Segment,
};

/// Whether the conditions of a rule or a segment are tested beyond the one that decides. The verdict is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeal {
    /// No: nobody looks.
    Enough,
    /// Yes: each verdict is worth knowing.
    Thorough,
}

/// What an evaluation tells. Calls about a prerequisite's flag come between its `enter` and its `leave`, and those
/// about the conditions of a segment between its `enter_segment` and its `segment`.
pub trait Witness {
    /// How much it wants to see.
    const ZEAL: Zeal;

    /// The evaluation of a flag begins.
    fn enter(&mut self, flag: &CompiledFlag);
    /// It ends with this outcome.
    fn leave(&mut self, outcome: &Outcome<'_>);
    /// A demand was looked at; `served` is `None` where there is no such flag.
    fn prerequisite(&mut self, demand: &Prerequisite, served: Option<&Outcome<'_>>, met: Met);
    /// The conditions of a segment are going to be tested.
    fn enter_segment(&mut self);
    /// A segment that the next condition names was looked at. One whose membership was known already has
    /// `conditions` of `None`, as has one that was decided without them.
    fn segment(&mut self, key: &SegmentKey, membership: Membership, conditions: Option<&Segment>);
    /// A condition of the next rule, or of the segment that was entered last, was tested.
    fn condition(&mut self, condition: &Condition, actual: Option<AttributeView<'_>>, holds: Holds);
    /// A rollout of the next rule looked for a bucket.
    fn bucket(&mut self, bucket: Option<Bucket>);
    /// A rule was tried.
    fn rule(&mut self, flag: &CompiledFlag, rule: &CompiledRule, conditions: Holds, yielded: Option<Index>);
}

/// Whether a demand is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Whether a condition, or all of a rule, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl From<bool> for Met {
    fn from(met: bool) -> Self {
        if met { Self::Yes } else { Self::No }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// Nobody.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Witness for Unwatched {
    const ZEAL: Zeal = Zeal::Enough;

    fn enter(&mut self, _: &CompiledFlag) {}
    fn leave(&mut self, _: &Outcome<'_>) {}
    fn prerequisite(&mut self, _: &Prerequisite, _: Option<&Outcome<'_>>, _: Met) {}
    fn enter_segment(&mut self) {}
    fn segment(&mut self, _: &SegmentKey, _: Membership, _: Option<&Segment>) {}
    fn condition(&mut self, _: &Condition, _: Option<AttributeView<'_>>, _: Holds) {}
    fn bucket(&mut self, _: Option<Bucket>) {}
    fn rule(&mut self, _: &CompiledFlag, _: &CompiledRule, _: Holds, _: Option<Index>) {}
}
