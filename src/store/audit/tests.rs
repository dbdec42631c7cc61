//! What the log keeps, finds and notices.

mod chain;
mod count;

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
    assert!(about(&store.read().unwrap(), 8, None, &ask(10)).unwrap().rows.is_empty());
}

#[test]
fn a_thing_has_its_own_entries_newest_first() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let environment = EnvironmentId::from_bits;
    for (number, (resource, of)) in
        [(8, None), (7, None), (9, None), (8, Some(5)), (8, Some(6)), (8, None)].into_iter().enumerate()
    {
        let scope = Scope { environment: of.map(environment), ..entry(resource).scope };
        let entry = Entry { scope, request_id: number.to_string(), ..entry(resource) };
        append(&writer, resource, entry, digest).unwrap();
    }
    writer.commit().unwrap();
    let numbers = |environment, request| {
        let page = about(&store.read().unwrap(), 8, environment, &request).unwrap();
        (page.rows.into_iter().map(|entry| entry.request_id).collect::<String>(), page.total)
    };
    // At first much of the log is about the thing, then little.
    for others in [0, 10 * u128::from(index::BLOCK)] {
        let writer = store.write().unwrap();
        for other in 0..others {
            append(&writer, 100 + other, entry(9), digest).unwrap();
        }
        writer.commit().unwrap();
        assert_eq!(numbers(None, ask(10)), ("5430".into(), 4));
        assert_eq!(numbers(Some(environment(5)), ask(10)), ("530".into(), 3));
        assert_eq!(numbers(Some(environment(6)), ask(2)), ("54".into(), 3));
        let second = PageRequest { per_page: 2, start: page::Start::Page(2) };
        assert_eq!(numbers(Some(environment(6)), second), ("0".into(), 3));
    }
}

fn ask(per_page: u32) -> PageRequest {
    PageRequest { per_page, start: page::Start::Page(1) }
}

/// The resources that are found by `it` in the organization of [`entry`].
fn found(store: &Store, it: Search) -> Vec<String> {
    let organizations = vec![OrganizationId::from_bits(3)];
    let all = Search { organizations, ..it };
    let page = search(&store.read().unwrap(), &Counts::default(), &all, &ask(10)).unwrap();
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
    let page = search(&store.read().unwrap(), &Counts::default(), &all, &ask(200)).unwrap();
    let found: Vec<String> = page.rows.into_iter().map(|entry| entry.request_id).collect();
    assert_eq!((found, page.total), (expected, 100));
}

/// Every entry of the organization of [`entry`], in batches.
fn batches(store: &Store) -> Vec<Vec<String>> {
    let search = Search { organizations: vec![OrganizationId::from_bits(3)], ..Search::default() };
    let reader = store.read().unwrap();
    let (mut found, mut rest) = (Vec::new(), Some(newest(&reader).unwrap()));
    while let Some(last) = rest {
        let batch = batch(&reader, &search, last).unwrap();
        assert!(batch.rest.is_none_or(|rest| rest < last), "it goes on");
        found.push(batch.entries.into_iter().map(|entry| entry.request_id).collect());
        rest = batch.rest;
    }
    found
}

#[test]
fn batches_are_the_whole_list_in_bounded_pieces() {
    let store = Store::in_memory().unwrap();
    assert_eq!(batches(&store), [[""; 0]]);
    let writer = store.write().unwrap();
    let mut expected = Vec::new();
    for number in 1..=2 * MAX_BATCH + 5 {
        append(&writer, 8, Entry { request_id: number.to_string(), ..entry(8) }, digest).unwrap();
        expected.insert(0, number.to_string());
    }
    writer.commit().unwrap();
    let found = batches(&store);
    assert_eq!(found.concat(), expected);
    assert!(found.len() == 3 && found.iter().all(|batch| batch.len() <= MAX_BATCH), "{}", found.len());

    // Few entries are as much as many, if they are long.
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    for number in 0..4 {
        let mut long = Entry { request_id: number.to_string(), ..entry(8) };
        long.changes[0].to = json!("x".repeat(MAX_BATCH_BYTES));
        append(&writer, 8, long, digest).unwrap();
    }
    writer.commit().unwrap();
    assert_eq!(batches(&store), [["3"], ["2"], ["1"], ["0"]]);
}
