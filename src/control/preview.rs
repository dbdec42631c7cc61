//! What a change of a flag would do to given contexts. It is checked, applied and compiled as it would be, and then let
//! go: the writer is not asked, and nothing is kept.

use std::sync::Arc;

use super::{
    Control,
    call::Caller,
    change::check_settled,
    error::Error,
    flag::{FlagName, View, view},
    flag_check::check,
    flag_target::{served, target},
};
use crate::{
    domain::{
        context::Context,
        flag_change::FlagChange,
        id::{EnvironmentId, FlagId, RuleId},
        time::Timestamp,
        violation::Draft,
        warning::Warning,
    },
    engine::{
        self, compile,
        impact::{Impact, impact},
        lint,
    },
};

/// What a change would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The flag.
    pub flag: FlagId,
    /// The version of the ruleset that the change was tried on.
    pub version: u64,
    /// How many contexts it was tried for.
    pub contexts: usize,
    /// What would become of them.
    pub impact: Impact,
    /// What would probably not be meant about the flag.
    pub warnings: Vec<Warning>,
}

/// Tries a change of a flag on `contexts`, each at the moment `now`. Only the ruleset of `environment` is looked at; what
/// is refused because of another environment is refused here too.
pub fn preview(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    draft: Draft<FlagChange>,
    contexts: &[Context<'_>],
    now: Timestamp,
) -> Result<Preview, Error> {
    let View { reader, place, .. } = view(control, caller, environment)?;
    let rulesets = served(&reader, control.live(), &place)?;
    let target = target(place, &rulesets, name)?;
    target.must_be_in_use()?;
    let Draft { value, faults } = draft;
    check(&target, &rulesets, &value, faults)?;

    let mut rules = 0;
    // Nobody sees the identifiers of rules that are not kept.
    let mut mint = || {
        rules += 1;
        RuleId::from_bits(rules)
    };
    let (flag, configuration) = value.apply(&target.flag, target.named(), &target.rules(), now, &mut mint);
    let warnings = lint::flag(&flag, &configuration, rulesets[0].1.segments());
    let before = &rulesets[0].1;
    let compiled = compile::flag(Arc::new(flag), Arc::new(configuration))?;
    let after = before.with(before.version() + 1, [engine::Change::Put(compiled)]);
    check_settled(&after)?;
    let lost = || Error::Internal(format!("'{}' is in no ruleset", target.flag.key));
    let impact = impact(before, &after, &target.flag.key, contexts, now).ok_or_else(lost)?;
    Ok(Preview {
        flag: target.flag.id,
        version: before.version(),
        contexts: contexts.len(),
        impact,
        warnings,
    })
}
