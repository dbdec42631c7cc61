//! The open database, and the way back after an input or output error: redb writes no more after one until the file is
//! opened again. Whoever wants to write next has that done, as soon as the disk takes data again. What was read before
//! goes on being read; nobody waits for it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError, TransactionError};

use super::{Error, Reader, Writer};

/// What the disk has to take before a file is opened again, in bytes.
const PROBE_BYTES: usize = 1024 * 1024;
/// How often it is looked whether those who still read have finished, and how many times: two seconds in all.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: usize = 200;

/// Opens the database, once more.
type Opener = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// The open database.
pub(super) struct Open {
    // Before the database, which closes the file.
    durable: Arc<Durable>,
    /// Absent while it is opened again, and if that failed.
    database: ArcSwapOption<Database>,
    opener: Opener,
    /// The file, if there is one.
    path: Option<PathBuf>,
    /// Who opens it again.
    turn: Mutex<()>,
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

/// The file as it is on the disk: what readers see. redb itself would show them also what is committed and not durable yet.
#[derive(Default)]
struct Durable(ArcSwapOption<ReadTransaction>);

impl Durable {
    /// Everything that is committed is on the disk.
    fn renew(&self, database: &Database) {
        // Who then reads begins a transaction of their own, and learns what is wrong.
        self.0.store(database.begin_read().ok().map(Arc::new));
    }
}

/// What a transaction keeps open.
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
    /// Opens the database by `opener`, which will be asked again after an error.
    pub(super) fn by(
        path: Option<&Path>,
        opener: impl Fn() -> Result<Database, DatabaseError> + Send + Sync + 'static,
    ) -> Result<Self, DatabaseError> {
        let (database, durable) = (opener()?, Arc::<Durable>::default());
        durable.renew(&database);
        let database = ArcSwapOption::from_pointee(database);
        let path = path.map(Path::to_path_buf);
        let (turn, openings, health) = (Mutex::default(), AtomicU64::new(1), Arc::default());
        Ok(Self { database, durable, opener: Box::new(opener), path, turn, openings, health })
    }

    /// How often it was opened. What was written last before an error may be there since, or not: who holds a copy of
    /// what is in the file reads it again after each opening.
    pub(super) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Acquire)
    }

    /// Notes that something could not be written.
    pub(super) fn note_failure(&self) {
        self.health.note(false);
    }

    /// Whether the last thing that was written could not be.
    pub(super) fn is_failing(&self) -> bool {
        self.health.0.load(Ordering::Relaxed)
    }

    pub(super) fn read(&self) -> Result<Reader, Error> {
        let database = self.database.load_full().ok_or_else(closed)?;
        let durable = match self.durable.0.load_full() {
            Some(durable) => durable,
            None => Arc::new(database.begin_read()?),
        };
        Ok(Reader(durable, Some(self.hold(database))))
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

    fn reopen(&self) -> Result<(), Error> {
        let Ok(_turn) = self.turn.try_lock() else { return Err(closed()) };
        // Where there is no room the file would be closed and could not be opened.
        if let Some(path) = &self.path {
            probe(path).map_err(|error| Error::Unavailable(format!("the disk takes no data: {error}")))?;
        }
        self.durable.0.store(None);
        if let Some(database) = self.database.swap(None)
            && let Err(database) = close(database)
        {
            self.database.store(Some(database));
            return Err(Error::Unavailable("it cannot be opened again while it is read".into()));
        }
        let database = (self.opener)().map_err(|error| Error::Unavailable(error.to_string()))?;
        self.durable.renew(&database);
        self.database.store(Some(Arc::new(database)));
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

/// Closes a database once nobody reads it any more; gives it back if somebody reads for long.
fn close(mut database: Arc<Database>) -> Result<(), Arc<Database>> {
    for _ in 0..LOOKS {
        match Arc::try_unwrap(database) {
            Ok(last) => {
                drop(last);
                return Ok(());
            }
            Err(shared) => database = shared,
        }
        thread::sleep(LOOK);
    }
    Err(database)
}
