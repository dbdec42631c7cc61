//! The numbers of what searches find, and their pages.

use super::*;
use crate::store::Reader;

const FULL: u64 = index::BLOCK;

/// A log of these actions, one entry after the other.
fn log(actions: impl IntoIterator<Item = Action>) -> Store {
    let store = Store::in_memory().unwrap();
    add(&store, actions);
    store
}

fn add(store: &Store, actions: impl IntoIterator<Item = Action>) {
    let writer = store.write().unwrap();
    let last = newest(&writer).unwrap();
    for (place, action) in (last + 1..).zip(actions) {
        append(&writer, 8, Entry { action, request_id: place.to_string(), ..entry(8) }, digest).unwrap();
    }
    writer.commit().unwrap();
}

fn toggles() -> Search {
    let organizations = vec![OrganizationId::from_bits(3)];
    Search { organizations, action: Some(Action::FlagToggled), ..Search::default() }
}

fn total(reader: &Reader, counts: &Counts, it: &Search) -> u64 {
    let page = search(reader, counts, it, &ask(1)).unwrap();
    assert_eq!(page.next.is_some(), page.total > 1);
    page.total
}

#[test]
fn the_number_is_right_while_the_log_grows() {
    let (store, counts) = (log([]), Counts::default());
    let all = Search { action: None, ..toggles() };
    let mut expected = 0;
    for number in 1..=3 * FULL + 2 {
        let is_toggle = number % 3 == 0;
        add(&store, [if is_toggle { Action::FlagToggled } else { Action::FlagUpdated }]);
        expected += u64::from(is_toggle);
        let reader = store.read().unwrap();
        assert_eq!(total(&reader, &counts, &toggles()), expected, "after {number}");
        if number % 20 == 0 {
            assert_eq!(total(&reader, &counts, &all), number);
        }
    }
}

#[test]
fn who_reads_what_was_before_counts_what_was_before() {
    let (store, counts) = (log(vec![Action::FlagToggled; 40]), Counts::default());
    let before = store.read().unwrap();
    add(&store, vec![Action::FlagToggled; 60]);
    assert_eq!(total(&store.read().unwrap(), &counts, &toggles()), 100);
    assert_eq!(total(&before, &counts, &toggles()), 40);
    assert_eq!(total(&store.read().unwrap(), &counts, &toggles()), 100);
}

#[test]
fn another_log_in_the_place_of_this_one_is_counted_anew() {
    let counts = Counts::default();
    let length = usize::try_from(2 * FULL + 1).unwrap();
    let first = log(vec![Action::FlagToggled; length]);
    assert_eq!(total(&first.read().unwrap(), &counts, &toggles()), 2 * FULL + 1);
    let second = log((0..length).map(|at| if at == 5 { Action::FlagToggled } else { Action::FlagUpdated }));
    assert_eq!(total(&second.read().unwrap(), &counts, &toggles()), 1);
}

#[test]
fn many_searches_are_all_counted() {
    let (store, counts) = (log(vec![Action::FlagToggled; 50]), Counts::default());
    let reader = store.read().unwrap();
    for _ in 0..2 {
        for at in 0..100 {
            let from = Some(Timestamp::from_millis(at));
            assert_eq!(total(&reader, &counts, &Search { from, ..toggles() }), 50);
        }
    }
}

#[test]
fn pages_are_the_whole_list_by_number_and_by_cursor() {
    let every_third = |at| if at % 3 == 0 { Action::FlagToggled } else { Action::FlagUpdated };
    let (store, counts) = (log((1..=200).map(every_third)), Counts::default());
    let expected: Vec<String> = (1..=66).rev().map(|number| (number * 3).to_string()).collect();
    let reader = store.read().unwrap();
    let page = |start| search(&reader, &counts, &toggles(), &PageRequest { per_page: 6, start }).unwrap();
    let (mut by_number, mut by_cursor, mut start) = (Vec::new(), Vec::new(), page::Start::Page(1));
    for number in 1..=11 {
        by_number.extend(page(page::Start::Page(number)).rows);
        let next = page(start);
        assert_eq!((next.page, next.total), (number, 66));
        by_cursor.extend(next.rows);
        assert_eq!(next.next.is_some(), number < 11);
        start = next.next.map_or(page::Start::Page(1), page::Start::After);
    }
    let ids = |entries: Vec<Entry>| entries.into_iter().map(|it| it.request_id).collect::<Vec<_>>();
    assert_eq!(ids(by_number), expected);
    assert_eq!(ids(by_cursor), expected);
    assert!(page(page::Start::Page(12)).rows.is_empty());
}
