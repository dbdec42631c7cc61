//! Impact: which contexts would get something else if one ruleset took the place of another. Both are asked as any
//! ruleset is; there is no second implementation that could disagree.

use super::{
    evaluate::Evaluation,
    outcome::Outcome,
    prerequisite::{Dependent, dependents},
    ruleset::Ruleset,
};
use crate::domain::{
    context::Context,
    key::{FlagKey, VariationKey},
    time::Timestamp,
    usage::Cause,
    value::Value,
};

/// Flags depending on the one that changes that are looked at, the first by their keys, at most. With as many contexts
/// as a request may have, that is some hundred thousand evaluations.
pub const MAX_DEPENDENTS: usize = 100;

/// What a flag serves to a context.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The variation.
    pub variation: VariationKey,
    /// Its value.
    pub value: Value,
    /// Why.
    pub cause: Cause,
}

/// A context that would get another value.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Its place among the contexts that were asked for.
    pub context: usize,
    /// What it gets.
    pub before: Served,
    /// What it would get.
    pub after: Served,
}

/// How many contexts get a variation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The variation.
    pub variation: VariationKey,
    /// How many get it.
    pub before: usize,
    /// How many would.
    pub after: usize,
}

/// A flag that depends on the one that changes, and would serve another value to some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dragged {
    /// The flag.
    pub flag: FlagKey,
    /// The places of the contexts that would get another value, in order.
    pub contexts: Vec<usize>,
}

/// What would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// The contexts that would get another value of the flag, in order.
    pub moved: Vec<Moved>,
    /// Every variation of the flag as it would be, and then those that it would no longer have.
    pub tallies: Vec<Tally>,
    /// How many flags depend on it. Of these the first [`MAX_DEPENDENTS`] were looked at.
    pub dependents: usize,
    /// Those that would serve another value, by key.
    pub dragged: Vec<Dragged>,
}

/// What it would do to `contexts` if `after` took the place of `before`, which differ in the flag named `key` alone;
/// `None` if one of them has no such flag.
pub fn impact(
    before: &Ruleset,
    after: &Ruleset,
    key: &FlagKey,
    contexts: &[Context<'_>],
    now: Timestamp,
) -> Option<Impact> {
    let mut tallies = tallies(before, after, key)?;
    let dependents = dependents(after, key);
    let watched = &dependents[..dependents.len().min(MAX_DEPENDENTS)];
    let mut dragged: Vec<Dragged> = watched.iter().map(untouched).collect();
    let mut moved = Vec::new();
    for (place, context) in contexts.iter().enumerate() {
        let mut old = Evaluation::new(before, context, now);
        let mut new = Evaluation::new(after, context, now);
        let (was, will) = (old.flag(key.as_str())?, new.flag(key.as_str())?);
        for tally in &mut tallies {
            tally.before += usize::from(tally.variation == was.variation.key);
            tally.after += usize::from(tally.variation == will.variation.key);
        }
        if value(&was) != value(&will) {
            moved.push(Moved { context: place, before: served(&was), after: served(&will) });
        }
        // To its dependents a flag is a variation, and whether it may be relied on.
        if was.variation.key == will.variation.key && was.reason.cause() == will.reason.cause() {
            continue;
        }
        for dependent in &mut dragged {
            let key = dependent.flag.as_str();
            if old.flag(key).as_ref().map(value) != new.flag(key).as_ref().map(value) {
                dependent.contexts.push(place);
            }
        }
    }
    dragged.retain(|dependent| !dependent.contexts.is_empty());
    Some(Impact { moved, tallies, dependents: dependents.len(), dragged })
}

fn tallies(before: &Ruleset, after: &Ruleset, key: &FlagKey) -> Option<Vec<Tally>> {
    let (old, new) = (before.get(key.as_str())?, after.get(key.as_str())?);
    let is_new = |key: &VariationKey| new.variations().iter().any(|it| it.key == *key);
    let gone = old.variations().iter().filter(|it| !is_new(&it.key));
    let keys = new.variations().iter().chain(gone).map(|it| it.key.clone());
    Some(keys.map(|variation| Tally { variation, before: 0, after: 0 }).collect())
}

fn untouched(dependent: &Dependent<'_>) -> Dragged {
    Dragged { flag: dependent.flag.flag().key.clone(), contexts: Vec::new() }
}

fn value<'r>(outcome: &Outcome<'r>) -> Option<&'r Value> {
    outcome.flag.flag().variations.get(outcome.variation.place).map(|variation| &variation.value)
}

