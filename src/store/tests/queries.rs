//! What queries find: their own rows and no neighbours', also after the file was closed.

use tempfile::TempDir;

use super::*;
use crate::domain::usage::{Cause, Count, Slot};
use crate::store::{api_key, environment, flag, organization, project, session, usage, user};

/// Runs `write` in a transaction of its own.
fn written(store: &Store, write: impl FnOnce(&Writer) -> Result<(), Error>) {
    let writer = store.write().unwrap();
    write(&writer).unwrap();
    writer.commit().unwrap();
}

#[test]
fn what_was_committed_is_there_after_the_file_was_closed_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data.redb");
    {
        let store = Store::open(&path).unwrap();
        written(&store, |writer| {
            user::put(writer, &super::user())?;
            project::put(writer, &super::project())?;
            environment::put(writer, &super::environment())?;
            api_key::put(writer, &super::api_key())?;
            flag::put(writer, &super::flag())?;
            flag::put_configuration(writer, super::environment().id, super::flag().id, &configuration())
        });
        let abandoned = store.write().unwrap();
        session::put(&abandoned, &super::session()).unwrap();
        drop(abandoned);
    }
    let store = Store::open(&path).unwrap();
    let reader = store.read().unwrap();
    assert_eq!(user::by_id(&reader, super::user().id).unwrap(), Some(super::user()));
    assert_eq!(project::by_id(&reader, super::project().id).unwrap(), Some(super::project()));
    assert_eq!(environment::every(&reader).unwrap(), [super::environment()]);
    assert_eq!(api_key::every(&reader).unwrap(), [super::api_key()]);
    assert_eq!(flag::by_key(&reader, super::project().id, "search-ranker").unwrap(), Some(super::flag()));
    let found = flag::configuration(&reader, super::environment().id, super::flag().id).unwrap();
    assert_eq!(found, Some(configuration()));
    assert_eq!(session::by_id(&reader, super::session().id).unwrap(), None);
}

#[test]
fn an_index_finds_what_belongs_and_no_neighbour() {
    let store = Store::in_memory().unwrap();
    let project_of = |id: u128, organization: u128, key: &str| Project {
        id: ProjectId::from_bits(id),
        organization: OrganizationId::from_bits(organization),
        key: ProjectKey::parse(key).unwrap(),
        ..super::project()
    };
    let environment_of = |id: u128, project: u128, key: &str| Environment {
        id: EnvironmentId::from_bits(id),
        project: ProjectId::from_bits(project),
        key: EnvironmentKey::parse(key).unwrap(),
        ..super::environment()
    };
    let flag_of = |id: u128, project: u128, key: &str| Flag {
        id: FlagId::from_bits(id),
        project: ProjectId::from_bits(project),
        key: FlagKey::parse(key).unwrap(),
        ..super::flag()
    };
    written(&store, |writer| {
        for (id, organization, key) in [(1, 10, "b"), (2, 10, "a"), (3, 11, "a"), (4, u128::MAX, "a")] {
            project::put(writer, &project_of(id, organization, key))?;
        }
        for (id, project, key) in [(30, 1, "b"), (20, 1, "z"), (40, 2, "a"), (50, 0, "zz")] {
            environment::put(writer, &environment_of(id, project, key))?;
        }
        for (id, project, key) in [(7, 1, "b"), (8, 1, "a.b"), (9, 2, "a"), (6, 0, "z")] {
            flag::put(writer, &flag_of(id, project, key))?;
        }
        Ok(())
    });
    let reader = store.read().unwrap();
    let projects = project::of_organization(&reader, OrganizationId::from_bits(10)).unwrap();
    assert_eq!(projects, [project_of(2, 10, "a"), project_of(1, 10, "b")]);
    let environments = environment::of_project(&reader, ProjectId::from_bits(1)).unwrap();
    assert_eq!(environments, [environment_of(20, 1, "z"), environment_of(30, 1, "b")]);
    let flags = flag::of_project(&reader, ProjectId::from_bits(1)).unwrap();
    assert_eq!(flags, [flag_of(8, 1, "a.b"), flag_of(7, 1, "b")]);
    assert_eq!(flag::by_key(&reader, ProjectId::from_bits(2), "b").unwrap(), None);
}

#[test]
fn an_address_is_found_in_every_case_and_memberships_by_user() {
    let store = Store::in_memory().unwrap();
    assert!(!user::exists(&store.read().unwrap()).unwrap());
    let of = |user: u128, organization: u128| Membership {
        user: UserId::from_bits(user),
        organization: OrganizationId::from_bits(organization),
        ..super::membership()
    };
    written(&store, |writer| {
        user::put(writer, &super::user())?;
        for (user, place) in [(1, 9), (1, 2), (2, 1), (0, 5)] {
            organization::put_membership(writer, &of(user, place))?;
        }
        Ok(())
    });
    let reader = store.read().unwrap();
    assert!(user::exists(&reader).unwrap());
    for email in ["ada@example.com", "ADA@EXAMPLE.COM"] {
        assert_eq!(user::by_email(&reader, &Email::parse(email).unwrap()).unwrap(), Some(super::user()));
    }
    assert_eq!(organization::memberships(&reader, UserId::from_bits(1)).unwrap(), [of(1, 2), of(1, 9)]);
}

