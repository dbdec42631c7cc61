//! The data file. The only layer that knows redb and bincode: everything above sees domain nouns.
//!
//! One file per noun holds its record and its queries. Queries are free functions over an [`Access`], which is a
//! reading or a writing transaction; what they change takes effect, durably, with [`Writer::commit`].

pub mod api_key;
pub mod audit;
pub mod backup;
mod codec;
mod database;
pub mod delivery;
#[cfg(test)]
pub(crate) mod disk;
pub mod environment;
pub mod flag;
pub mod invitation;
mod medium;
pub mod meta;
pub mod migrate;
mod open;
pub mod organization;
mod overlay;
pub mod personal_token;
pub mod probe;
pub mod project;
pub mod ramp;
pub mod revision;
mod rule;
pub mod schedule;
pub mod segment;
pub mod session;
pub mod snapshot;
mod tables;
pub mod usage;
pub mod user;
pub mod webhook;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Durability, Key, ReadableTable, TableDefinition, TableError, Value, WriteTransaction};

use codec::Stored;
use database::{Hold, Open, View};
use medium::{Absent, InFile, InMemory, Medium};
use migrate::State;
pub use open::OpenError;
use open::keep;

/// How messages name a store without a file.
const MEMORY: &str = "(memory)";

/// Why a query failed.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be read or written now: the disk is full, or fails.
    Unavailable(String),
    /// What was read cannot be right.
    Damaged(String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(out, "the data file is unavailable: {why}"),
            Self::Damaged(why) => write!(out, "the data file is damaged: {why}"),
        }
    }
}

impl std::error::Error for Error {}

macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                match redb::Error::from(error) {
                    redb::Error::Corrupted(why) => Self::Damaged(why),
                    error => Self::Unavailable(error.to_string()),
                }
            }
        }
    )*};
}
from_redb!(redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError);

/// The open data file.
pub struct Store {
    open: Open,
    kept: Option<PathBuf>,
}

impl Store {
    /// Opens the file at `path`, makes it if it is not there, and brings it to the newest schema. A file that has to be
    /// changed for that is copied first.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let open = || Self::on(InFile::at(path, Absent::Made));
        let mut store = open()?;
        let state = migrate::state(&store)?;
        if let State::Older(from) = state {
            drop(store);
            let kept = keep(path, from)?;
            store = Self { kept: Some(kept), ..open()? };
        }
        migrate::run(&store, state)?;
        Ok(store)
    }

    /// Opens the file at `path` as it is: it has to be there, and keeps its schema.
    pub fn open_unchanged(path: &Path) -> Result<Self, OpenError> {
        let store = Self::on(InFile::at(path, Absent::Missed))?;
        migrate::check(&store)?;
        Ok(store)
    }

    /// A store without a file, which is gone with the process.
    pub fn in_memory() -> Result<Self, OpenError> {
        let store = Self::on(InMemory)?;
        migrate::run(&store, State::New)?;
        Ok(store)
    }

    fn on(medium: impl Medium + 'static) -> Result<Self, OpenError> {
        let name = medium.path().unwrap_or(Path::new(MEMORY)).to_path_buf();
        let open = Open::on(medium).map_err(|error| OpenError::of(&name, error))?;
        Ok(Self { open, kept: None })
    }

    /// Where the file is, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.open.path()
    }

    /// Bytes of the file, if there is one and its size can be told.
    pub fn file_bytes(&self) -> Option<u64> {
        std::fs::metadata(self.path()?).ok().map(|file| file.len())
    }

    /// Where the file was copied to before it was migrated, if it was.
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    /// The file as messages name it.
    fn name(&self) -> PathBuf {
        self.path().unwrap_or(Path::new(MEMORY)).to_path_buf()
    }

    /// Begins to read: a consistent view of the last durable commit, whatever is written meanwhile. Short reads only: pages
    /// that a reader can see cannot be reused.
    pub fn read(&self) -> Result<Reader, Error> {
        self.open.read()
    }

    /// Begins to write; waits for the writer before it. Dropping the writer undoes everything. After an input or output
    /// error the file is opened again first, if the disk takes data.
    pub fn write(&self) -> Result<Writer, Error> {
        self.open.write()
    }

    /// Notes that something could not be written, and lets readers read on. Only the one who writes may say so.
    pub fn note_failure(&self) {
        self.open.note_failure();
    }

    /// Whether the last change could not be written.
    pub fn is_failing(&self) -> bool {
        self.open.is_failing()
    }

    /// How often the file was opened. What was written last before it was opened again may have become durable or not.
    pub fn openings(&self) -> u64 {
        self.open.openings()
    }
}

/// A reading transaction.
pub struct Reader(Arc<View>);

