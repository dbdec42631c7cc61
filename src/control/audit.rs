//! Reading the audit log of the organizations that somebody belongs to.

use super::{
    Control,
    call::Caller,
    error::Error,
    scope::{readable_place, readable_project},
};
use crate::{
    domain::{
        audit::{Entry, Search},
        page::{Page, PageRequest},
        role::Permission,
    },
    store,
};

/// A page of the entries that are looked for in the organizations of `caller`, newest first. A project or an
/// environment of another organization is missing; any other name that means nothing finds nothing.
pub fn list(
    control: &Control,
    caller: &Caller,
    search: Search,
    request: &PageRequest,
) -> Result<Page<Entry>, Error> {
    let reader = control.read()?;
    if let Some(project) = search.project {
        readable_project(&reader, caller, project)?;
    }
    if let Some(environment) = search.environment {
        readable_place(&reader, caller, environment, Permission::Read)?;
    }
    let readable = caller.memberships.iter().filter(|membership| membership.role.may(Permission::Read));
    let organizations = readable.map(|membership| membership.organization).collect();
    Ok(store::audit::search(&reader, &Search { organizations, ..search }, request)?)
}
