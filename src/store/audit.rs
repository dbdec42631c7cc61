//! The audit log, oldest first. Every record carries the SHA-256 of the record before it, as stored; the head of the
//! chain is the last record.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    tables,
};
use crate::domain::{
    audit::{Action, Actor, Entry, FieldChange, Scope},
    id::{AuditId, Bits, EnvironmentId, OrganizationId, ProjectId, UserId},
    time::Timestamp,
    value,
};

/// Entries that one query reads, at most: the history of a flag is read whole to be paged.
pub const MAX_HISTORY: usize = 100_000;

#[derive(Serialize, Deserialize)]
struct EntryV1 {
    /// SHA-256 of the record before, zeros for the first.
    previous: [u8; 32],
    id: u128,
    at: i64,
    actor_id: u128,
    actor_email: String,
    action: String,
    organization: Option<u128>,
    project: Option<u128>,
    environment: Option<u128>,
    resource: String,
    changes: Vec<FieldChangeV1>,
    request_id: String,
    address: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct FieldChangeV1 {
    field: String,
    /// JSON text.
    from: String,
    /// JSON text.
    to: String,
}

/// An entry with its place in the chain.
struct Link {
    previous: [u8; 32],
    entry: Entry,
}

impl Stored for Link {
    const NOUN: &'static str = "an audit entry";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let change = |it: &FieldChange| FieldChangeV1 {
            field: it.field.clone(),
            from: it.from.to_string(),
            to: it.to.to_string(),
        };
        let entry = &self.entry;
        let record = EntryV1 {
            previous: self.previous,
            id: entry.id.bits(),
            at: entry.at.millis(),
            actor_id: entry.actor.id.bits(),
            actor_email: entry.actor.email.clone(),
            action: entry.action.as_str().to_owned(),
            organization: entry.scope.organization.map(OrganizationId::bits),
            project: entry.scope.project.map(ProjectId::bits),
            environment: entry.scope.environment.map(EnvironmentId::bits),
            resource: entry.resource.clone(),
            changes: entry.changes.iter().map(change).collect(),
            request_id: entry.request_id.clone(),
            address: entry.address.clone(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: EntryV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        let change = |it: FieldChangeV1| {
            Some(FieldChange {
                field: it.field,
                from: value::from_text(&it.from)?,
                to: value::from_text(&it.to)?,
            })
        };
        let entry = Entry {
            id: AuditId::from_bits(record.id),
            at: Timestamp::from_millis(record.at),
            actor: Actor { id: UserId::from_bits(record.actor_id), email: record.actor_email },
            action: Action::parse(&record.action)?,
            scope: Scope {
                organization: record.organization.map(OrganizationId::from_bits),
                project: record.project.map(ProjectId::from_bits),
                environment: record.environment.map(EnvironmentId::from_bits),
            },
            resource: record.resource,
            changes: record.changes.into_iter().map(change).collect::<Option<_>>()?,
            request_id: record.request_id,
            address: record.address,
        };
        Some(Self { previous: record.previous, entry })
    }
}

/// Appends an entry about the thing with these bits. `digest` is SHA-256.
pub fn append(
    writer: &Writer,
    resource: Bits,
    entry: Entry,
    digest: impl Fn(&[u8]) -> [u8; 32],
) -> Result<(), Error> {
    let (last, previous) = match writer.table(tables::AUDIT)?.last()? {
        Some((place, bytes)) => (place.value(), digest(bytes.value())),
        None => (0, [0; 32]),
    };
    let place = last + 1;
    writer.put(tables::AUDIT, place, &Link { previous, entry })?;
    writer.set(tables::AUDIT_OF, (resource, place), ())
}

/// The entries about the thing with these bits, newest first, each with its place in the log.
pub fn about(access: &impl Access, resource: Bits) -> Result<Vec<(u64, Entry)>, Error> {
    let index = access.table(tables::AUDIT_OF)?;
    let range = (resource, 0)..=(resource, u64::MAX);
    let places = index
        .range(range)?
        .rev()
        .take(MAX_HISTORY)
        .map(|row| Ok(row?.0.value().1))
        .collect::<Result<Vec<_>, Error>>()?;
    drop(index);
    let table = access.table(tables::AUDIT)?;
    let mut entries = Vec::with_capacity(places.len());
    for place in places {
        if let Some(bytes) = table.get(place)? {
            entries.push((place, Link::open(bytes.value())?.entry));
        }
    }
    Ok(entries)
}
