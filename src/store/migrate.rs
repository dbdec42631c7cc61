//! Migrations: how a file from an older version becomes one of this version. Each runs once, in order, and all that
//! a file needs run in one transaction, so that a crash leaves the old file.

use super::{
    Error, OpenError, Store, Writer, api_key, audit, backup, meta, organization, revision, session, tables,
    usage,
};

/// Brings a file from the version that is its place in the list, from 0, to the next.
type Migration = fn(&Writer) -> Result<(), Error>;

/// Append only: the place of a migration is a version that files carry.
const MIGRATIONS: [Migration; 5] = [
    create_tables,
    add_causes_and_search,
    create_people_tables,
    create_governance_tables,
    create_later_tables,
];

/// The schema that this program writes.
#[expect(clippy::cast_possible_truncation, reason = "asserted to be small")]
pub const SCHEMA: u32 = {
    assert!(MIGRATIONS.len() < 1_000);
    MIGRATIONS.len() as u32
};

/// What a file is, before anything is written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Empty: it was made just now.
    New,
    /// Of this version.
    Current,
    /// A backup of this version, which it stays only until it is written to.
    Sealed,
    /// Of an older version.
    Older(u32),
}

/// Looks at a file, and refuses one of a newer version.
pub(super) fn state(store: &Store) -> Result<State, OpenError> {
    let broken = |error| broken(store, error);
    let reader = store.read().map_err(broken)?;
    if !reader.has(tables::META).map_err(broken)? {
        return Ok(State::New);
    }
    match known(store, meta::schema(&reader).map_err(broken)?)? {
        0 => Ok(State::New),
        SCHEMA if backup::is_sealed(&reader).map_err(broken)? => Ok(State::Sealed),
        SCHEMA => Ok(State::Current),
        older => Ok(State::Older(older)),
    }
}

/// Makes of a file in this state one of this version that can be written on.
pub(super) fn run(store: &Store, state: State) -> Result<(), OpenError> {
    let from = match state {
        State::Current => return Ok(()),
        State::Sealed => SCHEMA,
        State::New => 0,
        State::Older(from) => from,
    };
    let write = || {
        let writer = store.write()?;
        backup::unseal(&writer)?;
        for migration in MIGRATIONS.iter().skip(from as usize) {
            migration(&writer)?;
        }
        meta::set_schema(&writer, SCHEMA)?;
        writer.commit()
    };
    write().map_err(|error| broken(store, error))
}

/// Refuses a store of a newer schema.
pub(super) fn check(store: &Store) -> Result<(), OpenError> {
    let found =
        store.read().and_then(|reader| meta::schema(&reader)).map_err(|error| broken(store, error))?;
    known(store, found).map(drop)
}

fn known(store: &Store, found: u32) -> Result<u32, OpenError> {
    if found > SCHEMA {
        return Err(OpenError::Newer { path: store.name(), found, known: SCHEMA });
    }
    Ok(found)
}

fn broken(store: &Store, error: Error) -> OpenError {
    match error {
        Error::Unavailable(why) => OpenError::Inaccessible(store.name(), why),
        Error::Damaged(why) => OpenError::Unreadable(store.name(), why),
    }
}

/// A reading transaction cannot open a table that was never made.
macro_rules! create {
    ($writer:ident: $($table:ident),* $(,)?) => { $(drop($writer.0.open_table(tables::$table)?);)* };
}

/// The tables of schema 1.
fn create_tables(writer: &Writer) -> Result<(), Error> {
    create!(
        writer:
        META,
        USERS,
        USER_BY_EMAIL,
        SESSIONS,
        ORGANIZATIONS,
        MEMBERSHIPS,
        PROJECTS,
        PROJECT_BY_KEY,
        ENVIRONMENTS,
        ENVIRONMENT_BY_KEY,
        FLAGS,
        FLAG_BY_KEY,
        CONFIGURATIONS,
        SEGMENTS,
        API_KEYS,
        AUDIT,
        AUDIT_OF,
        USAGE_V1,
        LAST_EVALUATED,
    );
    Ok(())
}

/// Counters tell causes apart from here on, and the log can be searched, also for what was done before.
fn add_causes_and_search(writer: &Writer) -> Result<(), Error> {
    usage::add_causes(writer)?;
    drop(writer.0.open_table(tables::AUDIT_SEARCH)?);
    audit::make_searchable(writer)
}

/// From schema 2 to 3: people are invited, and have tokens; members and sessions are found from both sides.
fn create_people_tables(writer: &Writer) -> Result<(), Error> {
    create!(writer: INVITATIONS, INVITATION_BY_DIGEST, PERSONAL_TOKENS, PERSONAL_TOKEN_BY_DIGEST);
    organization::index_members(writer)?;
    session::index_users(writer)
}

/// From schema 3 to 4: keys are found by environment, and it is known when they were used; the revisions of flags are
/// kept.
fn create_governance_tables(writer: &Writer) -> Result<(), Error> {
    create!(writer: API_KEYS_OF, API_KEY_LAST_USED, FLAG_DEFINITIONS, FLAG_CONFIGURATIONS, FLAG_REVISIONS);
    api_key::index_environments(writer)?;
    revision::keep_present(writer)
}

/// From schema 4 to 5: what is to happen later.
fn create_later_tables(writer: &Writer) -> Result<(), Error> {
    create!(writer: SCHEDULES, SCHEDULES_DUE, SCHEDULES_AHEAD, RAMPS);
    create!(writer: WEBHOOKS, WEBHOOKS_OF, EVENTS, DELIVERIES_OF, DELIVERIES, PENDING, DELIVERY_COUNTS);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A file whose schema is `version`, and what opening it fails with.
    fn opened(version: &[u8]) -> Result<(), String> {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("data.redb");
        let store = Store::open(&path).unwrap();
        let writer = store.write().unwrap();
        writer.set(tables::META, "schema", version).unwrap();
        writer.commit().unwrap();
        drop(store);
        let sentence = Store::open(&path).map(drop).map_err(|error| error.to_string());
        assert!(sentence.as_ref().err().is_none_or(|it| it.contains("data.redb") && !it.contains('\n')));
        sentence
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused() {
        assert_eq!(opened(&SCHEMA.to_le_bytes()), Ok(()));
        for newer in [SCHEMA + 1, u32::MAX] {
            let sentence = opened(&newer.to_le_bytes()).unwrap_err();
            let found = format!("has schema version {newer}, written by a newer PhaseFlag");
            assert!(sentence.contains(&found), "{sentence}");
        }
    }

    #[test]
    fn a_schema_that_cannot_be_read_is_refused() {
        for garbage in [&b""[..], b"1", b"12345"] {
            assert!(opened(garbage).unwrap_err().contains("cannot be read"), "{garbage:?}");
        }
    }

    #[test]
    fn a_new_file_has_the_newest_schema_and_every_table() {
        let store = Store::in_memory().unwrap();
        let reader = store.read().unwrap();
        assert_eq!(meta::schema(&reader).unwrap(), SCHEMA);
        assert!(!crate::store::user::exists(&reader).unwrap());
        assert!(crate::store::environment::every(&reader).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_open_is_in_use() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("data.redb");
        let _held = Store::open(&path).unwrap();
        assert!(matches!(Store::open(&path), Err(OpenError::InUse(_))));
    }
}
