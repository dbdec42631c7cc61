//! Environments.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    scope::{Place, project_scope, readable_place, readable_project},
    webhook,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, Scope, difference, environment_fields},
        environment::{
            Color, DEFAULT_ENVIRONMENTS, Environment, EnvironmentChange, FIRST_REVISION,
            MAX_ENVIRONMENTS_PER_PROJECT, NewEnvironment,
        },
        flag::{Configuration, Flag},
        id::{EnvironmentId, ProjectId},
        key::EnvironmentKey,
        project::Project,
        role::Permission,
        text::{Justification, Name},
    },
    engine::Segments,
    store,
};

/// The environments of a project, oldest first.
pub fn list(control: &Control, caller: &Caller, project: ProjectId) -> Result<Vec<Environment>, Error> {
    let reader = control.read()?;
    let project = readable_project(&reader, caller, project)?;
    Ok(store::environment::of_project(&reader, project.id)?)
}

/// One environment.
pub fn get(control: &Control, caller: &Caller, id: EnvironmentId) -> Result<Environment, Error> {
    Ok(readable_place(&control.read()?, caller, id, Permission::Read)?.environment)
}

/// Makes an environment, in which every flag of the project is off and without rules.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    project: ProjectId,
    new: NewEnvironment,
) -> Result<Environment, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let project = change.project(project, Permission::WriteEnvironments)?;
            let present = store::environment::of_project(change.tx(), project.id)?;
            if present.iter().any(|environment| environment.key == new.key) {
                return Err(Error::KeyTaken(Thing::Environment, new.key.to_string()));
            }
            if present.len() >= MAX_ENVIRONMENTS_PER_PROJECT {
                let sentence = format!("a project has at most {MAX_ENVIRONMENTS_PER_PROJECT} environments");
                return Err(Error::LimitReached(sentence));
            }
            let (flags, segments) = contents_of_project(change, &present);
            put_new(change, &project, new, flags, segments)
        })
        .await
}

/// Changes fields of an environment.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: EnvironmentId,
    update: EnvironmentChange,
) -> Result<Environment, Error> {
    let edit = |before: &Environment| update.apply(before);
    edited(control, call, caller, id, Permission::WriteEnvironments, Action::EnvironmentUpdated, edit).await
}

/// From the answer on the ruleset of an environment must not change.
pub async fn freeze(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: EnvironmentId,
    reason: Justification,
) -> Result<Environment, Error> {
    let edit = |before: &Environment| Environment { frozen: Some(reason), ..before.clone() };
    edited(control, call, caller, id, Permission::FreezeEnvironments, Action::EnvironmentFrozen, edit).await
}

/// From the answer on it may change again.
pub async fn unfreeze(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: EnvironmentId,
) -> Result<Environment, Error> {
    let edit = |before: &Environment| Environment { frozen: None, ..before.clone() };
    edited(control, call, caller, id, Permission::FreezeEnvironments, Action::EnvironmentUnfrozen, edit).await
}

/// Deletes an environment with everything in it, at once and for good; what was done stays in the log. The last one of
/// a project stays.
pub async fn delete(control: &Control, call: &Call, caller: &Caller, id: EnvironmentId) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(id, Permission::WriteEnvironments)?;
            change.expects(place.environment.revision)?;
            if store::environment::of_project(change.tx(), place.project.id)?.len() == 1 {
                return Err(Error::LastEnvironment);
            }
            remove(change, &place).map(drop)
        })
        .await
}

/// Deletes an environment, and tells what is gone with it.
pub(super) fn remove(change: &mut Change<'_>, place: &Place) -> Result<Vec<FieldChange>, Error> {
    let environment = &place.environment;
    change.may_change(environment.id)?;
    change.end_environment(environment.id);
    webhook::forget_environment(change, place)?;
    store::environment::remove(change.tx(), environment)?;
    let changes = vec![
        FieldChange::gone("key", environment.key.as_str()),
        FieldChange::gone("name", environment.name.as_str()),
        FieldChange::gone("type", environment.kind.as_str()),
    ];
    change.audit(Action::EnvironmentDeleted, place.scope(), environment.id, changes.clone())?;
    Ok(changes)
}