impl Reader {
    /// Whether the file has this table; only one that was just made, or is none of ours, may lack one.
    fn has<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<bool, Error> {
        match self.0.transaction.open_table(table) {
            Ok(_) => Ok(true),
            Err(TableError::TableDoesNotExist(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// A writing transaction.
pub struct Writer(WriteTransaction, Option<Hold>);

impl Writer {
    /// Makes everything that was written durable, all or nothing.
    pub fn commit(self) -> Result<(), Error> {
        let Self(tx, hold) = self;
        let committed = tx.commit();
        if let Some(hold) = &hold {
            hold.committed(committed.is_ok());
        }
        Ok(committed?)
    }

    /// Keeps everything that was written for the writers to come. It is durable, and readers see it, as soon as one of
    /// them is committed; if none ever is, it is undone.
    pub fn keep(self) -> Result<(), Error> {
        let Self(mut tx, _hold) = self;
        tx.set_durability(Durability::None).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(tx.commit()?)
    }

    fn put<K: Key + 'static, T: Stored>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
        key: K::SelfType<'_>,
        thing: &T,
    ) -> Result<(), Error> {
        let bytes = thing.encode()?;
        self.0.open_table(table)?.insert(key, bytes.as_slice())?;
        Ok(())
    }

    fn set<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
        key: K::SelfType<'_>,
        value: V::SelfType<'_>,
    ) -> Result<(), Error> {
        self.0.open_table(table)?.insert(key, value)?;
        Ok(())
    }

    fn remove<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
        key: K::SelfType<'_>,
    ) -> Result<(), Error> {
        self.0.open_table(table)?.remove(key)?;
        Ok(())
    }

    /// Removes every row whose key begins with `owner`.
    fn remove_under<V: Value + 'static>(
        &self,
        table: TableDefinition<'_, (u128, u128), V>,
        owner: u128,
    ) -> Result<(), Error> {
        self.0.open_table(table)?.retain_in((owner, 0)..=(owner, u128::MAX), |_, _| false)?;
        Ok(())
    }
}

/// What a query reads from: either kind of transaction.
pub trait Access {
    /// Opens a table for reading. Inside a writer, one at a time.
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<impl ReadableTable<K, V>, Error>;
}

impl Access for Reader {
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<impl ReadableTable<K, V>, Error> {
        Ok(self.0.transaction.open_table(table)?)
    }
}

impl Access for Writer {
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<impl ReadableTable<K, V>, Error> {
        Ok(self.0.open_table(table)?)
    }
}

/// The thing under `key`, if there is one.
fn get<K: Key + 'static, T: Stored>(
    access: &impl Access,
    table: TableDefinition<'_, K, &'static [u8]>,
    key: K::SelfType<'_>,
) -> Result<Option<T>, Error> {
    let table = access.table(table)?;
    let found = table.get(key)?;
    found.map(|bytes| T::open(bytes.value())).transpose()
}

/// Every thing of a table, in the order of its keys.
fn all<K: Key + 'static, T: Stored>(
    access: &impl Access,
    table: TableDefinition<'_, K, &'static [u8]>,
) -> Result<Vec<T>, Error> {
    let table = access.table(table)?;
    table.iter()?.map(|row| T::open(row?.1.value())).collect()
}

/// Every thing that `index` has under `owner`, by key.
fn owned<T: Stored>(
    access: &impl Access,
    index: TableDefinition<'_, (u128, &'static str), u128>,
    table: TableDefinition<'_, u128, &'static [u8]>,
    owner: u128,
) -> Result<Vec<T>, Error> {
    let index = access.table(index)?;
    let keys = (owner, "")..(owner.saturating_add(1), "");
    let ids = index.range(keys)?.map(|row| Ok(row?.1.value())).collect::<Result<Vec<_>, Error>>()?;
    drop(index);
    let table = access.table(table)?;
    let mut things = Vec::with_capacity(ids.len());
    for id in ids {
        things.extend(table.get(id)?.map(|bytes| T::open(bytes.value())).transpose()?);
    }
    Ok(things)
}

/// Every thing whose key begins with `owner`, by the rest of the key.
fn under<T: Stored>(
    access: &impl Access,
    table: TableDefinition<'_, (u128, u128), &'static [u8]>,
    owner: u128,
) -> Result<Vec<T>, Error> {
    let table = access.table(table)?;
    let rows = table.range((owner, 0)..=(owner, u128::MAX))?;
    rows.map(|row| T::open(row?.1.value())).collect()
}

/// The thing to which an index of digests leads.
fn by_digest<T: Stored>(
    access: &impl Access,
    index: TableDefinition<'_, &'static [u8; 32], (u128, u128)>,
    table: TableDefinition<'_, (u128, u128), &'static [u8]>,
    digest: &[u8; 32],
) -> Result<Option<T>, Error> {
    let key = access.table(index)?.get(digest)?.map(|key| key.value());
    key.map_or(Ok(None), |key| get(access, table, key))
}

/// What an index has for `owner`.
fn indexed(
    access: &impl Access,
    index: TableDefinition<'_, (u128, u128), ()>,
    owner: u128,
) -> Result<Vec<u128>, Error> {
    let index = access.table(index)?;
    index.range((owner, 0)..=(owner, u128::MAX))?.map(|row| Ok(row?.0.value().1)).collect()
}

/// The identifier that an index has under `key`.
fn find<K: Key + 'static>(
    access: &impl Access,
    index: TableDefinition<'_, K, u128>,
    key: K::SelfType<'_>,
) -> Result<Option<u128>, Error> {
    Ok(access.table(index)?.get(key)?.map(|bits| bits.value()))
}

#[cfg(test)]
mod tests;