#[test]
fn a_sweep_finds_expired_sessions_behind_those_that_live() {
    let store = Store::in_memory().unwrap();
    let of = |id: u128, expires_at: i64| Session {
        id: SessionId::from_bits(id),
        expires_at: Timestamp::from_millis(expires_at),
        ..super::session()
    };
    let left = |store: &Store| -> Vec<u128> {
        let reader = store.read().unwrap();
        (1..=6).filter(|id| session::by_id(&reader, SessionId::from_bits(*id)).unwrap().is_some()).collect()
    };
    written(&store, |writer| {
        for (id, end) in [(1, 200), (2, 201), (3, 100), (4, 50), (5, 300), (6, 60)] {
            session::put(writer, &of(id, end))?;
        }
        Ok(())
    });
    written(&store, |writer| session::sweep(writer, Timestamp::from_millis(100), 2));
    assert_eq!(left(&store), [1, 2, 5, 6]);
    written(&store, |writer| session::sweep(writer, Timestamp::from_millis(100), 2));
    assert_eq!(left(&store), [1, 2, 5]);
    written(&store, |writer| session::sweep(writer, Timestamp::from_millis(200), 2));
    assert_eq!(left(&store), [2, 5]);
}

const ENVIRONMENT: EnvironmentId = EnvironmentId::from_bits(5);

/// A store that has the environment in which things are counted.
fn with_environment() -> Store {
    let store = Store::in_memory().unwrap();
    let environment = Environment { id: ENVIRONMENT, ..super::environment() };
    written(&store, |writer| environment::put(writer, &environment));
    store
}

fn slot(flag: u128, hour: u32, variation: &str, cause: Cause) -> Slot {
    Slot { environment: ENVIRONMENT, flag: FlagId::from_bits(flag), hour, variation: variation.into(), cause }
}

/// The counters of flag 8 from an hour on.
fn kept(store: &Store, since: u32) -> Vec<(u32, String, Cause, u64)> {
    let mut kept = Vec::new();
    let reader = store.read().unwrap();
    usage::of_flags(&reader, ENVIRONMENT, [FlagId::from_bits(8)], since, |row| {
        assert_eq!(row.flag, FlagId::from_bits(8));
        kept.push((row.hour, row.variation.to_owned(), row.cause, row.times));
    })
    .unwrap();
    kept
}

#[test]
fn counts_add_up_by_hour_variation_and_cause() {
    let store = with_environment();
    let count = |times, last| Count { times, last: Timestamp::from_millis(last) };
    let rows = [
        (slot(8, 10, "on", Cause::Default), count(3, 400)),
        (slot(8, 11, "on", Cause::Default), count(4, 500)),
        (slot(8, 11, "on", Cause::Reported), count(1, 440)),
        (slot(8, 11, "off", Cause::Default), count(u64::MAX, 450)),
        (slot(9, 11, "on", Cause::Default), count(9, 900)),
    ];
    for _ in 0..2 {
        written(&store, |writer| usage::add(writer, rows.iter().map(|(slot, count)| (slot, count))));
    }
    let of_11 = [
        (11, "off".to_owned(), Cause::Default, u64::MAX),
        (11, "on".to_owned(), Cause::Default, 8),
        (11, "on".to_owned(), Cause::Reported, 2),
    ];
    assert_eq!(kept(&store, 11), of_11);
    assert_eq!((kept(&store, 0).len(), kept(&store, 12).len()), (4, 0));
    let reader = store.read().unwrap();
    let last = |flag| usage::last_evaluated(&reader, ENVIRONMENT, FlagId::from_bits(flag));
    assert_eq!(last(8).unwrap(), Some(Timestamp::from_millis(500)));
    assert_eq!(last(7).unwrap(), None);
}

#[test]
fn old_counts_are_forgotten_step_by_step() {
    let store = with_environment();
    let one = Count { times: 1, last: Timestamp::from_millis(1) };
    let rows: Vec<_> = (1..=9).map(|hour| (slot(8, hour, "on", Cause::Default), one)).collect();
    written(&store, |writer| usage::add(writer, rows.iter().map(|(slot, count)| (slot, count))));
    let forget = |most| {
        let writer = store.write().unwrap();
        let forgotten = usage::forget_before(&writer, 8, most).unwrap();
        writer.commit().unwrap();
        forgotten
    };
    assert_eq!((forget(4), kept(&store, 0).len()), (4, 5));
    assert_eq!((forget(4), forget(4)), (3, 0));
    assert_eq!(kept(&store, 0).iter().map(|(hour, ..)| *hour).collect::<Vec<_>>(), [8, 9]);
}
