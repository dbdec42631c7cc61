//! Explanations: why a user gets a value. The trace is what a [`Witness`](super::witness::Witness) of the evaluation
//! itself wrote down; there is no second implementation that could disagree.

mod recorder;

use super::{
    bucket::Bucket,
    evaluate::Evaluation,
    outcome::Reason,
    ruleset::Ruleset,
    segment::Membership,
    witness::{Holds, Met},
};
use crate::domain::{
    context::Context,
    flag::Prerequisite,
    id::RuleId,
    key::{FlagKey, SegmentKey, VariationKey},
    rule::Condition,
    segment::Matching,
    time::Timestamp,
    value::Value,
};
use recorder::Recorder;

/// Bytes of everything that one explanation tells, at most, as JSON and about. What a flag leads to can be much
/// larger than any one request that was sent: a thousand segments, each with the longest lists.
pub const MAX_TRACE_BYTES: usize = 4 * 1024 * 1024;

/// Every step of the evaluation of one flag.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The flag.
    pub flag: FlagKey,
    /// What it served.
    pub variation: VariationKey,
    /// Why.
    pub reason: Reason,
    /// The demands, as far as they were looked at.
    pub prerequisites: Vec<Demand>,
    /// The rules, as far as they were tried, in the order in which they were.
    pub rules: Vec<TriedRule>,
    /// How many steps of this flag are not told, because of [`MAX_TRACE_BYTES`].
    pub left_out: usize,
}

/// A demand on another flag.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The demand.
    pub demand: Prerequisite,
    /// Whether it is met.
    pub met: Met,
    /// What the other flag served, and why; `None` where there is no such flag.
    pub served: Option<(VariationKey, Reason)>,
    /// How it came to that; `None` where that was told already.
    pub trace: Option<Box<Trace>>,
}

/// A rule that was tried.
#[derive(Clone, Debug)]
pub struct TriedRule {
    /// The rule.
    pub id: RuleId,
    /// Its conditions, all of them.
    pub conditions: Vec<TestedCondition>,
    /// Whether all of them hold.
    pub holds: Holds,
    /// Where the user fell in its rollout; `None` for a rule without one, or one whose conditions do not hold.
    pub draw: Option<Draw>,
    /// What it yielded.
    pub yielded: Option<VariationKey>,
}

/// A condition that was tested.
#[derive(Clone, Debug)]
pub struct TestedCondition {
    /// The condition.
    pub condition: Condition,
    /// The attribute that it found; `None` where there is none.
    pub actual: Option<Value>,
    /// Its verdict.
    pub holds: Holds,
    /// The segments that it names, as far as they were looked at: the first that the context is in is the last.
    pub segments: Vec<TestedSegment>,
}

/// A segment that was looked at.
#[derive(Clone, Debug)]
pub struct TestedSegment {
    /// The segment.
    pub key: SegmentKey,
    /// Whether the context is in it, and what decided that.
    pub membership: Membership,
    /// The conditions; `None` where they did not matter, or were told already.
    pub conditions: Option<TestedConditions>,
}

/// The conditions of a segment.
#[derive(Clone, Debug)]
pub struct TestedConditions {
    /// How they are taken together.
    pub matching: Matching,
    /// All of them.
    pub conditions: Vec<TestedCondition>,
}

/// A place in a rollout.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The user's bucket; `None` where the context lacks what users are bucketed by.
    pub bucket: Option<Bucket>,
    /// The variations with the end of their buckets, in thousandths of a percent.
    pub thresholds: Vec<(VariationKey, u32)>,
}

/// Why the flag named `key` serves what it serves; `None` if there is no such flag.
pub fn explain(ruleset: &Ruleset, key: &str, context: &Context<'_>, now: Timestamp) -> Option<Trace> {
    let mut evaluation = Evaluation::watched_by(Recorder::default(), ruleset, context, now);
    evaluation.flag(key)?;
    evaluation.into_witness().finished()
}

#[cfg(test)]
mod tests;
