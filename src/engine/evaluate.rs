//! Evaluation: which variation a flag serves to a context, and why. Total, and for a single flag without allocation.

use super::{
    attributes::Attributes,
    compile::{CompiledFlag, CompiledRule, Index, Yield, portion_of},
    memo::Memo,
    outcome::{Outcome, Reason},
    ruleset::Ruleset,
    segment::{Ground, Membership, Segments},
    witness::{Holds, Unwatched, Witness, Zeal},
};
use crate::domain::{
    context::{AttributeView, Context},
    key::SegmentKey,
    rollout::Bucketing,
    rule::Condition,
    segment::{Matching, Segment},
    time::Timestamp,
};

/// The attribute that stands for the moment of the evaluation, in milliseconds since the Unix epoch.
pub const NOW: &str = "$now";

/// What the flag named `key` serves to `context` at the moment `now`; `None` if there is no such flag.
pub fn evaluate<'r>(
    ruleset: &'r Ruleset,
    key: &str,
    context: &Context<'_>,
    now: Timestamp,
) -> Option<Outcome<'r>> {
    Evaluation::new(ruleset, context, now).flag(key)
}

/// What every flag that is not archived serves to `context` at the moment `now`, by key.
pub fn evaluate_all<'r>(ruleset: &'r Ruleset, context: &Context<'_>, now: Timestamp) -> Vec<Outcome<'r>> {
    let mut evaluation = Evaluation::new(ruleset, context, now);
    let mut outcomes = Vec::with_capacity(ruleset.flags().len());
    outcomes.extend(ruleset.live_flags().map(|flag| evaluation.outcome(flag)));
    outcomes
}

/// One context at one moment, asked of any number of flags. It remembers what prerequisites served, so that many
/// flags that share them take no longer than each flag taken once.
#[derive(Debug)]
pub struct Evaluation<'r, 'c, W: Witness = Unwatched> {
    ruleset: &'r Ruleset,
    context: &'c Context<'c>,
    now: Timestamp,
    prerequisites: Memo<'r, Outcome<'r>>,
    segments: Memo<'r, Membership>,
    witness: W,
}

impl<'r, 'c> Evaluation<'r, 'c> {
    /// An evaluation in which nothing was asked yet.
    pub fn new(ruleset: &'r Ruleset, context: &'c Context<'c>, now: Timestamp) -> Self {
        Self::watched_by(Unwatched, ruleset, context, now)
    }
}

impl<'r, 'c, W: Witness> Evaluation<'r, 'c, W> {
    /// The same, told to `witness`.
    pub fn watched_by(witness: W, ruleset: &'r Ruleset, context: &'c Context<'c>, now: Timestamp) -> Self {
        Self { ruleset, context, now, prerequisites: Memo::Empty, segments: Memo::Empty, witness }
    }

    /// Ends the evaluation.
    pub fn into_witness(self) -> W {
        self.witness
    }

