//! The compiler: a flag and what one environment says of it become a [`CompiledFlag`], in which every name is an
//! index, every rule is in its place and every value is JSON text already.

use std::{collections::HashMap, sync::Arc};

use serde_json::value::{RawValue, to_raw_value};

use super::{
    bucket::{Bucket, Bucketer},
    evaluate::NOW,
};
use crate::domain::{
    flag::{Configuration, Flag, FlagStatus, Variation},
    id::RuleId,
    key::VariationKey,
    rollout::Rollout,
    rule::{Condition, Rule, Serve},
    violation::{Fault, Violations},
};

/// A flag of one environment, ready to answer.
#[derive(Debug)]
pub struct CompiledFlag {
    flag: Arc<Flag>,
    configuration: Arc<Configuration>,
    /// Whether its rules count.
    is_on: bool,
    variations: Box<[CompiledVariation]>,
    default: Index,
    rules: Box<[CompiledRule]>,
    bucketer: Bucketer,
    timing: Timing,
}

/// Whether an answer can change by the passing of time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// It cannot.
    Timeless,
    /// Something asks for the moment.
    Timed,
}

impl Timing {
    /// [`Timing::Timed`] if any of these conditions asks for [`NOW`].
    pub fn of(conditions: &[Condition]) -> Self {
        Self::any(conditions.iter().map(|condition| Self::of_attribute(&condition.attribute)))
    }

    fn of_attribute(name: &str) -> Self {
        if name == NOW { Self::Timed } else { Self::Timeless }
    }

    /// [`Timing::Timed`] if any of these is.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        if parts.into_iter().any(|part| part == Self::Timed) { Self::Timed } else { Self::Timeless }
    }
}

/// The place of a variation in the list of its flag.
pub type Index = usize;

/// A variation as it is served.
#[derive(Debug)]
pub struct CompiledVariation {
    /// Its place among the variations of its flag, by which it can be counted.
    pub place: Index,
    /// The variation's key.
    pub key: VariationKey,
    /// Its value as JSON text.
    pub json: Box<RawValue>,
}

/// A rule with the names in it resolved.
#[derive(Debug)]
pub struct CompiledRule {
    /// The rule's identity.
    pub(super) id: RuleId,
    /// Of each condition, the place of its attribute among all that the flag asks for.
    asks: Box<[usize]>,
    /// What it gives to those whom its conditions match.
    pub(super) yields: Yield,
    /// Its place in the configuration's list.
    place: usize,
}

/// What a rule gives.
#[derive(Debug)]
pub(super) enum Yield {
    /// The same to everyone.
    Variation(Index),
    /// By bucket.
    Rollout(Box<[Portion]>),
}

/// The buckets below `end` that no earlier portion has.
#[derive(Debug)]
pub(super) struct Portion {
    /// Thousandths of a percent.
    end: u32,
    variation: Index,
}

/// Compiles a flag for one environment.
///
/// What the domain accepted for each other always compiles: this fails where a change of the flag no longer fits
/// an environment's rules, and for damaged records. The paths are those of the configuration.
pub fn flag(flag: Arc<Flag>, configuration: Arc<Configuration>) -> Result<CompiledFlag, Violations> {
    let mut faults = Violations::new();
    configuration.check(&flag, &mut faults);
    faults.or_ok(())?;

    let variations = flag.variations.iter().enumerate().map(variation).collect::<Result<_, _>>()?;
    let default = index(&flag, &configuration.default_variation)?;
    let mut rules = Vec::with_capacity(configuration.rules.len());
    let mut attributes: HashMap<&str, usize> = HashMap::new();
    for place in configuration.tried() {
        let rule = &configuration.rules[place];
        let yields = match &rule.serve {
            Serve::Variation(key) => Yield::Variation(index(&flag, key)?),
            Serve::Rollout(rollout) => Yield::Rollout(portions(&flag, rollout)?),
        };
        let asks = rule.conditions.iter().map(|condition| {
            let next = attributes.len();
            *attributes.entry(&condition.attribute).or_insert(next)
        });
        rules.push(CompiledRule { id: rule.id, asks: asks.collect(), yields, place });
    }
    let bucketing = &flag.bucketing;
    let prefix = bucketing.salt.as_deref().unwrap_or(flag.key.as_str());
    let bucketer = Bucketer::new(bucketing.algorithm, prefix);
    let asks = configuration.rules.iter().map(|rule| Timing::of(&rule.conditions));
    let timing = Timing::any(asks.chain([Timing::of_attribute(&bucketing.by)]));
    let is_on = configuration.enabled && flag.status == FlagStatus::Active;
    let rules = rules.into();
    Ok(CompiledFlag { flag, configuration, is_on, variations, default, rules, bucketer, timing })
}

fn variation((place, variation): (Index, &Variation)) -> Result<CompiledVariation, Violations> {
    let json = to_raw_value(&variation.value)
        .map_err(|error| Violations::one(Fault::VariationValue, "variations", error.to_string()))?;
    Ok(CompiledVariation { place, key: variation.key.clone(), json })
}

fn index(flag: &Flag, key: &VariationKey) -> Result<Index, Violations> {
    flag.variations.iter().position(|variation| variation.key == *key).ok_or_else(|| {
        Violations::one(Fault::VariationUnknown, "variations", format!("the flag has no variation '{key}'"))
    })
}

