//! Warnings: what is allowed and probably not meant. Nothing is ever refused because of one.

use super::named::named;

/// Warnings that one answer lists, at most; those behind are left out.
pub const MAX_WARNINGS: usize = 100;

named! {
    /// What is probably not meant. What is said to be impossible is so for every context, now and later, as long as the
    /// flag and the segments that it refers to stay as they are.
    WarningCode {
        /// An earlier rule yields wherever this one would.
        RuleUnreachable = "RULE_UNREACHABLE",
        /// An earlier rule has the same conditions and serves the same.
        RuleRepeated = "RULE_REPEATED",
        /// The percentages of a rollout sum to less than 100; for the rest, evaluation goes on with the next rule.
        RolloutBelow100 = "ROLLOUT_BELOW_100",
        /// Neither the default nor a rule serves the variation. A flag that is off and has no rules yet is left alone.
        VariationUnused = "VARIATION_UNUSED",
        /// The condition holds for no context, by itself or beside another condition that must hold as well.
        ConditionNeverHolds = "CONDITION_NEVER_HOLDS",
        /// A segment without conditions includes nobody whom it does not exclude.
        SegmentEmpty = "SEGMENT_EMPTY",
    }
}

/// One thing that is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What kind of thing.
    pub code: WarningCode,
    /// Where, as a printed [`Path`](super::violation::Path).
    pub path: String,
    /// What about it, for a person.
    pub message: String,
}
