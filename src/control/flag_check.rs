//! What is refused of a change of a flag, because of the flag itself or because of the rest of its project.

use std::sync::Arc;

use super::{error::Error, flag_target::Target, segment::check_conditions};
use crate::{
    domain::{
        environment::Environment,
        flag::{Configuration, Flag},
        flag_change::FlagChange,
        id::RuleId,
        violation::{Fault, Path, Violations},
    },
    engine::{Ruleset, prerequisite::dependents},
};

/// Refuses `value` if anything would be wrong with the flag after it, in this environment or in another.
pub(super) fn check(
    target: &Target,
    rulesets: &[(Environment, Arc<Ruleset>)],
    value: &FlagChange,
    mut faults: Violations,
) -> Result<(), Error> {
    // Neither identifiers nor moments are looked at.
    let (mut mint, moment) = (|| RuleId::from_bits(0), target.flag.updated_at);
    let (flag, configuration) = value.clone().apply(&target.flag, target.named(), &[], moment, &mut mint);
    // Only what the request says has a path in the request.
    if value.variations.is_some() {
        flag.check_variations(&mut faults);
    }
    if value.default_variation.is_some() {
        configuration.check_default(&flag, &mut faults);
    }
    if value.rules.is_some() {
        configuration.check_rules(&flag, &mut faults);
        check_segments(&configuration, &rulesets[0].1, &mut faults);
    }
    if value.bucketing.is_some() {
        check_bucketing(target, &flag, &configuration, &mut faults);
    }
    if value.prerequisites.is_some() {
        check_prerequisites(&configuration, &rulesets[0].1, &mut faults);
    }
    faults.or_ok(())?;
    check_removed_variations(target, rulesets, &flag, &configuration)
}

/// Notes every environment whose rollouts the new bucketing cannot express.
fn check_bucketing(target: &Target, flag: &Flag, named: &Configuration, faults: &mut Violations) {
    // A variation that is missing is another matter.
    let with_all_variations = Flag {
        variations: target.flag.variations.iter().chain(&flag.variations).cloned().collect(),
        ..flag.clone()
    };
    for (index, (environment, present)) in target.configurations.iter().enumerate() {
        let configuration = if index == 0 { named } else { present };
        let mut unsuited = Violations::new();
        configuration.check_rules(&with_all_variations, &mut unsuited);
        if !unsuited.is_empty() {
            let why =
                format!("the environment '{}' has percentages that djb2 cannot express", environment.key);
            faults.add(Fault::Rule, "bucketing", why);
        }
    }
}

/// Refuses to take a variation away that is served somewhere, or that another flag demands.
fn check_removed_variations(
    target: &Target,
    rulesets: &[(Environment, Arc<Ruleset>)],
    flag: &Flag,
    named: &Configuration,
) -> Result<(), Error> {
    for gone in target.flag.variations.iter().filter(|it| flag.variation(it.key.as_str()).is_none()) {
        let mut by: Vec<String> = target
            .configurations
            .iter()
            .enumerate()
            .filter(|(index, (_, it))| if *index == 0 { named.uses(&gone.key) } else { it.uses(&gone.key) })
            .map(|(_, (environment, _))| format!("environment {}", environment.key))
            .collect();
        by.extend(demanding(rulesets, flag, |variation| variation == gone.key.as_str()));
        if !by.is_empty() {
            return Err(Error::VariationInUse { variation: gone.key.to_string(), by });
        }
    }
    Ok(())
}

/// Notes every prerequisite that names no flag of the ruleset, or no variation of it. Cycles are found when the
/// whole ruleset is compiled.
pub(super) fn check_prerequisites(configuration: &Configuration, ruleset: &Ruleset, faults: &mut Violations) {
    let list = Path::ROOT.field("prerequisites");
    for (index, prerequisite) in configuration.prerequisites.iter().enumerate() {
        let place = list.index(index);
        let demanded = ruleset.get(prerequisite.flag_key.as_str()).filter(|compiled| !compiled.is_archived());
        let Some(compiled) = demanded else {
            let message = format!("there is no flag '{}'", prerequisite.flag_key);
            faults.add(Fault::Prerequisite, place.field("flag_key"), message);
            continue;
        };
        if compiled.flag().variation(prerequisite.variation_key.as_str()).is_none() {
            let (flag, variation) = (&prerequisite.flag_key, &prerequisite.variation_key);
            let message = format!("the flag '{flag}' has no variation '{variation}'");
            faults.add(Fault::Prerequisite, place.field("variation_key"), message);
        }
    }
}

/// Notes every condition that names a segment which the project does not have.
pub(super) fn check_segments(configuration: &Configuration, ruleset: &Ruleset, faults: &mut Violations) {
    let rules = Path::ROOT.field("targeting_rules");
    for (index, rule) in configuration.rules.iter().enumerate() {
        let place = rules.index(index);
        check_conditions(&rule.conditions, &place.field("conditions"), ruleset.segments(), faults);
    }
}

/// The flags, in any environment, that demand `flag` to serve a variation that `selects` accepts.
pub(super) fn demanding(
    rulesets: &[(Environment, Arc<Ruleset>)],
    flag: &Flag,
    selects: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut users = Vec::new();
    for (environment, ruleset) in rulesets {
        for dependent in dependents(ruleset, &flag.key) {
            let demand = dependent.demand_on(&flag.key);
            if demand.is_some_and(|demand| selects(demand.variation_key.as_str())) {
                users.push(format!("{} in {}", dependent.flag.key(), environment.key));
            }
        }
    }
    users
}