    /// What the flag named `key` serves; `None` if there is no such flag.
    pub fn flag(&mut self, key: &str) -> Option<Outcome<'r>> {
        self.ruleset.get(key).map(|flag| self.outcome(flag))
    }

    fn outcome(&mut self, flag: &'r CompiledFlag) -> Outcome<'r> {
        self.witness.enter(flag);
        let outcome = self.decide(flag);
        self.witness.leave(&outcome);
        outcome
    }

    fn decide(&mut self, flag: &'r CompiledFlag) -> Outcome<'r> {
        let standing = |reason, lacks_user_key| Outcome {
            flag,
            variation: flag.default_variation(),
            reason,
            lacks_user_key,
        };
        if !flag.is_on() {
            return standing(Reason::Disabled, false);
        }
        let mut lacks_user_key = false;
        if !self.demands_are_met(flag, &mut lacks_user_key) {
            return standing(Reason::Prerequisite, lacks_user_key);
        }
        let mut attributes = Attributes::NONE;
        for rule in flag.rules() {
            if self.all_hold(flag.conditions(rule), &mut attributes) == Holds::No {
                self.witness.rule(flag, rule, Holds::No, None);
                continue;
            }
            let yielded = self.yielded(flag, rule);
            let variation = yielded.as_ref().ok().and_then(|yielded| yielded.map(|(_, variation)| variation));
            self.witness.rule(flag, rule, Holds::Yes, variation);
            match yielded {
                Ok(Some((reason, variation))) => {
                    return Outcome { flag, variation: flag.variation(variation), reason, lacks_user_key };
                }
                Ok(None) => {}
                Err(NoBucket) => lacks_user_key |= flag.flag().bucketing.by == Bucketing::USER_KEY,
            }
        }
        standing(Reason::Default, lacks_user_key)
    }

    /// `conditions` come with the places of their attributes among those of the flag.
    fn all_hold<'f>(
        &mut self,
        conditions: impl Iterator<Item = (&'f Condition, usize)>,
        attributes: &mut Attributes<'c>,
    ) -> Holds {
        let mut all = Holds::Yes;
        for (condition, place) in conditions {
            let find = |it: &Self| attributes.at(place, || it.attribute(&condition.attribute));
            if self.test(condition, find) == Holds::No {
                all = Holds::No;
                if W::ZEAL == Zeal::Enough {
                    break;
                }
            }
        }
        all
    }

    /// Tests a condition; `find` looks up its attribute.
    fn test(
        &mut self,
        condition: &Condition,
        find: impl FnOnce(&Self) -> Option<AttributeView<'c>>,
    ) -> Holds {
        let (actual, holds) = match condition.operand.segments() {
            Some(keys) => {
                let inside = keys.iter().any(|key| self.is_in(key));
                (None, condition.operand.holds_in_segment(inside))
            }
            None => {
                let actual = find(self);
                (actual, condition.operand.holds(actual))
            }
        };
        let holds = Holds::from(holds);
        self.witness.condition(condition, actual, holds);
        holds
    }

    /// Whether the context is in the segment. The recursion ends: no settled segment leads to an unsettled one.
    ///
    /// What is found is remembered: segments could refer to each other along so many ways that trying each would
    /// never end, and a list of segments may name one a thousand times.
    fn is_in(&mut self, key: &SegmentKey) -> bool {
        if let Some(known) = self.segments.get(key.as_str()) {
            self.witness.segment(key, known, None);
            return known.inside;
        }
        let segments: &'r Segments = self.ruleset.segments();
        let Some(compiled) = segments.settled(key) else {
            self.witness.segment(key, Membership::MISSING, None);
            return false;
        };
        let segment = compiled.segment();
        let (membership, conditions) = match compiled.listed(self.context.key()) {
            Some(listed) => (listed, None),
            None => (self.matches(segment), Some(&**segment)),
        };
        self.witness.segment(key, membership, conditions);
        self.segments.put(segment.key.as_str(), membership);
        membership.inside
    }

    /// Whether the conditions of a segment hold. Without any they do not.
    fn matches(&mut self, segment: &Segment) -> Membership {
        self.witness.enter_segment();
        let mut inside = segment.matching == Matching::All && !segment.conditions.is_empty();
        for condition in &segment.conditions {
            let holds = self.test(condition, |it| it.attribute(&condition.attribute)) == Holds::Yes;
            let decides = match segment.matching {
                Matching::All => !holds,
                Matching::Any => holds,
            };
            if decides {
                inside = holds;
                if W::ZEAL == Zeal::Enough {
                    break;
                }
            }
        }
        Membership { inside, ground: Ground::Conditions }
    }

    fn attribute(&self, name: &str) -> Option<AttributeView<'c>> {
        if name == NOW {
            Some(AttributeView::Integer(self.now.millis()))
        } else {
            self.context.attribute(name)
        }
    }

    /// What a rule gives whose conditions hold; nothing past the end of its rollout.
    fn yielded(
        &mut self,
        flag: &CompiledFlag,
        rule: &CompiledRule,
    ) -> Result<Option<(Reason, Index)>, NoBucket> {
        match &rule.yields {
            Yield::Variation(variation) => Ok(Some((Reason::TargetingRule(rule.id), *variation))),
            Yield::Rollout(portions) => {
                let text = self.attribute(&flag.flag().bucketing.by);
                let bucket = text.and_then(|text| text.with_text(|text| flag.bucket(text)));
                self.witness.bucket(bucket);
                let variation = portion_of(portions, bucket.ok_or(NoBucket)?);
                Ok(variation.map(|variation| (Reason::PercentageRollout(rule.id), variation)))
            }
        }
    }

    /// Whether every prerequisite is on, has its own prerequisites met, and serves what is demanded.
    ///
    /// The recursion through [`Self::outcome`] ends: no settled flag leads to an unsettled one.
    fn demands_are_met(&mut self, flag: &'r CompiledFlag, lacks_user_key: &mut bool) -> bool {
        let demands = &flag.configuration().prerequisites;
        if demands.is_empty() {
            return true;
        }
        if self.ruleset.unsettled().contains(flag.key()) {
            return false;
        }
        demands.iter().all(|demand| {
            let served = self.prerequisite(demand.flag_key.as_str());
            let met = served.is_some_and(|outcome| {
                *lacks_user_key |= outcome.lacks_user_key;
                match outcome.reason {
                    Reason::Disabled | Reason::Prerequisite => false,
                    Reason::TargetingRule(_) | Reason::PercentageRollout(_) | Reason::Default => {
                        outcome.variation.key == demand.variation_key
                    }
                }
            });
            self.witness.prerequisite(demand, served.as_ref(), met.into());
            met
        })
    }

    fn prerequisite(&mut self, key: &str) -> Option<Outcome<'r>> {
        if let Some(outcome) = self.prerequisites.get(key) {
            return Some(outcome);
        }
        let flag = self.ruleset.get(key)?;
        let outcome = self.outcome(flag);
        self.prerequisites.put(flag.key(), outcome);
        Some(outcome)
    }
}

/// The context has nothing under the attribute that users are bucketed by.
struct NoBucket;

#[cfg(test)]
mod tests;