fn portions(flag: &Flag, rollout: &Rollout) -> Result<Box<[Portion]>, Violations> {
    let mut end = 0_u32;
    rollout
        .shares()
        .iter()
        .map(|share| {
            end = share.percentage.thousandths().saturating_add(end);
            Ok(Portion { end, variation: index(flag, &share.variation)? })
        })
        .collect()
}

impl CompiledFlag {
    /// The flag as its project has it.
    pub fn flag(&self) -> &Arc<Flag> {
        &self.flag
    }

    /// What the environment says of it.
    pub fn configuration(&self) -> &Arc<Configuration> {
        &self.configuration
    }

    /// The key.
    pub fn key(&self) -> &str {
        self.flag.key.as_str()
    }

    /// The variations in the order of the flag.
    pub fn variations(&self) -> &[CompiledVariation] {
        &self.variations
    }

    /// The variation that is served where no rule yields.
    pub fn default_variation(&self) -> &CompiledVariation {
        &self.variations[self.default]
    }

    /// Whether its rules count: it is neither archived nor parked, and the environment has it enabled.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether its own rules ask for the moment.
    pub fn timing(&self) -> Timing {
        if self.is_on() { self.timing } else { Timing::Timeless }
    }

    /// Whether it was put away.
    pub fn is_archived(&self) -> bool {
        self.flag.status == FlagStatus::Archived
    }

    /// The environment's rules in the order in which they are tried.
    pub fn rules_as_tried(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|rule| &self.configuration.rules[rule.place])
    }

    /// The rules in the order in which they are tried.
    pub(super) fn rules(&self) -> &[CompiledRule] {
        &self.rules
    }

    /// What must hold for `rule`, which is one of this flag, with the places of the attributes.
    pub(super) fn conditions<'f>(
        &'f self,
        rule: &'f CompiledRule,
    ) -> impl Iterator<Item = (&'f Condition, usize)> {
        self.configuration.rules[rule.place].conditions.iter().zip(rule.asks.iter().copied())
    }

    /// Where the buckets of each of the rule's variations end, in thousandths of a percent; none without a rollout.
    pub(super) fn thresholds(&self, rule: &CompiledRule) -> Vec<(VariationKey, u32)> {
        match &rule.yields {
            Yield::Variation(_) => Vec::new(),
            Yield::Rollout(portions) => portions
                .iter()
                .map(|portion| (self.variation(portion.variation).key.clone(), portion.end))
                .collect(),
        }
    }

    /// The variation at `index`, which the compiler resolved for this flag.
    pub(super) fn variation(&self, index: Index) -> &CompiledVariation {
        &self.variations[index]
    }

    /// The bucket of somebody whose text under the bucketing's attribute is `text`.
    pub(super) fn bucket(&self, text: &str) -> Bucket {
        self.bucketer.bucket(text)
    }
}

/// The variation of the first portion that has `bucket`; `None` past the end of the last.
pub(super) fn portion_of(portions: &[Portion], bucket: Bucket) -> Option<Index> {
    portions.iter().find(|portion| bucket.thousandths() < portion.end).map(|portion| portion.variation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::rollout::Algorithm,
        engine::sample::{self, serve, split},
    };

    #[test]
    fn rules_are_tried_by_priority_and_ties_keep_the_order_of_the_list() {
        let flag = sample::flag("f")
            .rule(2, Vec::new(), serve("on"))
            .rule(1, Vec::new(), serve("on"))
            .rule(2, Vec::new(), serve("on"))
            .rule(-1, Vec::new(), serve("on"))
            .compiled();
        let order: Vec<_> = flag.rules().iter().map(|rule| rule.id.bits()).collect();
        assert_eq!(order, [4, 2, 1, 3]);
    }

    #[test]
    fn variations_know_their_place_and_their_values_are_json_text_already() {
        let flag = sample::flag("f").compiled();
        let known: Vec<_> = flag.variations().iter().map(|it| (it.place, it.json.get())).collect();
        assert_eq!(known, [(0, "true"), (1, "false")]);
    }

    #[test]
    fn what_does_not_fit_does_not_compile() {
        let unknown = sample::flag("f").serving("maybe").rule(1, Vec::new(), serve("perhaps")).try_compile();
        let faults = unknown.expect_err("the variations do not exist");
        let paths: Vec<_> = faults.reported().map(|fault| fault.path.clone()).collect();
        assert_eq!(paths, ["default_variation", "targeting_rules[0].variation"]);

        let fine = sample::flag("f").rule(1, Vec::new(), split(&[("on", 0.5)]));
        assert!(fine.clone().try_compile().is_err(), "DJB2 cannot express half a percent");
        assert!(fine.bucketed(Algorithm::Murmur3, "user_key", None).try_compile().is_ok());
    }

    #[test]
    fn a_portion_ends_where_the_sum_of_shares_does() {
        let flag = sample::flag("f").rule(1, Vec::new(), split(&[("on", 10.0), ("off", 20.0)])).compiled();
        let Some(CompiledRule { yields: Yield::Rollout(portions), .. }) = flag.rules().first() else {
            panic!()
        };
        let ends: Vec<_> = portions.iter().map(|portion| (portion.end, portion.variation)).collect();
        assert_eq!(ends, [(10_000, 0), (30_000, 1)]);
    }
}
