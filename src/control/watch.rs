//! Looking on while a project changes: who may, and until when.

use super::{
    Control,
    call::{Caller, Credential, authorise, rights},
    error::{Error, Thing},
    scope::readable_project,
};
use crate::{
    domain::{id::ProjectId, project::Project, role::Permission, time::Timestamp},
    live::watch::{Crowded, Watcher},
    store,
};

/// Why somebody may not look on.
#[derive(Debug)]
pub enum Refusal {
    /// They may not see the project.
    Hidden(Error),
    /// There are too many who do.
    Crowded,
}

/// Looks at `project` from this moment on.
pub fn begin(control: &Control, caller: &Caller, project: ProjectId) -> Result<(Project, Watcher), Refusal> {
    let reader = control.read().map_err(Refusal::Hidden)?;
    let project = readable_project(&reader, caller, project).map_err(Refusal::Hidden)?;
    let watcher = control.live().watch(&project, caller.user.id).map_err(|Crowded| Refusal::Crowded)?;
    Ok((project, watcher))
}

/// Whether `caller`, who could see `project` once, still can: the session or token may have ended since, a role may be
/// taken away, the project may be gone.
pub fn may_go_on(control: &Control, caller: &Caller, project: &Project, now: Timestamp) -> Result<(), Error> {
    let reader = control.read()?;
    if let Credential::Session(id) = caller.credential {
        let live = store::session::by_id(&reader, id)?;
        live.filter(|session| session.user == caller.user.id).ok_or(Error::TokenInvalid)?;
    }
    let missing = || (Thing::Project, project.id.to_string());
    let memberships = rights(&reader, &caller.actor(), now)?;
    authorise(&memberships, project.organization, Permission::Read, missing)?;
    store::project::by_id(&reader, project.id)?.map(drop).ok_or_else(|| {
        let (thing, name) = missing();
        Error::Missing(thing, name)
    })
}
