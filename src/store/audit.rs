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
    id::{AuditId, Bits, EnvironmentId, OrganizationId, PersonalTokenId, ProjectId, UserId},
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

/// [`EntryV1`], and the personal access token that acted.
#[derive(Serialize, Deserialize)]
struct EntryV2 {
    previous: [u8; 32],
    id: u128,
    at: i64,
    actor_id: u128,
    actor_email: String,
    actor_token: Option<u128>,
    action: String,
    organization: Option<u128>,
    project: Option<u128>,
    environment: Option<u128>,
    resource: String,
    changes: Vec<FieldChangeV1>,
    request_id: String,
    address: Option<String>,
}

impl From<EntryV1> for EntryV2 {
    fn from(old: EntryV1) -> Self {
        Self {
            previous: old.previous,
            id: old.id,
            at: old.at,
            actor_id: old.actor_id,
            actor_email: old.actor_email,
            actor_token: None,
            action: old.action,
            organization: old.organization,
            project: old.project,
            environment: old.environment,
            resource: old.resource,
            changes: old.changes,
            request_id: old.request_id,
            address: old.address,
        }
    }
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
#[derive(Debug, PartialEq)]
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
        let record = EntryV2 {
            previous: self.previous,
            id: entry.id.bits(),
            at: entry.at.millis(),
            actor_id: entry.actor.id.bits(),
            actor_email: entry.actor.email.clone(),
            actor_token: entry.actor.token.map(PersonalTokenId::bits),
            action: entry.action.as_str().to_owned(),
            organization: entry.scope.organization.map(OrganizationId::bits),
            project: entry.scope.project.map(ProjectId::bits),
            environment: entry.scope.environment.map(EnvironmentId::bits),
            resource: entry.resource.clone(),
            changes: entry.changes.iter().map(change).collect(),
            request_id: entry.request_id.clone(),
            address: entry.address.clone(),
        };
        seal(2, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: EntryV2 = match version {
            1 => thaw::<EntryV1>(payload)?.into(),
            2 => thaw(payload)?,
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
            actor: Actor {
                id: UserId::from_bits(record.actor_id),
                email: record.actor_email,
                token: record.actor_token.map(PersonalTokenId::from_bits),
            },
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::{
        Store,
        tests::{bytes_of, check},
    };

    /// An entry about the thing `resource`.
    fn entry(resource: u128) -> Entry {
        Entry {
            id: AuditId::from_bits(resource << 8),
            at: Timestamp::from_millis(1_800_000_000_123),
            actor: Actor { id: UserId::from_bits(1), email: "ada@example.com".into(), token: None },
            action: Action::FlagUpdated,
            scope: Scope {
                organization: Some(OrganizationId::from_bits(3)),
                project: Some(ProjectId::from_bits(4)),
                environment: None,
            },
            resource: format!("flg_{resource}"),
            changes: vec![FieldChange {
                field: "variations".into(),
                from: json!(null),
                to: json!([{"key": "on", "value": 10.0}]),
            }],
            request_id: "01MCC5RM03WBPPE07YNCW3MNYN".into(),
            address: Some("203.0.113.1".into()),
        }
    }

    /// Not SHA-256, but as long: the chain does not depend on which digest it is.
    fn digest(bytes: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        for (at, byte) in bytes.iter().enumerate() {
            digest[at % 32] = u8::wrapping_mul(digest[at % 32], 31) ^ byte;
        }
        digest
    }

    /// The records of the log, as stored.
    fn records(store: &Store) -> Vec<Vec<u8>> {
        let reader = store.read().unwrap();
        let table = reader.table(tables::AUDIT).unwrap();
        table.iter().unwrap().map(|row| row.unwrap().1.value().to_vec()).collect()
    }

    #[test]
    fn a_record_never_changes() {
        let mut entry = entry(8);
        entry.actor.token = Some(PersonalTokenId::from_bits(7));
        check(
            &Link { previous: [9; 32], entry },
            "02817789ae0909090909090909090909090909090909090909090909090909090909090909fb0008fdf6a0b8\
             3046030000010f616461406578616d706c652e636f6d01070c666c61672e7570646174656401030104000566\
             6c675f38010a766172696174696f6e73046e756c6c1b5b7b226b6579223a226f6e222c2276616c7565223a31\
             302e307d5d1a30314d434335524d303357425050453037594e4357334d4e594e010b3230332e302e3131332e\
             31",
        );
    }

    #[test]
    fn a_record_from_before_tokens_acted_is_read() {
        let record = bytes_of(
            "016ed86a2d0909090909090909090909090909090909090909090909090909090909090909fb0008fdf6a0b8\
         3046030000010f616461406578616d706c652e636f6d0c666c61672e75706461746564010301040005666c67\
         5f38010a766172696174696f6e73046e756c6c1b5b7b226b6579223a226f6e222c2276616c7565223a31302e\
         307d5d1a30314d434335524d303357425050453037594e4357334d4e594e010b3230332e302e3131332e31",
        );
        assert_eq!(Link::open(&record).unwrap(), Link { previous: [9; 32], entry: entry(8) });
    }

    #[test]
    fn every_entry_carries_the_digest_of_the_one_before() {
        let store = Store::in_memory().unwrap();
        for batch in [&[8_u128, 9][..], &[8], &[8, 8]] {
            let writer = store.write().unwrap();
            for resource in batch {
                append(&writer, *resource, entry(*resource), digest).unwrap();
            }
            writer.commit().unwrap();
        }
        let records = records(&store);
        assert_eq!(records.len(), 5);
        let mut previous = [0; 32];
        for record in &records {
            assert_eq!(Link::open(record).unwrap().previous, previous);
            previous = digest(record);
        }
    }

    #[test]
    fn an_entry_that_was_not_committed_is_not_in_the_chain() {
        let store = Store::in_memory().unwrap();
        append(&store.write().unwrap(), 8, entry(8), digest).unwrap();
        let writer = store.write().unwrap();
        append(&writer, 9, entry(9), digest).unwrap();
        writer.commit().unwrap();
        let records = records(&store);
        assert_eq!((records.len(), Link::open(&records[0]).unwrap().previous), (1, [0; 32]));
        assert!(about(&store.read().unwrap(), 8).unwrap().is_empty());
    }

    #[test]
    fn a_thing_has_its_own_entries_newest_first() {
        let store = Store::in_memory().unwrap();
        let writer = store.write().unwrap();
        for resource in [8, 7, 9, 8] {
            append(&writer, resource, entry(resource), digest).unwrap();
        }
        writer.commit().unwrap();
        let found = about(&store.read().unwrap(), 8).unwrap();
        assert_eq!(found, [(4, entry(8)), (1, entry(8))]);
    }
}