/// Keeps what `edit` makes of an environment. Where no field is another one, nothing happens.
async fn edited(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: EnvironmentId,
    permission: Permission,
    action: Action,
    edit: impl FnOnce(&Environment) -> Environment + Send + 'static,
) -> Result<Environment, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(id, permission)?;
            change.expects(place.environment.revision)?;
            let after = edit(&place.environment);
            Ok(keep(change, &place, after, action)?.0)
        })
        .await
}

/// Keeps what became of an environment, and tells what changed; where nothing did, nothing happens.
pub(super) fn keep(
    change: &Change<'_>,
    place: &Place,
    after: Environment,
    action: Action,
) -> Result<(Environment, Vec<FieldChange>), Error> {
    let before = &place.environment;
    let changes = difference(&environment_fields(before), &environment_fields(&after));
    if changes.is_empty() {
        return Ok((before.clone(), changes));
    }
    let (revision, updated_at) = (before.revision + 1, change.now());
    let after = Environment { revision, updated_at, ..after };
    store::environment::put(change.tx(), &after)?;
    change.audit(action, place.scope(), after.id, changes.clone())?;
    Ok((after, changes))
}

/// The project's flags with what a new environment says of them, and its segments.
fn contents_of_project(
    change: &Change<'_>,
    present: &[Environment],
) -> (Vec<(Arc<Flag>, Configuration)>, Arc<Segments>) {
    let now = change.now();
    let Some(ruleset) = present.first().and_then(|environment| change.ruleset(environment.id)) else {
        return Default::default();
    };
    let flags = ruleset.flags().map(|compiled| {
        let default = compiled.configuration().default_variation.clone();
        (Arc::clone(compiled.flag()), Configuration::initial(default, now))
    });
    (flags.collect(), Arc::clone(ruleset.segments()))
}

/// The environments that a project starts with.
pub(super) fn defaults() -> Result<Vec<NewEnvironment>, Error> {
    let internal = |what: String| Error::Internal(format!("a default environment is unsound: {what}"));
    let defaults = DEFAULT_ENVIRONMENTS.iter().map(|&(key, name, kind, color)| {
        Ok(NewEnvironment {
            key: EnvironmentKey::parse(key).map_err(|error| internal(error.to_string()))?,
            name: Name::trusted(name),
            kind,
            color: Color::parse(color).ok_or_else(|| internal(color.to_owned()))?,
        })
    });
    defaults.collect()
}

/// Makes the environments that a project starts with.
pub(super) fn put_defaults(change: &mut Change<'_>, project: &Project) -> Result<(), Error> {
    for new in defaults()? {
        put_new(change, project, new, Vec::new(), Arc::default())?;
    }
    Ok(())
}

/// Keeps a new environment, which is served with `flags` and `segments` from its first version on.
pub(super) fn put_new(
    change: &mut Change<'_>,
    project: &Project,
    new: NewEnvironment,
    flags: Vec<(Arc<Flag>, Configuration)>,
    segments: Arc<Segments>,
) -> Result<Environment, Error> {
    let environment = Environment {
        id: change.mint(),
        project: project.id,
        key: new.key,
        name: new.name,
        kind: new.kind,
        color: new.color,
        frozen: None,
        revision: FIRST_REVISION,
        version: 1,
        created_at: change.now(),
        updated_at: change.now(),
    };
    change.put_environment(&environment, flags, segments)?;
    let scope = Scope { environment: Some(environment.id), ..project_scope(project) };
    let changes = vec![
        FieldChange::made("key", environment.key.as_str()),
        FieldChange::made("name", environment.name.as_str()),
        FieldChange::made("type", environment.kind.as_str()),
    ];
    change.audit(Action::EnvironmentCreated, scope, environment.id, changes)?;
    Ok(environment)
}
