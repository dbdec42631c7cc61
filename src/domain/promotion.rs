//! Promotion: what one environment says of a flag is taken to another one. What that would change is also how two
//! environments compare.

use super::{
    audit::{FieldChange, configuration_fields, difference},
    flag::Configuration,
    flag_change::FlagChange,
    named::named,
    rule::Rule,
};

/// Flags that one promotion changes, at most: all of them are one transaction.
pub const MAX_PROMOTED_FLAGS: usize = 1_000;

named! {
    /// A part of what an environment says of a flag.
    ConfigurationPart {
        /// Whether the flag is on.
        Enabled = "enabled",
        /// What is served where no rule yields.
        DefaultVariation = "default_variation",
        /// Who gets what.
        TargetingRules = "targeting_rules",
        /// What other flags must serve first.
        Prerequisites = "prerequisites",
    }
}

impl ConfigurationPart {
    /// Whether both say the same here. Rules are the same that have the same name, priority and conditions and serve
    /// the same, whatever their identifiers.
    fn is_same(self, left: &Configuration, right: &Configuration) -> bool {
        match self {
            Self::Enabled => left.enabled == right.enabled,
            Self::DefaultVariation => left.default_variation == right.default_variation,
            Self::TargetingRules => {
                left.rules.len() == right.rules.len()
                    && left.rules.iter().zip(&right.rules).all(|(left, right)| says_the_same(left, right))
            }
            Self::Prerequisites => left.prerequisites == right.prerequisites,
        }
    }

    /// Takes this out of `change`.
    fn leave(self, change: &mut FlagChange) {
        match self {
            Self::Enabled => change.enabled = None,
            Self::DefaultVariation => change.default_variation = None,
            Self::TargetingRules => change.rules = None,
            Self::Prerequisites => change.prerequisites = None,
        }
    }
}

fn says_the_same(left: &Rule, right: &Rule) -> bool {
    let Rule { id: _, priority, name, conditions, serve } = left;
    (priority, name, conditions, serve) == (&right.priority, &right.name, &right.conditions, &right.serve)
}

/// Those of `parts` in which `present` does not say what `source` says.
pub fn differing(
    parts: &[ConfigurationPart],
    source: &Configuration,
    present: &Configuration,
) -> Vec<ConfigurationPart> {
    parts.iter().copied().filter(|part| !part.is_same(source, present)).collect()
}

/// The change that makes these parts of a configuration what `source` says. A rule keeps its identifier on the way.
pub fn promotion(parts: &[ConfigurationPart], source: &Configuration) -> FlagChange {
    let mut change = FlagChange::to_configuration(source);
    for (part, _) in ConfigurationPart::ALL.iter().filter(|(part, _)| !parts.contains(part)) {
        part.leave(&mut change);
    }
    change
}

/// The same, field by field.
pub fn changes(
    parts: &[ConfigurationPart],
    source: &Configuration,
    present: &Configuration,
) -> Vec<FieldChange> {
    let mut changes = difference(&configuration_fields(present), &configuration_fields(source));
    changes.retain(|change| parts.iter().any(|part| part.as_str() == change.field));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        flag::Prerequisite,
        id::RuleId,
        key::{FlagKey, VariationKey},
        rule::Serve,
        time::Timestamp,
    };

    fn key(text: &str) -> VariationKey {
        VariationKey::parse(text).expect("a key")
    }

    fn configuration(rule: u128) -> Configuration {
        let rule = Rule {
            id: RuleId::from_bits(rule),
            priority: 1,
            name: None,
            conditions: Vec::new(),
            serve: Serve::Variation(key("on")),
        };
        let now = Timestamp::from_seconds(0);
        Configuration { rules: vec![rule], ..Configuration::initial(key("off"), now) }
    }

    fn every_part() -> Vec<ConfigurationPart> {
        ConfigurationPart::ALL.iter().map(|(part, _)| *part).collect()
    }

    #[test]
    fn rules_are_compared_by_what_they_say() {
        let (left, mut right) = (configuration(1), configuration(2));
        assert_eq!(differing(&every_part(), &left, &right), []);
        right.rules[0].priority = 2;
        assert_eq!(differing(&every_part(), &left, &right), [ConfigurationPart::TargetingRules]);
        right.rules.clear();
        assert_eq!(differing(&every_part(), &left, &right), [ConfigurationPart::TargetingRules]);
    }

    #[test]
    fn only_the_parts_that_are_asked_for_are_taken() {
        let flag_key = FlagKey::parse("gate").expect("a key");
        let demand = Prerequisite { flag_key, variation_key: key("on") };
        let source = Configuration {
            enabled: true,
            default_variation: key("on"),
            prerequisites: vec![demand],
            ..configuration(1)
        };
        let mut present = configuration(2);
        present.rules.clear();
        assert_eq!(differing(&every_part(), &source, &present), every_part());
        for part in every_part() {
            let change = promotion(&[part], &source);
            let taken = [
                (ConfigurationPart::Enabled, change.enabled.is_some()),
                (ConfigurationPart::DefaultVariation, change.default_variation.is_some()),
                (ConfigurationPart::TargetingRules, change.rules.is_some()),
                (ConfigurationPart::Prerequisites, change.prerequisites.is_some()),
            ];
            assert!(taken.iter().all(|(other, is_taken)| *is_taken == (*other == part)), "{taken:?}");
            let fields: Vec<_> = changes(&[part], &source, &present).into_iter().map(|it| it.field).collect();
            assert_eq!(fields, [part.as_str()]);
        }
    }
}
