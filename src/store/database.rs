//! The open database, and the way back after an input or output error: redb writes no more after one until the file is
//! opened again, and reads no more than what it has in memory. Whoever wants to write next has it opened, as soon as the
//! disk takes data again. Until then readers are given a stand-in, which reads the same file and changes nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError, TransactionError};

use super::medium::{CACHE_BYTES, Medium};
use super::overlay::Overlay;
use super::{Error, Reader, Writer};

/// What the disk has to take before a file is opened again, in bytes.
const PROBE_BYTES: usize = 1024 * 1024;
/// How often it is looked whether those who still read have finished, and how many times: two seconds in all.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: usize = 200;

/// The open database.
pub(super) struct Open {
    // Before the database, which closes the file.
    durable: Arc<Durable>,
    /// Absent while it is opened again, and if that failed.
    database: ArcSwapOption<Database>,
    medium: Box<dyn Medium>,
    /// Who opens it again, or opens a stand-in.
    turn: Mutex<()>,
    /// Whether readers are given a stand-in.
    stands_in: AtomicBool,
    openings: AtomicU64,
    health: Arc<Health>,
}

/// Whether the last thing that was written could be.
#[derive(Debug, Default)]
pub(super) struct Health(AtomicBool);

impl Health {
    /// Notes whether it could.
    pub(super) fn note(&self, written: bool) {
        self.0.store(!written, Ordering::Relaxed);
    }
}

/// A view of the file as it is on the disk, which is over before its database can be closed.
pub(super) struct View {
    pub(super) transaction: ReadTransaction,
    /// Absent where something else sees to that.
    _database: Option<Arc<Database>>,
}

impl View {
    fn of(database: &Arc<Database>) -> Result<Arc<Self>, TransactionError> {
        Ok(Arc::new(Self { transaction: database.begin_read()?, _database: Some(Arc::clone(database)) }))
    }

    /// What a transaction sees whose database is closed by nobody meanwhile.
    pub(super) fn alone(transaction: ReadTransaction) -> Arc<Self> {
        Arc::new(Self { transaction, _database: None })
    }
}

/// What readers see. redb itself would show them also what is committed and not durable yet.
#[derive(Default)]
struct Durable(ArcSwapOption<View>);

impl Durable {
    /// Everything that is committed is on the disk.
    fn renew(&self, database: &Arc<Database>) {
        // Who then reads begins a transaction of their own, and learns what is wrong.
        self.0.store(View::of(database).ok());
    }
}

/// What a writer keeps open.
pub(super) struct Hold {
    database: Arc<Database>,
    durable: Arc<Durable>,
    health: Arc<Health>,
}

impl Hold {
    /// Notes whether a commit became durable.
    pub(super) fn committed(&self, durable: bool) {
        self.health.note(durable);
        if durable {
            self.durable.renew(&self.database);
        }
    }
}

impl Open {
    /// Opens the database on `medium`, which will be asked again after an error.
    pub(super) fn on(medium: impl Medium + 'static) -> Result<Self, DatabaseError> {
        let (database, durable) = (Arc::new(medium.open()?), Arc::<Durable>::default());
        durable.renew(&database);
        Ok(Self {
            durable,
            database: ArcSwapOption::new(Some(database)),
            medium: Box::new(medium),
            turn: Mutex::default(),
            stands_in: AtomicBool::new(false),
            openings: AtomicU64::new(1),
            health: Arc::default(),
        })
    }

