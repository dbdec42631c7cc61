//! From an identifier in a request to the thing it names, the organization that owns it, and the right to use it.

use super::{
    call::{Caller, authorise},
    change::Change,
    error::{Error, Thing},
};
use crate::{
    domain::{
        audit::Scope,
        environment::Environment,
        id::{EnvironmentId, OrganizationId, ProjectId},
        organization::{Membership, Organization},
        project::Project,
        role::Permission,
    },
    store::{self, Access},
};

/// An environment with what it belongs to.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) project: Project,
    pub(super) environment: Environment,
}

impl Place {
    /// How the audit log names this environment.
    pub(super) fn scope(&self) -> Scope {
        Scope { environment: Some(self.environment.id), ..project_scope(&self.project) }
    }
}

/// How the audit log names what a whole organization shares.
pub(super) fn organization_scope(id: OrganizationId) -> Scope {
    Scope { organization: Some(id), project: None, environment: None }
}

/// How the audit log names what a whole project shares.
pub(super) fn project_scope(project: &Project) -> Scope {
    Scope { organization: Some(project.organization), project: Some(project.id), environment: None }
}

fn allowed(
    memberships: &[Membership],
    organization: OrganizationId,
    permission: Permission,
    thing: Thing,
    id: &impl ToString,
) -> Result<(), Error> {
    authorise(memberships, organization, permission, || (thing, id.to_string()))
}

pub(super) fn find_organization(access: &impl Access, id: OrganizationId) -> Result<Organization, Error> {
    store::organization::by_id(access, id)?.ok_or_else(|| Error::Missing(Thing::Organization, id.to_string()))
}

fn find_project(access: &impl Access, id: ProjectId) -> Result<Project, Error> {
    store::project::by_id(access, id)?.ok_or_else(|| Error::Missing(Thing::Project, id.to_string()))
}

pub(super) fn find_place(access: &impl Access, id: EnvironmentId) -> Result<Place, Error> {
    let missing = || Error::Missing(Thing::Environment, id.to_string());
    let environment = store::environment::by_id(access, id)?.ok_or_else(missing)?;
    let project = store::project::by_id(access, environment.project)?.ok_or_else(missing)?;
    Ok(Place { project, environment })
}

/// Whether somebody with these memberships may do what concerns all organizations at once.
fn operates(access: &impl Access, memberships: &[Membership]) -> Result<bool, Error> {
    let first = store::organization::first(access)?.map(|first| first.id);
    let may = |it: &Membership| Some(it.organization) == first && it.role.may(Permission::OperateServer);
    Ok(memberships.iter().any(may))
}

/// Checks that `caller` may do what concerns all organizations at once: as an admin of the one that was made first, like
/// whoever set the server up.
pub(super) fn authorise_operator(access: &impl Access, caller: &Caller) -> Result<(), Error> {
    let may = caller.actor().is_operator() || operates(access, &caller.memberships)?;
    if may { Ok(()) } else { Err(Error::Forbidden(Permission::OperateServer)) }
}

/// The organization `id`, in which `caller` has `permission` to read.
pub(super) fn readable_organization(
    access: &impl Access,
    caller: &Caller,
    id: OrganizationId,
    permission: Permission,
) -> Result<Organization, Error> {
    allowed(&caller.memberships, id, permission, Thing::Organization, &id)?;
    find_organization(access, id)
}

/// The project `id`, which `caller` may read.
pub(super) fn readable_project(
    access: &impl Access,
    caller: &Caller,
    id: ProjectId,
) -> Result<Project, Error> {
    permitted_project(access, caller, id, Permission::Read)
}

/// The project `id`, in which `caller` has `permission` to read.
pub(super) fn permitted_project(
    access: &impl Access,
    caller: &Caller,
    id: ProjectId,
    permission: Permission,
) -> Result<Project, Error> {
    let project = find_project(access, id)?;
    allowed(&caller.memberships, project.organization, permission, Thing::Project, &id)?;
    Ok(project)
}

/// The environment `id`, in which `caller` has `permission` to read.
pub(super) fn readable_place(
    access: &impl Access,
    caller: &Caller,
    id: EnvironmentId,
    permission: Permission,
) -> Result<Place, Error> {
    let place = find_place(access, id)?;
    allowed(&caller.memberships, place.project.organization, permission, Thing::Environment, &id)?;
    Ok(place)
}

impl Change<'_> {
    /// Checks that the actor may do what concerns all organizations at once.
    pub(super) fn operate(&self) -> Result<(), Error> {
        let may = self.actor()?.is_operator() || operates(self.tx(), self.memberships())?;
        if may { Ok(()) } else { Err(Error::Forbidden(Permission::OperateServer)) }
    }

    /// The organization `id`, in which the actor has `permission`.
    pub(super) fn organization(
        &self,
        id: OrganizationId,
        permission: Permission,
    ) -> Result<Organization, Error> {
        self.authorise(id, permission, || (Thing::Organization, id.to_string()))?;
        find_organization(self.tx(), id)
    }

    /// The project `id`, in which the actor has `permission`.
    pub(super) fn project(&self, id: ProjectId, permission: Permission) -> Result<Project, Error> {
        let project = find_project(self.tx(), id)?;
        self.authorise(project.organization, permission, || (Thing::Project, id.to_string()))?;
        Ok(project)
    }

    /// The environment `id`, in which the actor has `permission`.
    pub(super) fn place(&self, id: EnvironmentId, permission: Permission) -> Result<Place, Error> {
        let place = find_place(self.tx(), id)?;
        self.authorise(place.project.organization, permission, || (Thing::Environment, id.to_string()))?;
        Ok(place)
    }
}
