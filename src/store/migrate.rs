//! Migrations: how a file from an older version becomes one of this version. Each runs once, in order, and all that
//! a file needs run in one transaction, so that a crash leaves the old file.

use super::{Error, OpenError, Store, Writer, meta, tables};

/// Brings a file from the version that is its place in the list, from 0, to the next.
type Migration = fn(&Writer) -> Result<(), Error>;

/// Append only: the place of a migration is a version that files carry.
const MIGRATIONS: [Migration; 1] = [create_tables];

/// The schema that this program writes.
#[expect(clippy::cast_possible_truncation, reason = "asserted to be small")]
pub const SCHEMA: u32 = {
    assert!(MIGRATIONS.len() < 1_000);
    MIGRATIONS.len() as u32
};

/// Runs whatever `store` has not seen yet.
pub(super) fn run(store: &Store) -> Result<(), OpenError> {
    let broken = |error: Error| match error {
        Error::Unavailable(why) => OpenError::Inaccessible(store.path.clone(), why),
        Error::Damaged(why) => OpenError::Unreadable(store.path.clone(), why),
    };
    let writer = store.write().map_err(broken)?;
    let found = meta::schema(&writer).map_err(broken)?;
    if found > SCHEMA {
        return Err(OpenError::Newer { path: store.path.clone(), found, known: SCHEMA });
    }
    if found == SCHEMA {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        migration(&writer).map_err(broken)?;
    }
    meta::set_schema(&writer, SCHEMA).and_then(|()| writer.commit()).map_err(broken)
}

/// A reading transaction cannot open a table that was never made.
fn create_tables(writer: &Writer) -> Result<(), Error> {
    macro_rules! create {
        ($($table:ident),* $(,)?) => { $(drop(writer.0.open_table(tables::$table)?);)* };
    }
    create!(
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
        USAGE,
        LAST_EVALUATED,
    );
    Ok(())
}
