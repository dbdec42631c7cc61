//! Copies of the whole file, taken while it is read and written. A backup is itself a data file, with a seal: the
//! SHA-256 of everything in it. The first start on one takes the seal away, since from then on it changes.
//!
//! The digest is of the logical contents, table by table in the order of `tables.rs`: which pages they are on does not
//! matter, and a flipped bit that nobody would ever read changes nothing.

use std::path::Path;

use redb::{
    Database, Key, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition, TableError, TableHandle, Value,
};
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, OpenError, Reader, Writer,
    codec::{Stored, seal, thaw},
    database::View,
    meta,
    migrate::SCHEMA,
    tables,
};
use crate::domain::{hex, time::Timestamp};

/// Memory that redb may use to cache pages of a backup, in bytes: it is written, or read, once from end to end.
const CACHE_BYTES: usize = 1024 * 1024;

/// The row of the table of settings that has the seal.
const SEAL: &str = "backup";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// When it was taken.
    pub taken_at: Timestamp,
    /// How many rows its tables have.
    pub rows: u64,
    /// SHA-256 of everything in it.
    pub digest: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct SealV1 {
    taken_at: i64,
    rows: u64,
    digest: [u8; 32],
}

impl Stored for Seal {
    const NOUN: &'static str = "a seal";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let Self { taken_at, rows, digest } = self;
        seal(1, &SealV1 { taken_at: taken_at.millis(), rows: *rows, digest: *digest })
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let SealV1 { taken_at, rows, digest } = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self { taken_at: Timestamp::from_millis(taken_at), rows, digest })
    }
}

impl Seal {
    /// The digest as people compare it, in hexadecimal.
    pub fn digest_text(&self) -> String {
        hex::write(&self.digest)
    }
}

/// Who goes along while a file is read from end to end.
pub trait Companion {
    /// These bytes were read next.
    fn digest(&mut self, bytes: &[u8]);
    /// So many of all rows were read.
    fn progress(&mut self, done: u64, of: u64);
}

/// A copy that is being made. Dropping it leaves a file without a seal, which [`verify`] refuses.
pub struct Copy {
    database: Database,
    tx: redb::WriteTransaction,
    rows: u64,
}

impl Copy {
    /// Copies everything that `reader` sees into a new file at `path`.
    pub fn make(reader: &Reader, path: &Path, companion: &mut dyn Companion) -> Result<Self, Error> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
        let tx = database.begin_write()?;
        let rows = walk(&reader.0.transaction, Some(&tx), companion)?;
        Ok(Self { database, tx, rows })
    }

    /// Puts the seal on, and makes the file durable and as small as it can be.
    pub fn seal(mut self, taken_at: Timestamp, digest: [u8; 32]) -> Result<Seal, Error> {
        let seal = Seal { taken_at, rows: self.rows, digest };
        let writer = Writer(self.tx, None);
        writer.put(tables::META, SEAL, &seal)?;
        writer.commit()?;
        self.database.compact().map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(seal)
    }
}

/// Why a file is no backup that could be restored; prints as one sentence that names the file.
#[derive(Debug)]
pub enum VerifyError {
    /// It cannot be opened.
    Open(OpenError),
    /// It is a data file, and no backup, or one that was served from since.
    NoBackup(String),
    /// It is not as it was when it was made.
    Damaged(String),
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => error.fmt(out),
            Self::NoBackup(path) => write!(
                out,
                "the file {path} has no seal: it is a data file and no backup, or a server was started on it"
            ),
            Self::Damaged(why) => write!(out, "the backup is damaged: {why}"),
        }
    }
}

impl std::error::Error for VerifyError {}