    /// The file, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.medium.path()
    }

    /// How often it was opened. What was written last before an error may be there since, or not: who holds a copy of
    /// what is in the file reads it again after each opening.
    pub(super) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Acquire)
    }

    /// Notes that something could not be written, and lets readers read on. Nothing may be being written.
    pub(super) fn note_failure(&self) {
        self.health.note(false);
        if let Err(error) = self.stand_in() {
            tracing::error!(%error, "the data file can be neither written nor read");
        }
    }

    /// Whether the last thing that was written could not be.
    pub(super) fn is_failing(&self) -> bool {
        self.health.0.load(Ordering::Relaxed)
    }

    pub(super) fn read(&self) -> Result<Reader, Error> {
        if let Some(view) = self.durable.0.load_full() {
            return Ok(Reader(view));
        }
        let database = self.database.load_full().ok_or_else(closed)?;
        Ok(Reader(View::of(&database)?))
    }

    /// Begins to write, on a database that is opened again first if it has to be.
    pub(super) fn write(&self) -> Result<Writer, Error> {
        let begin = || {
            let database =
                self.database.load_full().ok_or(TransactionError::Storage(StorageError::PreviousIo))?;
            Ok(Writer(database.begin_write()?, Some(self.hold(database))))
        };
        match begin() {
            Err(TransactionError::Storage(StorageError::PreviousIo)) => {
                let reopened = self.reopen();
                self.health.note(reopened.is_ok());
                reopened?;
                Ok(begin()?)
            }
            other => Ok(other?),
        }
    }

    fn hold(&self, database: Arc<Database>) -> Hold {
        Hold { database, durable: Arc::clone(&self.durable), health: Arc::clone(&self.health) }
    }

    /// Whether the database reads and writes no more.
    fn has_failed(&self) -> bool {
        let begun = self.database.load_full().map(|database| database.begin_write().map(drop));
        matches!(begun, None | Some(Err(TransactionError::Storage(StorageError::PreviousIo))))
    }

    /// Gives readers another database if the one that there is has failed: of the same file, which it leaves as it is.
    fn stand_in(&self) -> Result<(), Error> {
        let Ok(_turn) = self.turn.try_lock() else { return Ok(()) };
        if self.stands_in.load(Ordering::Relaxed) || !self.has_failed() {
            return Ok(());
        }
        let unavailable = |error: &dyn std::fmt::Display| Error::Unavailable(error.to_string());
        let overlay = self.medium.beside().and_then(Overlay::over).map_err(|error| unavailable(&error))?;
        let mut builder = Database::builder();
        let opened = builder.set_cache_size(CACHE_BYTES).create_with_backend(overlay);
        self.durable.renew(&Arc::new(opened.map_err(|error| unavailable(&error))?));
        self.stands_in.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn reopen(&self) -> Result<(), Error> {
        let Ok(_turn) = self.turn.try_lock() else { return Err(closed()) };
        // Where there is no room the file would be closed and could not be opened.
        if let Some(path) = self.path() {
            probe(path).map_err(|error| Error::Unavailable(format!("the disk takes no data: {error}")))?;
        }
        // Who reads must have finished: the pages that a stand-in reads may be written again.
        self.durable.0.swap(None).map_or(Ok(()), close).map_err(|view| {
            self.durable.0.store(Some(view));
            still_read()
        })?;
        self.stands_in.store(false, Ordering::Relaxed);
        self.database.swap(None).map_or(Ok(()), close).map_err(|database| {
            self.database.store(Some(database));
            still_read()
        })?;
        let database = Arc::new(self.medium.open().map_err(|error| Error::Unavailable(error.to_string()))?);
        self.durable.renew(&database);
        self.database.store(Some(database));
        self.openings.fetch_add(1, Ordering::Release);
        tracing::warn!("the data file was opened again after an error");
        Ok(())
    }
}

fn closed() -> Error {
    Error::Unavailable("it is being opened again after an error".into())
}

/// Writes something beside the file, as far as the disk, and takes it away.
fn probe(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".probe");
    let path = PathBuf::from(name);
    let mut file = match File::create(&path) {
        // In a folder that takes no files there is nothing to find out.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        file => file?,
    };
    let written = file.write_all(&vec![0; PROBE_BYTES]).and_then(|()| file.sync_all());
    fs::remove_file(&path)?;
    written
}

fn still_read() -> Error {
    Error::Unavailable("it cannot be opened again while it is read".into())
}

/// Closes what is shared once nobody else has it any more; gives it back if somebody keeps it for long.
fn close<T>(mut shared: Arc<T>) -> Result<(), Arc<T>> {
    for _ in 0..LOOKS {
        match Arc::try_unwrap(shared) {
            Ok(last) => {
                drop(last);
                return Ok(());
            }
            Err(still) => shared = still,
        }
        thread::sleep(LOOK);
    }
    Err(shared)
}
