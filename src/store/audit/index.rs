//! What audit entries are searched by, in rows of fixed length, many of them in one value of the table: to look at all
//! of 100,000 entries takes a millisecond or two, so that one index is enough for every filter and for their number.
//!
//! A row is, little-endian: organization, project, environment, resource and actor in 16 bytes each, the moment in 8,
//! the action in 1. An identifier of 0 stands for none.

use redb::ReadableTable;

use crate::{
    domain::{
        audit::{Action, Entry, Scope, Search},
        id::{Bits, EnvironmentId, OrganizationId, ProjectId},
        time::Timestamp,
    },
    store::{Access, Error, Writer, tables},
};

/// Rows of one value: as many as leave it within a page of the file.
pub(super) const BLOCK: u64 = 32;
/// Bytes of a row.
const ROW: usize = 5 * 16 + 8 + 1;
/// Where the environment and the resource are among the identifiers of a row.
const ENVIRONMENT: usize = 2;
const RESOURCE: usize = 3;
/// Blocks that are looked at in one go where not all are: those of some 65,000 entries.
const SOME: usize = 2_048;

/// The number that stands for an action in files: never changed, never used again for another.
const fn code(action: Action) -> u8 {
    match action {
        Action::FlagCreated => 0,
        Action::FlagUpdated => 1,
        Action::FlagToggled => 2,
        Action::FlagArchived => 3,
        Action::SegmentCreated => 4,
        Action::SegmentUpdated => 5,
        Action::SegmentDeleted => 6,
        Action::ProjectCreated => 7,
        Action::EnvironmentCreated => 8,
        Action::ApiKeyCreated => 9,
        Action::ApiKeyRevoked => 10,
        Action::OrganizationCreated => 11,
        Action::UserRegistered => 12,
        Action::ProjectUpdated => 13,
        Action::EnvironmentUpdated => 14,
        Action::EnvironmentFrozen => 15,
        Action::EnvironmentUnfrozen => 16,
        Action::OrganizationUpdated => 17,
        Action::UserRoleChanged => 18,
        Action::UserRemoved => 19,
        Action::UserUpdated => 20,
        Action::PasswordChanged => 21,
        Action::InvitationCreated => 22,
        Action::InvitationRevoked => 23,
        Action::InvitationAccepted => 24,
        Action::PersonalTokenCreated => 25,
        Action::PersonalTokenRevoked => 26,
        Action::ApiKeyRotated => 27,
        Action::EnvironmentDeleted => 28,
        Action::ProjectDeleted => 29,
        Action::UserAdded => 30,
        Action::PasswordReset => 31,
        Action::WebhookCreated => 32,
        Action::WebhookUpdated => 33,
        Action::FlagRolledBack => 34,
        Action::FlagRestored => 35,
        Action::FlagDeleted => 36,
        Action::EnvironmentRestored => 37,
        Action::ProjectImported => 38,
        Action::ApiKeyUpdated => 39,
        Action::WebhookDeleted => 40,
        Action::WebhookSecretRotated => 41,
        Action::WebhookPaused => 42,
        Action::FlagPromoted => 44,
        Action::FlagScheduled => 45,
        Action::FlagScheduleCancelled => 46,
        Action::FlagScheduleFailed => 47,
        Action::FlagRampCreated => 48,
        Action::FlagRampPaused => 49,
        Action::FlagRampResumed => 50,
        Action::FlagRampRolledBack => 51,
        Action::FlagRampCancelled => 52,
    }
}

/// The block that the entry at `place`, from 1, is in, and its row there.
fn position(place: u64) -> (u64, usize) {
    let row = place.saturating_sub(1) % BLOCK;
    (place.saturating_sub(1) / BLOCK, usize::try_from(row).unwrap_or(0))
}

/// Makes the entry at `place`, about the thing with these bits, searchable.
pub(super) fn add(writer: &Writer, place: u64, resource: Bits, entry: &Entry) -> Result<(), Error> {
    let (block, row) = position(place);
    let mut table = writer.0.open_table(tables::AUDIT_SEARCH)?;
    let mut rows = table.get(block)?.map(|bytes| bytes.value().to_vec()).unwrap_or_default();
    rows.resize(row * ROW, 0);
    let Scope { organization, project, environment } = entry.scope;
    for bits in [
        organization.map_or(0, OrganizationId::bits),
        project.map_or(0, ProjectId::bits),
        environment.map_or(0, EnvironmentId::bits),
        resource,
        entry.actor.id.bits(),
    ] {
        rows.extend(bits.to_le_bytes());
    }
    rows.extend(entry.at.millis().to_le_bytes());
    rows.push(code(entry.action));
    table.insert(block, rows.as_slice())?;
    Ok(())
}

/// The places up to `last` of the entries that are looked for, newest first, and not more than `most`.
pub(super) fn find(access: &impl Access, search: &Search, last: u64, most: usize) -> Result<Vec<u64>, Error> {
    let wanted = Wanted::from(search);
    let mut found = Vec::new();
    let table = access.table(tables::AUDIT_SEARCH)?;
    for block in table.range(..=position(last).0)?.rev() {
        if found.len() >= most {
            break;
        }
        let (block, rows) = block?;
        wanted.pick(block.value(), rows.value(), &mut found);
        found.retain(|place| *place <= last);
    }
    found.truncate(most);
    Ok(found)
}

/// The same in a few blocks alone; and the last place before them, if there is any.
pub(super) fn find_some(
    access: &impl Access,
    search: &Search,
    last: u64,
) -> Result<(Vec<u64>, Option<u64>), Error> {
    let wanted = Wanted::from(search);
    let mut found = Vec::new();
    let mut rest = None;
    let table = access.table(tables::AUDIT_SEARCH)?;
    for block in table.range(..=position(last).0)?.rev().take(SOME) {
        let (block, rows) = block?;
        wanted.pick(block.value(), rows.value(), &mut found);
        rest = Some(block.value().saturating_mul(BLOCK)).filter(|place| *place > 0);
    }
    found.retain(|place| *place <= last);
    Ok((found, rest))
}

