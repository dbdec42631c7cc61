//! What the published SDKs can evaluate themselves (contract A7): they know neither `enabled` nor prerequisites, the
//! server's clock, segments, bucketing other than the default, nor every operator. Conditions on a segment that is
//! nothing but conditions are written out for them. `tests/it/ruleset/published.rs` has every reason.

use super::{compile::CompiledFlag, evaluate::NOW, ruleset::Ruleset, segment::Segments};
use crate::domain::{
    operator::Case,
    rule::{Condition, Rule, Serve},
    segment::Matching,
};

/// Conditions of one rule with all segments written out, at most.
const MAX_WRITTEN_OUT: usize = 500;

/// A rule as the published SDKs can evaluate it.
#[derive(Debug)]
pub struct PublishedRule<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// Its conditions, with those of segments in their places.
    pub conditions: Vec<&'r Condition>,
}

/// The rules of a flag as the published SDKs can evaluate them; `None` where they could not compute the answer.
pub fn rules<'r>(ruleset: &'r Ruleset, flag: &'r CompiledFlag) -> Option<Vec<PublishedRule<'r>>> {
    let configuration = flag.configuration();
    let splits = configuration.rules.iter().any(|rule| matches!(rule.serve, Serve::Rollout(_)));
    let computable = flag.is_on()
        && configuration.prerequisites.is_empty()
        && (!splits || flag.flag().bucketing.is_published());
    if !computable {
        return None;
    }
    let published = |rule: &'r Rule| {
        let mut conditions = Vec::with_capacity(rule.conditions.len());
        write_out(ruleset.segments(), &rule.conditions, &mut conditions)?;
        Some(PublishedRule { rule, conditions })
    };
    flag.rules_as_tried().map(published).collect()
}

/// Appends `conditions` to `written`. The recursion ends: no settled segment leads to an unsettled one.
fn write_out<'r>(
    segments: &'r Segments,
    conditions: &'r [Condition],
    written: &mut Vec<&'r Condition>,
) -> Option<()> {
    for condition in conditions {
        if written.len() >= MAX_WRITTEN_OUT {
            return None;
        }
        match condition.operand.segments() {
            Some([key]) if condition.operand.holds_in_segment(true) => {
                let segment = segments.settled(key)?.segment();
                let only_conditions = segment.included.is_empty() && segment.excluded.is_empty();
                let anded = segment.matching == Matching::All || segment.conditions.len() == 1;
                if !only_conditions || !anded || segment.conditions.is_empty() {
                    return None;
                }
                write_out(segments, &segment.conditions, written)?;
            }
            Some(_) => return None,
            None => {
                let known = condition.operator.is_published() && condition.case == Case::Sensitive;
                if !known || condition.attribute == NOW {
                    return None;
                }
                written.push(condition);
            }
        }
    }
    Some(())
}
