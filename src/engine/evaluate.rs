//! Evaluation: which variation a flag serves to a context, and why. Total, and for a flag without prerequisites
//! without allocation.

use std::collections::HashMap;

use super::{
    compile::{CompiledFlag, CompiledRule, Index, Yield, portion_of},
    outcome::{Outcome, Reason},
    ruleset::Ruleset,
};
use crate::domain::{
    context::{AttributeView, Context},
    rollout::Bucketing,
    rule::Condition,
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
    ruleset.live_flags().map(|flag| evaluation.outcome(flag)).collect()
}

/// One context at one moment, asked of any number of flags. It remembers what prerequisites served, so that many
/// flags that share them take no longer than each flag taken once.
#[derive(Debug)]
pub struct Evaluation<'r, 'c> {
    ruleset: &'r Ruleset,
    context: &'c Context<'c>,
    now: Timestamp,
    prerequisites: HashMap<&'r str, Outcome<'r>>,
}

impl<'r, 'c> Evaluation<'r, 'c> {
    /// An evaluation in which nothing was asked yet.
    pub fn new(ruleset: &'r Ruleset, context: &'c Context<'c>, now: Timestamp) -> Self {
        Self { ruleset, context, now, prerequisites: HashMap::new() }
    }

    /// What the flag named `key` serves; `None` if there is no such flag.
    pub fn flag(&mut self, key: &str) -> Option<Outcome<'r>> {
        self.ruleset.get(key).map(|flag| self.outcome(flag))
    }

    fn outcome(&mut self, flag: &'r CompiledFlag) -> Outcome<'r> {
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
        for rule in flag.rules() {
            if !flag.conditions(rule).iter().all(|condition| self.holds(condition)) {
                continue;
            }
            match self.yielded(flag, rule) {
                Ok(Some((reason, variation))) => {
                    return Outcome { flag, variation: flag.variation(variation), reason, lacks_user_key };
                }
                Ok(None) => {}
                Err(NoBucket) => lacks_user_key |= flag.flag().bucketing.by == Bucketing::USER_KEY,
            }
        }
        standing(Reason::Default, lacks_user_key)
    }

    fn holds(&self, condition: &Condition) -> bool {
        condition.operand.holds(self.attribute(&condition.attribute))
    }

    fn attribute(&self, name: &str) -> Option<AttributeView<'c>> {
        if name == NOW {
            Some(AttributeView::Integer(self.now.millis()))
        } else {
            self.context.attribute(name)
        }
    }

    /// What a rule gives whose conditions hold; nothing past the end of its rollout.
    fn yielded(&self, flag: &CompiledFlag, rule: &CompiledRule) -> Result<Option<(Reason, Index)>, NoBucket> {
        match &rule.yields {
            Yield::Variation(variation) => Ok(Some((Reason::TargetingRule(rule.id), *variation))),
            Yield::Rollout(portions) => {
                let text = self.attribute(&flag.flag().bucketing.by);
                let bucket =
                    text.and_then(|text| text.with_text(|text| flag.bucket(text))).ok_or(NoBucket)?;
                let variation = portion_of(portions, bucket);
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
            let Some(outcome) = self.prerequisite(demand.flag_key.as_str()) else { return false };
            *lacks_user_key |= outcome.lacks_user_key;
            match outcome.reason {
                Reason::Disabled | Reason::Prerequisite => false,
                Reason::TargetingRule(_) | Reason::PercentageRollout(_) | Reason::Default => {
                    outcome.variation.key == demand.variation_key
                }
            }
        })
    }

    fn prerequisite(&mut self, key: &str) -> Option<Outcome<'r>> {
        if let Some(outcome) = self.prerequisites.get(key) {
            return Some(*outcome);
        }
        let flag = self.ruleset.get(key)?;
        let outcome = self.outcome(flag);
        self.prerequisites.insert(flag.key(), outcome);
        Some(outcome)
    }
}

/// The context has nothing under the attribute that users are bucketed by.
struct NoBucket;
