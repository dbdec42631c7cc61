//! The rest of a flag's life: restored after it was archived, deleted for good, or copied as the beginning of another.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::Error,
    flag::{FlagName, ShownFlag},
    flag_check::check_prerequisites,
    flag_target::{Target, apply, refuse_new, rulesets, target},
    scope::project_scope,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, Scope, configuration_fields, difference, flag_fields},
        environment::Environment,
        flag::{Configuration, Flag, FlagStatus},
        flag_change::FlagChange,
        id::EnvironmentId,
        key::FlagKey,
        role::Permission,
        rule::{NewRule, Rule},
        text::Name,
        violation::Violations,
    },
    engine::Ruleset,
    store,
};

/// Puts an archived flag back into use, in every environment.
pub async fn restore(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
) -> Result<ShownFlag, Error> {
    let shown = control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            change.expects(target.shown_revision())?;
            must_be_archived(&target)?;
            check_all_prerequisites(&target, &rulesets)?;
            let active = FlagChange::status(FlagStatus::Active);
            let (flag, configuration) = apply(change, &target, active, Action::FlagRestored)?;
            Ok(ShownFlag { flag, configuration, environment, last_evaluated_at: None })
        })
        .await?;
    super::flag::used(control, shown)
}

fn must_be_archived(target: &Target) -> Result<(), Error> {
    match target.flag.status {
        FlagStatus::Archived => Ok(()),
        FlagStatus::Active | FlagStatus::Inactive => Err(Error::FlagNotArchived(target.flag.key.to_string())),
    }
}

/// While a flag is archived, what it requires may be archived as well, or lose variations.
fn check_all_prerequisites(target: &Target, rulesets: &[(Environment, Arc<Ruleset>)]) -> Result<(), Error> {
    let mut faults = Violations::new();
    for ((environment, configuration), (_, ruleset)) in target.configurations.iter().zip(rulesets) {
        let mut own = Violations::new();
        check_prerequisites(configuration, ruleset, &mut own);
        faults.add_within(&format!("environments[{}]", environment.key), &own);
    }
    Ok(faults.or_ok(())?)
}

/// Deletes an archived flag for good: what it is, what it was, and how often it was served. Its key is free again, and
/// the audit log tells that it was there.
pub async fn delete(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::DeleteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            change.expects(target.shown_revision())?;
            must_be_archived(&target)?;
            let users = naming(&rulesets, &target.flag);
            if !users.is_empty() {
                return Err(Error::FlagInUse(users));
            }
            for (environment, _) in &rulesets {
                change.remove_flag(environment.id, &target.flag, Action::FlagDeleted)?;
            }
            store::flag::remove(change.tx(), &target.flag, rulesets.iter().map(|(it, _)| it.id))?;
            let gone = difference(&flag_fields(&target.flag), &Vec::new());
            change.audit(Action::FlagDeleted, project_scope(&target.place.project), target.flag.id, gone)
        })
        .await
}

/// The flags that name `flag` as a prerequisite in any environment, also those that are archived: they could not be
/// restored without it.
fn naming(rulesets: &[(Environment, Arc<Ruleset>)], flag: &Flag) -> Vec<String> {
    let mut users = Vec::new();
    for (environment, ruleset) in rulesets {
        let names = |configuration: &Configuration| {
            configuration.prerequisites.iter().any(|it| it.flag_key == flag.key)
        };
        let found = ruleset.flags().filter(|compiled| names(compiled.configuration()));
        users.extend(found.map(|compiled| format!("{} in {}", compiled.key(), environment.key)));
    }
    users
}

/// What a copy is called.
#[derive(Clone, Debug)]
pub struct NewCopy {
    /// Its key.
    pub key: FlagKey,
    /// What people call it; where absent, as they call the original.
    pub name: Option<Name>,
}

/// Makes a flag with the content of another, in every environment; it is off everywhere.
pub async fn copy(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    new: NewCopy,
) -> Result<ShownFlag, Error> {
    let user = caller.user.id;
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            check_all_prerequisites(&target, &rulesets)?;
            refuse_new(&rulesets, &new.key)?;
            let flag = Arc::new(Flag {
                id: change.mint(),
                key: new.key,
                name: new.name.unwrap_or_else(|| target.flag.name.clone()),
                status: FlagStatus::Active,
                revision: 1,
                created_by: Some(user),
                created_at: change.now(),
                updated_at: change.now(),
                ..(*target.flag).clone()
            });
            store::flag::put(change.tx(), &flag)?;
            let mut made = difference(&Vec::new(), &flag_fields(&flag));
            made.push(FieldChange::made("cloned_from", target.flag.key.as_str()));
            change.audit(Action::FlagCreated, project_scope(&target.place.project), flag.id, made)?;
            let mut shown = None;
            for (environment, original) in &target.configurations {
                let copy = Arc::new(copied(change, original));
                change.put_flag(environment.id, &flag, Arc::clone(&copy), Action::FlagCreated)?;
                let scope =
                    Scope { environment: Some(environment.id), ..project_scope(&target.place.project) };
                let own = difference(&Vec::new(), &configuration_fields(&copy));
                change.audit(Action::FlagCreated, scope, flag.id, own)?;
                shown.get_or_insert(copy);
            }
            let configuration =
                shown.ok_or_else(|| Error::Internal("a project has no environment".into()))?;
            Ok(ShownFlag { flag, configuration, environment, last_evaluated_at: None })
        })
        .await
}

/// The same rules under new identities, off.
fn copied(change: &Change<'_>, original: &Configuration) -> Configuration {
    let copy = |rule: &Rule| NewRule::from(rule.clone()).with_id(change.mint());
    Configuration {
        enabled: false,
        default_variation: original.default_variation.clone(),
        rules: original.rules.iter().map(copy).collect(),
        prerequisites: original.prerequisites.clone(),
        revision: 0,
        updated_at: change.now(),
    }
}
