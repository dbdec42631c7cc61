//! Reading the audit log of the organizations that somebody belongs to, and walking along its chain.

use super::{
    Control,
    call::Caller,
    error::Error,
    scope::{authorise_operator, readable_place, readable_project},
};
use crate::{
    auth::entropy::sha256,
    domain::{
        audit::{
            Entry, Search,
            chain::{Head, Verdict},
        },
        id::OrganizationId,
        page::{Page, PageRequest},
        role::Permission,
    },
    store,
};

/// Walks along the chain at the same time; one more is refused.
pub(super) const MAX_WALKS: usize = 2;

/// The organizations in which `caller` has `permission`.
fn organizations(caller: &Caller, permission: Permission) -> impl Iterator<Item = OrganizationId> {
    let able = caller.memberships.iter().filter(move |membership| membership.role.may(permission));
    able.map(|membership| membership.organization)
}

/// What `search` means for `caller`: the entries of the caller's own organizations. A project or an environment that is
/// named has to be one of theirs. If it is gone, what was done in it while it was theirs is found still.
fn own(reader: &store::Reader, caller: &Caller, search: Search) -> Result<Search, Error> {
    let organizations: Vec<_> = organizations(caller, Permission::Read).collect();
    let was_theirs = |place: Search| {
        Ok::<_, Error>(store::audit::any(reader, &Search { organizations: organizations.clone(), ..place })?)
    };
    if let Some(id) = search.project
        && let Err(error) = readable_project(reader, caller, id)
        && !was_theirs(Search { project: Some(id), ..Search::default() })?
    {
        return Err(error);
    }
    if let Some(id) = search.environment
        && let Err(error) = readable_place(reader, caller, id, Permission::Read)
        && !was_theirs(Search { environment: Some(id), ..Search::default() })?
    {
        return Err(error);
    }
    Ok(Search { organizations, ..search })
}

/// A page of the entries that are looked for in the organizations of `caller`, newest first. A project or an
/// environment of another organization is missing; any other name that means nothing finds nothing. May look
/// at the whole index of the log: call it where that may wait.
pub fn list(
    control: &Control,
    caller: &Caller,
    search: Search,
    request: &PageRequest,
) -> Result<Page<Entry>, Error> {
    let reader = control.read()?;
    let search = own(&reader, caller, search)?;
    Ok(store::audit::search(&reader, &control.audit_counts, &search, request)?)
}

/// All entries that are looked for, as they were at one moment, batch after batch.
#[derive(Debug)]
pub struct Export {
    search: Search,
    /// The place from which the next batch goes on, backwards; `None` after the last one.
    rest: Option<u64>,
}

impl Export {
    /// The next entries; `None` after the last ones. A batch is read in one go, and between two of them nothing of the
    /// data file is held.
    pub fn next(&mut self, control: &Control) -> Result<Option<Vec<Entry>>, Error> {
        while let Some(last) = self.rest {
            let batch = store::audit::batch(&control.read()?, &self.search, last)?;
            self.rest = batch.rest;
            if !batch.entries.is_empty() {
                return Ok(Some(batch.entries));
            }
        }
        Ok(None)
    }
}

/// Everything that [`list`] would list on all of its pages.
pub fn export(control: &Control, caller: &Caller, search: Search) -> Result<Export, Error> {
    let reader = control.read()?;
    let search = own(&reader, caller, search)?;
    // Entries are never changed, so that those up to the newest one are a picture of this moment.
    Ok(Export { search, rest: Some(store::audit::newest(&reader)?) })
}

/// Walks along the chain of the whole log, whoever its entries belong to. The caller sees of an entry that is cut out
/// what is in it only if it belongs to an organization of the caller's. Waits: call it where that is allowed.
pub fn verify(control: &Control, caller: &Caller, noted: Option<Head>) -> Result<Verdict, Error> {
    authorise_operator(&control.read()?, caller)?;
    let own: Vec<_> = organizations(caller, Permission::Read).collect();
    let _place = control.walks.try_acquire().map_err(|_| Error::Busy)?;
    let digest = |bytes: &[u8]| sha256(&[bytes]);
    let mut walk = store::audit::Walk::begin(&control.read()?, noted, digest)?;
    let mut verdict = loop {
        if let Some(verdict) = walk.step(&control.read()?, digest)? {
            break verdict;
        }
    };
    if let Some(cut) = &mut verdict.cut {
        cut.entry.take_if(|entry| entry.scope.organization.is_none_or(|id| !own.contains(&id)));
    }
    Ok(verdict)
}
