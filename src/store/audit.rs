//! The audit log, oldest first. Every record carries the SHA-256 of the record before it, as stored; the head of the
//! chain is the last record.

mod index;
mod record;

use redb::ReadableTable;

use super::{Access, Error, Writer, codec::Stored, tables};
use crate::domain::{
    audit::{Entry, Resource, Search},
    id::Bits,
    page::{self, Direction, Page, PageRequest, SortKey},
};
use record::Link;

/// Entries that one query reads, at most: the history of a flag is read whole to be paged.
pub const MAX_HISTORY: usize = 100_000;

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
    index::add(writer, place, resource, &entry)?;
    writer.put(tables::AUDIT, place, &Link { previous, entry })?;
    writer.set(tables::AUDIT_OF, (resource, place), ())
}

/// A page of the entries that are looked for, newest first.
pub fn search(access: &impl Access, search: &Search, request: &PageRequest) -> Result<Page<Entry>, Error> {
    let found = index::find(access, search)?.into_iter();
    let placed = found.map(|place| ((SortKey::Number(i64::try_from(place).unwrap_or(i64::MAX)), 0), place));
    let page = page::window(placed, Direction::Descending, request);
    let table = access.table(tables::AUDIT)?;
    let mut entries = Vec::with_capacity(page.rows.len());
    for place in &page.rows {
        let bytes = table.get(place)?;
        let lost = || Error::Damaged(format!("the audit log has no entry {place}"));
        entries.push(Link::open(bytes.ok_or_else(lost)?.value())?.entry);
    }
    Ok(page.with(entries))
}

/// Makes a log that was written before it could be searched searchable.
pub(super) fn make_searchable(writer: &Writer) -> Result<(), Error> {
    let log = writer.table(tables::AUDIT)?;
    for row in log.iter()? {
        let (place, bytes) = row?;
        let entry = Link::open(bytes.value())?.entry;
        let unknown = || Error::Damaged(format!("the audit log names no thing of ours: {}", entry.resource));
        let (_, resource) = Resource::read_id(&entry.resource).ok_or_else(unknown)?;
        index::add(writer, place.value(), resource, &entry)?;
    }
    Ok(())
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
    use crate::domain::{
        audit::{Action, Actor, FieldChange, Scope},
        id::{AuditId, EnvironmentId, FlagId, OrganizationId, PersonalTokenId, ProjectId, UserId},
        time::Timestamp,
    };
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

    fn ask(per_page: u32) -> PageRequest {
        PageRequest { per_page, start: page::Start::Page(1) }
    }

    /// The resources that are found by `it` in the organization of [`entry`].
    fn found(store: &Store, it: Search) -> Vec<String> {
        let organizations = vec![OrganizationId::from_bits(3)];
        let all = Search { organizations, ..it };
        let page = search(&store.read().unwrap(), &all, &ask(10)).unwrap();
        page.rows.into_iter().map(|entry| entry.resource).collect()
    }

    #[test]
    fn only_what_is_looked_for_is_found() {
        let flag = |bits| FlagId::from_bits(bits).to_string();
        let with = |bits: u128, change: fn(&mut Entry)| {
            let mut entry = Entry { resource: flag(bits), ..entry(bits) };
            change(&mut entry);
            (bits, entry)
        };
        let entries = [
            with(1, |_| {}),
            with(2, |it| it.scope.organization = Some(OrganizationId::from_bits(9))),
            with(3, |it| it.scope = Scope::default()),
            with(4, |it| it.scope.project = Some(ProjectId::from_bits(9))),
            with(5, |it| it.scope.environment = Some(EnvironmentId::from_bits(5))),
            with(6, |it| it.actor.id = UserId::from_bits(9)),
            with(7, |it| it.action = Action::FlagToggled),
            with(8, |it| it.at = Timestamp::from_millis(1)),
        ];
        let store = Store::in_memory().unwrap();
        let writer = store.write().unwrap();
        for (bits, entry) in entries {
            append(&writer, bits, entry, digest).unwrap();
        }
        writer.commit().unwrap();
        let all = Search::default;
        let flags = |bits: &[u128]| bits.iter().map(|it| flag(*it)).collect::<Vec<_>>();
        let cases = [
            (all(), &[8, 7, 6, 5, 4, 1][..]),
            (Search { project: Some(ProjectId::from_bits(9)), ..all() }, &[4]),
            (Search { environment: Some(EnvironmentId::from_bits(5)), ..all() }, &[5]),
            (Search { resource: Some(Resource::Segment), ..all() }, &[]),
            (Search { thing: Some((Resource::Flag, 6)), ..all() }, &[6]),
            (Search { thing: Some((Resource::Segment, 6)), ..all() }, &[]),
            (Search { actor: Some(UserId::from_bits(9)), ..all() }, &[6]),
            (Search { action: Some(Action::FlagToggled), ..all() }, &[7]),
            (Search { to: Some(Timestamp::from_millis(2)), ..all() }, &[8]),
            (Search { from: Some(Timestamp::from_millis(2)), ..all() }, &[7, 6, 5, 4, 1]),
        ];
        for (search, expected) in &cases {
            assert_eq!(found(&store, search.clone()), flags(expected), "{search:?}");
        }
        // A log that was written without an index gets the same one.
        let writer = store.write().unwrap();
        writer.0.delete_table(tables::AUDIT_SEARCH).unwrap();
        make_searchable(&writer).unwrap();
        writer.commit().unwrap();
        for (search, expected) in &cases {
            assert_eq!(found(&store, search.clone()), flags(expected), "{search:?}");
        }
    }

    #[test]
    fn a_long_log_is_searched_to_its_end() {
        let store = Store::in_memory().unwrap();
        let mut expected = Vec::new();
        for number in 1..=100 {
            let entry = Entry { request_id: number.to_string(), ..entry(8) };
            let writer = store.write().unwrap();
            append(&writer, 8, entry, digest).unwrap();
            writer.commit().unwrap();
            expected.insert(0, number.to_string());
        }
        let organizations = vec![OrganizationId::from_bits(3)];
        let all = Search { organizations, ..Search::default() };
        let page = search(&store.read().unwrap(), &all, &ask(200)).unwrap();
        let found: Vec<String> = page.rows.into_iter().map(|entry| entry.request_id).collect();
        assert_eq!((found, page.total), (expected, 100));
    }
}
