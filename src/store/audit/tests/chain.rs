//! What a walk along the chain notices.

use super::*;
use crate::domain::audit::chain::{Flaw, Head, Verdict};

/// A log of so many entries, committed one by one.
fn log(entries: u128) -> Store {
    let store = Store::in_memory().unwrap();
    for number in 1..=entries {
        let writer = store.write().unwrap();
        append(&writer, number, entry(number), digest).unwrap();
        writer.commit().unwrap();
    }
    store
}

fn walked_with(store: &Store, noted: Option<Head>) -> Verdict {
    let mut walk = Walk::begin(&store.read().unwrap(), noted, digest).unwrap();
    loop {
        if let Some(verdict) = walk.step(&store.read().unwrap(), digest).unwrap() {
            return verdict;
        }
    }
}

fn walked(store: &Store) -> Verdict {
    walked_with(store, None)
}

/// Where the chain is cut, why, and what is there.
fn cut(store: &Store) -> Option<(u64, Flaw, Option<String>)> {
    let cut = walked(store).cut?;
    Some((cut.place, cut.flaw, cut.entry.map(|entry| entry.resource)))
}

/// Does something to the table of entries behind the back of the log.
fn meddle(store: &Store, with: impl FnOnce(&mut redb::Table<'_, u64, &'static [u8]>)) {
    let writer = store.write().unwrap();
    with(&mut writer.0.open_table(tables::AUDIT).unwrap());
    writer.commit().unwrap();
}

/// The record at a place, with another entry in it.
fn forged(store: &Store, place: u64) -> Vec<u8> {
    let mut link = Link::open(&records(store)[usize::try_from(place).unwrap() - 1]).unwrap();
    link.entry.actor.email = "mallory@example.com".into();
    link.encode().unwrap()
}

#[test]
fn an_untouched_log_is_whole() {
    let empty = Store::in_memory().unwrap();
    assert_eq!(walked(&empty), Verdict { head: Head::default(), checked: 0, cut: None });
    let store = log(5);
    let last = records(&store).pop().unwrap();
    let head = Head { place: 5, digest: digest(&last) };
    assert_eq!(walked(&store), Verdict { head, checked: 5, cut: None });
}

#[test]
fn every_entry_that_is_altered_is_named() {
    for place in 1..=5 {
        let store = log(5);
        let forged = forged(&store, place);
        meddle(&store, |log| drop(log.insert(place, forged.as_slice()).unwrap()));
        assert_eq!(cut(&store), Some((place, Flaw::Altered, Some(format!("flg_{place}")))));
        assert_eq!(walked(&store).checked, place - 1);
    }
}

#[test]
fn every_entry_that_is_gone_is_named_also_at_the_end() {
    for place in 1..=5 {
        let store = log(5);
        meddle(&store, |log| drop(log.remove(place).unwrap()));
        assert_eq!(cut(&store), Some((place, Flaw::Missing, None)), "{place}");
    }
    let store = log(5);
    meddle(&store, |log| log.retain(|_, _| false).unwrap());
    assert_eq!(cut(&store), Some((1, Flaw::Missing, None)));
}

#[test]
fn what_is_written_later_heals_nothing() {
    let store = log(5);
    meddle(&store, |log| drop(log.remove(5).unwrap()));
    let writer = store.write().unwrap();
    append(&writer, 6, entry(6), digest).unwrap();
    writer.commit().unwrap();
    assert_eq!(cut(&store), Some((5, Flaw::Missing, None)));

    let store = log(5);
    let forged = forged(&store, 5);
    meddle(&store, |log| drop(log.insert(5, forged.as_slice()).unwrap()));
    let writer = store.write().unwrap();
    append(&writer, 6, entry(6), digest).unwrap();
    writer.commit().unwrap();
    assert_eq!(cut(&store), Some((5, Flaw::Altered, Some("flg_5".into()))));
}

#[test]
fn what_is_no_record_and_what_is_behind_the_head_is_named() {
    let store = log(5);
    meddle(&store, |log| drop(log.insert(3, b"x".as_slice()).unwrap()));
    assert_eq!(cut(&store), Some((3, Flaw::Unreadable, None)));

    let store = log(5);
    let forged = forged(&store, 5);
    meddle(&store, |log| drop(log.insert(6, forged.as_slice()).unwrap()));
    assert_eq!(cut(&store), Some((6, Flaw::Unexpected, Some("flg_5".into()))));
    let writer = store.write().unwrap();
    let refused = append(&writer, 6, entry(6), digest);
    assert!(matches!(refused, Err(Error::Damaged(_))), "evidence is not overwritten");
}

#[test]
fn what_was_noted_outside_is_compared() {
    let store = log(5);
    let third = Head { place: 3, digest: digest(&records(&store)[2]) };
    let (other, later) = (Head { digest: [7; 32], ..third }, Head { place: 6, ..third });
    let found = |noted| walked_with(&store, Some(noted)).cut.map(|cut| (cut.place, cut.flaw));
    assert_eq!(found(third), None);
    assert_eq!(found(other), Some((3, Flaw::NotAsNoted)));
    assert_eq!(found(later), Some((6, Flaw::Missing)));
}

#[test]
fn a_long_log_is_walked_in_steps_and_up_to_where_it_was() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    for number in 1..=2_500 {
        append(&writer, number, entry(number), digest).unwrap();
    }
    writer.commit().unwrap();
    let mut walk = Walk::begin(&store.read().unwrap(), None, digest).unwrap();
    assert_eq!(walk.step(&store.read().unwrap(), digest).unwrap(), None);
    let writer = store.write().unwrap();
    append(&writer, 2_501, entry(2_501), digest).unwrap();
    writer.commit().unwrap();
    assert_eq!(walk.step(&store.read().unwrap(), digest).unwrap(), None);
    let verdict = walk.step(&store.read().unwrap(), digest).unwrap().unwrap();
    assert_eq!((verdict.checked, verdict.head.place, verdict.cut), (2_500, 2_500, None));
}

#[test]
fn the_head_of_a_log_from_before_it_was_noted_is_noted() {
    let store = log(3);
    let noted = walked(&store).head;
    let writer = store.write().unwrap();
    drop(writer.0.open_table(tables::META).unwrap().remove("audit_head").unwrap());
    assert!(!is_noted(&writer).unwrap());
    note_head(&writer, digest).unwrap();
    writer.commit().unwrap();
    assert!(is_noted(&store.read().unwrap()).unwrap());
    assert_eq!(walked(&store), Verdict { head: noted, checked: 3, cut: None });
}