impl From<Error> for VerifyError {
    fn from(error: Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// Opens the backup at `path` without changing it, and reads all of it past `companion`; answers its seal, whose digest is to be
/// compared with what `companion` made of the bytes. redb may panic on damaged pages.
pub fn verify(path: &Path, companion: &mut dyn Companion) -> Result<Seal, VerifyError> {
    let database: ReadOnlyDatabase = Database::builder()
        .set_cache_size(CACHE_BYTES)
        .open_read_only(path)
        .map_err(|error| VerifyError::Open(OpenError::of(path, error)))?;
    let reader = Reader(View::alone(database.begin_read().map_err(Error::from)?));
    let found = meta::schema(&reader)?;
    if found > SCHEMA {
        let path = path.to_path_buf();
        return Err(VerifyError::Open(OpenError::Newer { path, found, known: SCHEMA }));
    }
    let seal: Option<Seal> = super::get(&reader, tables::META, SEAL)?;
    let seal = seal.ok_or_else(|| VerifyError::NoBackup(path.display().to_string()))?;
    let rows = walk(&reader.0.transaction, None, companion)?;
    if rows != seal.rows {
        return Err(VerifyError::Damaged(format!("it has {rows} rows, and had {}", seal.rows)));
    }
    Ok(seal)
}

/// Takes the seal away, if there is one: what is going to be written on is no backup any more.
pub(super) fn unseal(writer: &Writer) -> Result<(), Error> {
    writer.remove(tables::META, SEAL)
}

/// Whether there is a seal.
pub(super) fn is_sealed(reader: &Reader) -> Result<bool, Error> {
    Ok(reader.table(tables::META)?.get(SEAL)?.is_some())
}

/// Reads every table past `companion`, into `copy` if there is one; answers the number of rows.
pub(super) fn walk(
    tx: &ReadTransaction,
    copy: Option<&redb::WriteTransaction>,
    companion: &mut dyn Companion,
) -> Result<u64, Error> {
    let known: Vec<&str> = tables::names();
    let mut count = Count { done: 0, of: 0 };
    for table in tx.list_tables()? {
        if !known.contains(&table.name()) {
            return Err(Error::Damaged(format!("it has a table of its own, '{}'", table.name())));
        }
        count.of += tx.open_untyped_table(table)?.len()?;
    }
    tables::each(&mut Walking { tx, copy, companion, count: &mut count })?;
    Ok(count.done)
}

/// Rows of a walk.
struct Count {
    done: u64,
    of: u64,
}

/// How often the companion is told of the progress, in rows.
const STEP_ROWS: u64 = 1_000;

struct Walking<'w> {
    tx: &'w ReadTransaction,
    copy: Option<&'w redb::WriteTransaction>,
    companion: &'w mut dyn Companion,
    count: &'w mut Count,
}

impl tables::Visitor for Walking<'_> {
    fn visit<K: Key + 'static, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<(), Error> {
        let Some(table) = opened(self.tx, definition)? else { return Ok(()) };
        let mut copy = self.copy.map(|copy| copy.open_table(definition)).transpose()?;
        let name = definition.name().as_bytes();
        self.digest(name);
        for row in table.iter()? {
            let (key, value) = row?;
            let (key, value) = (key.value(), value.value());
            let (key_bytes, value_bytes) = (K::as_bytes(&key), V::as_bytes(&value));
            if name == tables::META.name().as_bytes() && key_bytes.as_ref() == SEAL.as_bytes() {
                continue;
            }
            self.digest(key_bytes.as_ref());
            self.digest(value_bytes.as_ref());
            drop((key_bytes, value_bytes));
            if let Some(copy) = &mut copy {
                copy.insert(key, value)?;
            }
            self.count.done += 1;
            if self.count.done.is_multiple_of(STEP_ROWS) {
                self.companion.progress(self.count.done, self.count.of);
            }
        }
        Ok(())
    }
}

impl Walking<'_> {
    /// Each text behind its length, so that none can be taken for the end of the one before.
    fn digest(&mut self, bytes: &[u8]) {
        self.companion.digest(&(bytes.len() as u64).to_le_bytes());
        self.companion.digest(bytes);
    }
}

/// The table, if this file has it: one of an older schema does not have all.
fn opened<K: Key + 'static, V: Value + 'static>(
    tx: &ReadTransaction,
    table: TableDefinition<'static, K, V>,
) -> Result<Option<redb::ReadOnlyTable<K, V>>, Error> {
    match tx.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