/// The identifiers in a row.
fn ids(row: &[u8]) -> &[[u8; 16]] {
    row.as_chunks().0
}

/// Whether an entry is seen from `environment`: it concerns that one, or all alike. Everything is seen from none.
fn is_seen(environment: Option<EnvironmentId>) -> impl Fn(&[u8]) -> bool {
    let seen = environment.map(|environment| [0, environment.bits()].map(u128::to_le_bytes));
    move |row| {
        seen.is_none_or(|seen| {
            ids(row).get(ENVIRONMENT).is_some_and(|environment| seen.contains(environment))
        })
    }
}

/// The places of the entries about the thing with these bits that are seen from `environment`, newest first, out of all
/// blocks.
pub(super) fn find_about(
    access: &impl Access,
    resource: Bits,
    environment: Option<EnvironmentId>,
) -> Result<Vec<u64>, Error> {
    let (resource, is_seen) = (resource.to_le_bytes(), is_seen(environment));
    let mut found = Vec::new();
    for block in access.table(tables::AUDIT_SEARCH)?.iter()?.rev() {
        let (block, rows) = block?;
        let first = block.value().saturating_mul(BLOCK).saturating_add(1);
        let here = found.len();
        for (place, row) in (first..).zip(rows.value().chunks_exact(ROW)) {
            if ids(row).get(RESOURCE) == Some(&resource) && is_seen(row) {
                found.push(place);
            }
        }
        found[here..].reverse();
    }
    Ok(found)
}

/// Keeps the places of the entries that are seen from `environment`.
pub(super) fn retain_seen(
    access: &impl Access,
    environment: Option<EnvironmentId>,
    places: &mut Vec<u64>,
) -> Result<(), Error> {
    let (table, is_seen) = (access.table(tables::AUDIT_SEARCH)?, is_seen(environment));
    let mut kept = Vec::with_capacity(places.len());
    for place in places.drain(..) {
        let (block, row) = position(place);
        let rows = table.get(block)?;
        let row = rows.as_ref().and_then(|rows| rows.value().chunks_exact(ROW).nth(row));
        if row.is_some_and(&is_seen) {
            kept.push(place);
        }
    }
    *places = kept;
    Ok(())
}

/// A search in the terms of rows.
pub(super) struct Wanted {
    organizations: Vec<[u8; 16]>,
    /// The rest of the identifiers that a row must have, with the place of each in it.
    ids: Vec<(usize, [u8; 16])>,
    /// Milliseconds since the epoch.
    from: i64,
    to: i64,
    /// A bit for the code of each action that is looked for.
    actions: u64,
}

impl From<&Search> for Wanted {
    fn from(search: &Search) -> Self {
        let ids = [
            search.project.map(ProjectId::bits),
            search.environment.map(EnvironmentId::bits),
            search.thing.map(|(_, bits)| bits),
            search.actor.map(Bits::from),
        ];
        let is_wanted = |action: Action| {
            search.action.is_none_or(|it| it == action)
                && search.resource.is_none_or(|it| it == action.resource())
                && search.thing.is_none_or(|(it, _)| it == action.resource())
        };
        let actions = Action::ALL.iter().map(|(action, _)| *action).filter(|action| is_wanted(*action));
        Self {
            organizations: search.organizations.iter().map(|id| id.bits().to_le_bytes()).collect(),
            ids: (1..).zip(ids).filter_map(|(at, bits)| Some((at, bits?.to_le_bytes()))).collect(),
            from: search.from.map_or(i64::MIN, Timestamp::millis),
            to: search.to.map_or(i64::MAX, Timestamp::millis),
            actions: actions.fold(0, |bits, action| bits | 1 << code(action)),
        }
    }
}

impl Wanted {
    /// How many of the rows of a block are wanted.
    pub(super) fn count(&self, rows: &[u8]) -> u64 {
        rows.chunks_exact(ROW).map(|row| u64::from(self.includes(row))).sum()
    }

    /// Adds the places in a block of what is wanted, newest first.
    fn pick(&self, block: u64, rows: &[u8], found: &mut Vec<u64>) {
        let first = block.saturating_mul(BLOCK).saturating_add(1);
        let here = found.len();
        let numbered = (first..).zip(rows.chunks_exact(ROW));
        found.extend(numbered.filter(|(_, row)| self.includes(row)).map(|(place, _)| place));
        found[here..].reverse();
    }

    fn includes(&self, row: &[u8]) -> bool {
        let (ids, rest) = row.as_chunks::<16>();
        let Some((at, [action])) = rest.split_first_chunk::<8>() else { return false };
        let at = i64::from_le_bytes(*at);
        ids.first().is_some_and(|organization| self.organizations.contains(organization))
            && self.ids.iter().all(|(place, id)| ids.get(*place) == Some(id))
            && (self.from..self.to).contains(&at)
            && self.actions.checked_shr(u32::from(*action)).is_some_and(|bits| bits & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_a_number_of_its_own() {
        let codes: BTreeSet<u8> = Action::ALL.iter().map(|(action, _)| code(*action)).collect();
        assert_eq!(codes.len(), Action::ALL.len());
        assert!(codes.iter().all(|code| u32::from(*code) < u64::BITS));
    }

    #[test]
    fn places_fill_block_after_block() {
        assert_eq!([1, 2, BLOCK, BLOCK + 1].map(position), [(0, 0), (0, 1), (0, 31), (1, 0)]);
    }
}
