//! A flag of a project in all of its environments while it is being changed, and how a checked change of it is made.

use std::sync::Arc;

use super::{
    change::Change,
    error::{Error, Thing},
    flag::{FlagName, find},
    scope::{Place, project_scope},
};
use crate::{
    domain::{
        audit::{Action, FieldChange, configuration_fields, flag_fields, itemized},
        environment::Environment,
        flag::{Configuration, Flag, FlagStatus, MAX_FLAGS_PER_PROJECT},
        flag_change::FlagChange,
        id::{EnvironmentId, RuleId},
        key::FlagKey,
    },
    engine::Ruleset,
    live::Live,
    store::{self, Access},
};

/// A flag of a project in all of its environments, while it is being changed.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) flag: Arc<Flag>,
    /// What each environment says, the one that was named first.
    pub(super) configurations: Vec<(Environment, Arc<Configuration>)>,
}

impl Target {
    /// What the environment says that was named.
    pub(super) fn named(&self) -> &Arc<Configuration> {
        &self.configurations[0].1
    }

    /// The revision that the environment shows that was named.
    pub(super) fn shown_revision(&self) -> u64 {
        self.flag.shown_revision(self.named())
    }

    /// Refuses a flag that was put away.
    pub(super) fn must_be_in_use(&self) -> Result<(), Error> {
        match self.flag.status {
            FlagStatus::Active | FlagStatus::Inactive => Ok(()),
            FlagStatus::Archived => Err(Error::FlagArchived(self.flag.key.to_string())),
        }
    }

    /// The rules that the flag has, in any environment.
    pub(super) fn rules(&self) -> Vec<RuleId> {
        self.configurations.iter().flat_map(|(_, it)| it.rules.iter().map(|rule| rule.id)).collect()
    }
}

/// Every environment of the place's project with its ruleset, the named one first.
pub(super) fn rulesets(
    change: &Change<'_>,
    place: &Place,
) -> Result<Vec<(Environment, Arc<Ruleset>)>, Error> {
    of_place(change.tx(), place, |id| change.ruleset(id))
}

/// The same for somebody who changes nothing.
pub(super) fn served(
    access: &impl Access,
    live: &Live,
    place: &Place,
) -> Result<Vec<(Environment, Arc<Ruleset>)>, Error> {
    of_place(access, place, |id| live.ruleset(id))
}

fn of_place(
    access: &impl Access,
    place: &Place,
    find: impl Fn(EnvironmentId) -> Option<Arc<Ruleset>>,
) -> Result<Vec<(Environment, Arc<Ruleset>)>, Error> {
    let mut environments = store::environment::of_project(access, place.project.id)?;
    environments.sort_by_key(|environment| environment.id != place.environment.id);
    with_rulesets(environments, find)
}

/// These environments, each with its ruleset.
pub(super) fn with_rulesets(
    environments: Vec<Environment>,
    find: impl Fn(EnvironmentId) -> Option<Arc<Ruleset>>,
) -> Result<Vec<(Environment, Arc<Ruleset>)>, Error> {
    let unserved = |id: EnvironmentId| Error::Internal(format!("the environment {id} is not served"));
    environments
        .into_iter()
        .map(|environment| {
            let ruleset = find(environment.id).ok_or_else(|| unserved(environment.id))?;
            Ok((environment, ruleset))
        })
        .collect()
}

/// The flag of the place's project that `name` names.
pub(super) fn target(
    place: Place,
    rulesets: &[(Environment, Arc<Ruleset>)],
    name: &FlagName,
) -> Result<Target, Error> {
    let (environment, ruleset) = &rulesets[0];
    let flag = Arc::clone(find(ruleset, environment, name)?.flag());
    let configurations = rulesets
        .iter()
        .filter_map(|(environment, ruleset)| {
            let compiled = ruleset.get(flag.key.as_str())?;
            Some((environment.clone(), Arc::clone(compiled.configuration())))
        })
        .collect();
    Ok(Target { place, flag, configurations })
}

/// Refuses one more flag in the place's project if its key is taken, or if there are too many.
pub(super) fn refuse_new(rulesets: &[(Environment, Arc<Ruleset>)], key: &FlagKey) -> Result<(), Error> {
    let ruleset = &rulesets[0].1;
    if ruleset.get(key.as_str()).is_some() {
        return Err(Error::KeyTaken(Thing::Flag, key.to_string()));
    }
    if ruleset.flags().count() >= MAX_FLAGS_PER_PROJECT {
        let sentence = format!("a project has at most {MAX_FLAGS_PER_PROJECT} flags, archived ones included");
        return Err(Error::LimitReached(sentence));
    }
    Ok(())
}

/// Applies a checked change: see [`keep`].
pub(super) fn apply(
    change: &mut Change<'_>,
    target: &Target,
    value: FlagChange,
    action: Action,
) -> Result<(Arc<Flag>, Arc<Configuration>), Error> {
    let known = target.rules();
    apply_knowing(change, target, value, &known, action)
}

/// The same, where a rule keeps the identifier that it claims if it is one of `known`.
pub(super) fn apply_knowing(
    change: &mut Change<'_>,
    target: &Target,
    value: FlagChange,
    known: &[RuleId],
    action: Action,
) -> Result<(Arc<Flag>, Arc<Configuration>), Error> {
    let mut mint = || change.mint::<RuleId>();
    let (flag, configuration) = value.apply(&target.flag, target.named(), known, change.now(), &mut mint);
    keep(change, target, flag, configuration, action)
}

/// Keeps what became of a flag and of its configuration in the environment that was named, compiles it wherever it is
/// seen, and notes it in the audit log. What is equal to what was there leaves no trace.
pub(super) fn keep(
    change: &mut Change<'_>,
    target: &Target,
    flag: Flag,
    configuration: Configuration,
    action: Action,
) -> Result<(Arc<Flag>, Arc<Configuration>), Error> {
    keep_noting(change, target, flag, configuration, action, &[])
}

/// The same, with `notes` about it in the audit log.
pub(super) fn keep_noting(
    change: &mut Change<'_>,
    target: &Target,
    flag: Flag,
    configuration: Configuration,
    action: Action,
    notes: &[FieldChange],
) -> Result<(Arc<Flag>, Arc<Configuration>), Error> {
    let (shared, own) = (flag != *target.flag, configuration != **target.named());
    let (flag, configuration) = (Arc::new(flag), Arc::new(configuration));
    if shared {
        store::flag::put(change.tx(), &flag)?;
        for (environment, other) in target.configurations.iter().skip(1) {
            change.put_flag(environment.id, &flag, Arc::clone(other), action)?;
        }
    }
    if shared || own {
        change.put_flag(target.place.environment.id, &flag, Arc::clone(&configuration), action)?;
    }
    let changes = |fields: Vec<FieldChange>| (!fields.is_empty()).then(|| [&fields, notes].concat());
    if let Some(fields) = changes(itemized(&flag_fields(&target.flag), &flag_fields(&flag))) {
        change.audit(action, project_scope(&target.place.project), flag.id, fields)?;
    }
    let before = configuration_fields(target.named());
    if let Some(fields) = changes(itemized(&before, &configuration_fields(&configuration))) {
        change.audit(action, target.place.scope(), flag.id, fields)?;
    }
    Ok((flag, configuration))
}