fn served(outcome: &Outcome<'_>) -> Served {
    Served {
        variation: outcome.variation.key.clone(),
        value: value(outcome).cloned().unwrap_or_default(),
        cause: outcome.reason.cause(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        Change,
        sample::{self, ENVIRONMENT, Sample, condition, serve},
    };

    /// What happens to users of the plans `free` and `pro` when `changed` takes the place of its namesake.
    fn of(flags: impl IntoIterator<Item = Sample>, changed: Sample) -> Impact {
        let before = Ruleset::new(ENVIRONMENT, 1, flags.into_iter().map(Sample::compiled));
        let key = changed.flag.key.clone();
        let after = before.with(2, [Change::Put(changed.compiled())]);
        let contexts = ["free", "pro"].map(|plan| Context::for_user("u").with("plan", plan));
        impact(&before, &after, &key, &contexts, sample::NOW).expect("the flag exists")
    }

    fn for_pro(key: &str) -> Sample {
        sample::flag(key).rule(1, vec![condition("plan", "is", "pro")], serve("on"))
    }

    #[test]
    fn who_would_get_another_value_is_told_with_both_values() {
        let found = of([sample::flag("f")], for_pro("f"));
        let [moved] = found.moved.as_slice() else { panic!("one of the two") };
        assert_eq!(moved.context, 1);
        assert_eq!((moved.before.variation.as_str(), moved.before.cause), ("off", Cause::Default));
        assert_eq!((moved.after.variation.as_str(), moved.after.cause), ("on", Cause::TargetingRule));
        assert_eq!((&moved.before.value, &moved.after.value), (&Value::from(false), &Value::from(true)));
        let counts: Vec<_> =
            found.tallies.iter().map(|it| (it.variation.as_str(), it.before, it.after)).collect();
        assert_eq!(counts, [("on", 0, 1), ("off", 2, 1)]);
    }

    #[test]
    fn another_reason_for_the_same_value_moves_nobody() {
        let off = of([sample::flag("f")], sample::flag("f").off());
        assert!(off.moved.is_empty());
        // But what depends on the flag can no longer rely on it.
        let dependent = sample::flag("d").requires("f", "off").rule(1, Vec::new(), serve("on"));
        let found = of([sample::flag("f"), dependent], sample::flag("f").off());
        assert!(found.moved.is_empty());
        let key = FlagKey::parse("d").expect("a key");
        assert_eq!(found.dragged, [Dragged { flag: key, contexts: vec![0, 1] }]);
    }

    #[test]
    fn flags_that_depend_on_it_are_dragged_along_and_others_are_not() {
        let follows =
            |key: &str, on: &str| sample::flag(key).requires(on, "on").rule(1, Vec::new(), serve("on"));
        let flags = [sample::flag("f"), follows("near", "f"), follows("far", "near"), sample::flag("other")];
        let found = of(flags, for_pro("f"));
        let dragged: Vec<_> = found.dragged.iter().map(|it| (it.flag.as_str(), &it.contexts[..])).collect();
        assert_eq!(dragged, [("far", &[1][..]), ("near", &[1])]);
        assert_eq!(found.dependents, 2);
    }

    #[test]
    fn no_more_dependents_are_looked_at_than_the_limit() {
        let follows = |number| {
            sample::flag(&format!("d{number:04}")).requires("f", "on").rule(1, Vec::new(), serve("on"))
        };
        let flags = std::iter::once(sample::flag("f")).chain((0..=MAX_DEPENDENTS).map(follows));
        let found = of(flags, for_pro("f"));
        assert_eq!((found.dragged.len(), found.dependents), (MAX_DEPENDENTS, MAX_DEPENDENTS + 1));
    }
}
