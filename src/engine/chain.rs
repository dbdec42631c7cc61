//! References that come to an end, and those that do not. It is found out once, when a ruleset is made, so that
//! evaluation needs no guard against cycles, and its answer does not depend on where it entered one.

use std::collections::HashSet;

/// The things whose references go round in a cycle, or on for more than `steps` steps. `links` are those that refer
/// to anything, with what they refer to; a reference to something that is not among them ends its chain.
///
/// Round by round, those are settled all of whose references are.
pub(super) fn endless<'k>(links: Vec<(&'k str, Vec<&'k str>)>, steps: usize) -> HashSet<&'k str> {
    let mut waiting = links;
    for _ in 0..steps {
        if waiting.is_empty() {
            break;
        }
        let unsettled: HashSet<&str> = waiting.iter().map(|(key, _)| *key).collect();
        waiting.retain(|(_, others)| others.iter().any(|other| unsettled.contains(other)));
    }
    waiting.into_iter().map(|(key, _)| key).collect()
}
