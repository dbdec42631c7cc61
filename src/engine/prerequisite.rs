//! Which flags' prerequisites come to an end. It is found out once, when a ruleset is made, so that evaluation
//! needs no guard against cycles, and its answer does not depend on where it entered one.

use std::collections::HashSet;

use super::ruleset::Flags;
use crate::domain::key::FlagKey;

/// Prerequisites of prerequisites, at most: the longest chain below any flag, counted in steps. It bounds the
/// recursion of an evaluation.
pub const MAX_PREREQUISITE_DEPTH: usize = 10;

/// The flags whose prerequisites go round in a cycle, or deeper than [`MAX_PREREQUISITE_DEPTH`]. A prerequisite
/// that is not there is simply unmet, and ends its chain.
///
/// Flags without prerequisites are settled; then, round by round, those all of whose prerequisites are.
pub(super) fn unsettled(flags: &Flags) -> HashSet<FlagKey> {
    let mut waiting: Vec<(&FlagKey, Vec<&str>)> = flags
        .iter()
        .map(|flag| (&flag.flag().key, &flag.configuration().prerequisites))
        .filter(|(_, prerequisites)| !prerequisites.is_empty())
        .map(|(key, prerequisites)| {
            (key, prerequisites.iter().map(|other| other.flag_key.as_str()).collect())
        })
        .collect();
    for _ in 0..MAX_PREREQUISITE_DEPTH {
        if waiting.is_empty() {
            break;
        }
        let unsettled: HashSet<&str> = waiting.iter().map(|(key, _)| key.as_str()).collect();
        waiting.retain(|(_, others)| others.iter().any(|other| unsettled.contains(other)));
    }
    waiting.into_iter().map(|(key, _)| key.clone()).collect()
}
