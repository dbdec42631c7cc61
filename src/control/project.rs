//! Projects.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    environment,
    error::{Error, Thing},
    scope::{project_scope, readable_project},
};
use crate::{
    domain::{
        audit::{Action, FieldChange, difference, project_fields},
        id::{OrganizationId, ProjectId},
        key::ProjectKey,
        project::{MAX_PROJECTS_PER_ORGANIZATION, Project, ProjectChange},
        role::Permission,
        text::{Description, Name},
        violation::{Fault, Violations},
    },
    store,
};

/// A project to be made.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// The organization; where absent, the oldest one that the caller belongs to.
    pub organization: Option<OrganizationId>,
    /// Unique in the organization.
    pub key: ProjectKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Option<Description>,
}

/// Every project that `caller` may see.
pub fn list(control: &Control, caller: &Caller) -> Result<Vec<Project>, Error> {
    let reader = control.read()?;
    let mut projects = Vec::new();
    for membership in &caller.memberships {
        projects.extend(store::project::of_organization(&reader, membership.organization)?);
    }
    Ok(projects)
}

/// One project.
pub fn get(control: &Control, caller: &Caller, id: ProjectId) -> Result<Project, Error> {
    readable_project(&control.read()?, caller, id)
}

/// Makes a project with the default environments.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    new: NewProject,
) -> Result<Project, Error> {
    let Some(organization) = new.organization.or_else(|| caller.home()) else {
        return Err(Error::Forbidden(Permission::WriteProjects));
    };
    control
        .change(call, Some(caller.actor()), move |change| {
            change.authorise(organization, Permission::WriteProjects, || {
                (Thing::Organization, organization.to_string())
            })?;
            if store::project::by_key(change.tx(), organization, new.key.as_str())?.is_some() {
                return Err(Error::KeyTaken(Thing::Project, new.key.to_string()));
            }
            let project = Project {
                id: change.mint(),
                organization,
                key: new.key,
                name: new.name,
                description: new.description,
                created_at: change.now(),
                updated_at: change.now(),
            };
            put_new(change, &project)?;
            environment::put_defaults(change, &project)?;
            Ok(project)
        })
        .await
}

/// Changes fields of a project.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: ProjectId,
    update: ProjectChange,
) -> Result<Project, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let before = change.project(id, Permission::WriteProjects)?;
            Ok(keep(change, &before, update)?.0)
        })
        .await
}

/// Keeps what `update` makes of a project, and tells what changed.
pub(super) fn keep(
    change: &Change<'_>,
    before: &Project,
    update: ProjectChange,
) -> Result<(Project, Vec<FieldChange>), Error> {
    let after = update.apply(before, change.now());
    let changes = difference(&project_fields(before), &project_fields(&after));
    if !changes.is_empty() {
        store::project::put(change.tx(), &after)?;
        change.audit(Action::ProjectUpdated, project_scope(&after), after.id, changes.clone())?;
    }
    Ok((after, changes))
}

/// Deletes a project with everything in it, at once and for good; what was done stays in the log. `confirmation` has
/// to be its key.
pub async fn delete(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: ProjectId,
    confirmation: String,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let project = change.project(id, Permission::WriteProjects)?;
            if confirmation != project.key.as_str() {
                let sentence = "must be the key of the project, which is deleted with everything in it";
                return Err(Violations::one(Fault::Malformed, "confirm", sentence).into());
            }
            for environment in store::environment::of_project(change.tx(), id)? {
                change.may_change(environment.id)?;
                change.end_environment(environment.id);
            }
            let contents = store::project::remove(change.tx(), &project)?;
            let environments: Vec<_> =
                contents.environments.iter().map(|environment| environment.key.as_str()).collect();
            let changes = vec![
                FieldChange::gone("key", project.key.as_str()),
                FieldChange::gone("name", project.name.as_str()),
                FieldChange::gone("environments", environments),
                FieldChange::gone("flags", contents.flags),
                FieldChange::gone("segments", contents.segments),
            ];
            change.audit(Action::ProjectDeleted, project_scope(&project), id, changes)
        })
        .await
}

/// Keeps a new project, unless its organization has too many, and notes who made it.
pub(super) fn put_new(change: &mut Change<'_>, project: &Project) -> Result<(), Error> {
    let present = store::project::of_organization(change.tx(), project.organization)?;
    if present.len() >= MAX_PROJECTS_PER_ORGANIZATION {
        let sentence = format!("an organization has at most {MAX_PROJECTS_PER_ORGANIZATION} projects");
        return Err(Error::LimitReached(sentence));
    }
    store::project::put(change.tx(), project)?;
    let changes = vec![
        FieldChange::made("key", project.key.as_str()),
        FieldChange::made("name", project.name.as_str()),
    ];
    change.audit(Action::ProjectCreated, project_scope(project), project.id, changes)
}
