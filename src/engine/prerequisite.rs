//! Prerequisites across a ruleset: which come to an end, and who depends on a flag through them.

use std::collections::{HashMap, HashSet};

use super::{
    chain::endless,
    compile::CompiledFlag,
    ruleset::{Flags, Ruleset},
};
use crate::domain::{flag::Prerequisite, key::FlagKey};

/// Prerequisites of prerequisites, at most: the longest chain below any flag, counted in steps. It bounds the
/// recursion of an evaluation.
pub const MAX_PREREQUISITE_DEPTH: usize = 10;

/// The flags whose prerequisites go round in a cycle, or deeper than [`MAX_PREREQUISITE_DEPTH`]. A prerequisite
/// that is not there is simply unmet, and ends its chain.
pub(super) fn unsettled(flags: &Flags) -> HashSet<FlagKey> {
    let links = flags
        .iter()
        .filter(|flag| !flag.configuration().prerequisites.is_empty())
        .map(|flag| {
            let demands = &flag.configuration().prerequisites;
            (flag.key(), demands.iter().map(|demand| demand.flag_key.as_str()).collect())
        })
        .collect();
    let endless = endless(links, MAX_PREREQUISITE_DEPTH);
    // Hardly ever is there any.
    if endless.is_empty() {
        return HashSet::new();
    }
    let keys = flags.iter().map(|flag| &flag.flag().key);
    keys.filter(|key| endless.contains(key.as_str())).cloned().collect()
}

/// A flag that another one depends on.
#[derive(Clone, Debug)]
pub struct Dependent<'r> {
    /// The flag whose outcome depends on the other's.
    pub flag: &'r CompiledFlag,
    /// Those of its prerequisites that lead to the other, in their order. That on the other itself, if there is one,
    /// makes it a direct dependent.
    pub through: Vec<&'r Prerequisite>,
}

impl<'r> Dependent<'r> {
    /// What it demands of the flag `key` itself.
    pub fn demand_on(&self, key: &FlagKey) -> Option<&'r Prerequisite> {
        self.through.iter().find(|demand| demand.flag_key == *key).copied()
    }
}

/// The flags that are not archived and depend on the flag `key`, by key: those that demand something of it, and
/// those that depend on these.
pub fn dependents<'r>(ruleset: &'r Ruleset, key: &FlagKey) -> Vec<Dependent<'r>> {
    let mut demanding: HashMap<&str, Vec<&CompiledFlag>> = HashMap::new();
    for flag in ruleset.live_flags() {
        for demand in &flag.configuration().prerequisites {
            demanding.entry(demand.flag_key.as_str()).or_default().push(flag);
        }
    }
    let mut reached: HashSet<&str> = HashSet::from([key.as_str()]);
    let mut found: Vec<&CompiledFlag> = Vec::new();
    let mut next = vec![key.as_str()];
    while let Some(known) = next.pop() {
        for flag in demanding.get(known).into_iter().flatten() {
            if reached.insert(flag.key()) {
                found.push(flag);
                next.push(flag.key());
            }
        }
    }
    found.sort_by_key(|flag| flag.key());
    let leads = |demand: &&Prerequisite| reached.contains(demand.flag_key.as_str());
    let through = |flag: &'r CompiledFlag| flag.configuration().prerequisites.iter().filter(leads).collect();
    found.into_iter().map(|flag| Dependent { flag, through: through(flag) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        Ruleset,
        sample::{self, ENVIRONMENT, Sample},
    };

    fn unsettled(flags: impl IntoIterator<Item = Sample>) -> Vec<String> {
        let ruleset = Ruleset::new(ENVIRONMENT, 1, flags.into_iter().map(Sample::compiled));
        let mut keys: Vec<_> = ruleset.unsettled().iter().map(ToString::to_string).collect();
        keys.sort();
        keys
    }

    /// `f0` without a prerequisite, and every other flag demands the one before it.
    fn chain(steps: usize) -> Vec<Sample> {
        let link = |step: usize| sample::flag(&format!("f{step}")).requires(&format!("f{}", step - 1), "on");
        std::iter::once(sample::flag("f0")).chain((1..=steps).map(link)).collect()
    }

    #[test]
    fn a_chain_may_be_as_deep_as_the_limit() {
        assert!(unsettled(chain(MAX_PREREQUISITE_DEPTH)).is_empty());
        assert_eq!(
            unsettled(chain(MAX_PREREQUISITE_DEPTH + 1)),
            [format!("f{}", MAX_PREREQUISITE_DEPTH + 1)]
        );
    }

    #[test]
    fn a_cycle_and_what_leads_into_it_never_settle() {
        let flags = [
            sample::flag("a").requires("b", "on"),
            sample::flag("b").requires("a", "on"),
            sample::flag("c").requires("b", "on").requires("d", "on"),
            sample::flag("d").requires("nobody", "on"),
            sample::flag("e").requires("e", "on"),
        ];
        assert_eq!(unsettled(flags), ["a", "b", "c", "e"]);
    }

    #[test]
    fn dependents_are_told_with_what_leads_there() {
        let flags = [
            sample::flag("base"),
            sample::flag("direct").requires("other", "on").requires("base", "off"),
            sample::flag("far").requires("near", "on"),
            sample::flag("near").requires("direct", "on"),
            sample::flag("both").requires("base", "on").requires("direct", "off"),
            sample::flag("other"),
            sample::flag("gone").requires("base", "on").status(crate::domain::flag::FlagStatus::Archived),
        ];
        let ruleset = Ruleset::new(ENVIRONMENT, 1, flags.map(Sample::compiled));
        let key = FlagKey::parse("base").expect("a key");
        let told: Vec<String> = dependents(&ruleset, &key)
            .iter()
            .map(|it| {
                let through: Vec<_> = it.through.iter().map(|demand| demand.flag_key.as_str()).collect();
                let demand = it.demand_on(&key).map(|demand| demand.variation_key.as_str());
                format!("{} {through:?} {demand:?}", it.flag.key())
            })
            .collect();
        let expected = [
            "both [\"base\", \"direct\"] Some(\"on\")",
            "direct [\"base\"] Some(\"off\")",
            "far [\"near\"] None",
            "near [\"direct\"] None",
        ];
        assert_eq!(told, expected);
    }
}
