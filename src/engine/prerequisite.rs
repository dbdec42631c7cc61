//! Which flags' prerequisites come to an end.

use std::collections::HashSet;

use super::{chain::endless, ruleset::Flags};
use crate::domain::key::FlagKey;

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
}
