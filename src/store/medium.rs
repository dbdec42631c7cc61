//! Where a database is kept, and how it is opened there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Database, DatabaseError, StorageBackend};

/// Memory that redb may use to cache pages, in bytes. Its own default is 1 GiB. The system keeps what was read in its own cache as
/// well; and what one thread let go of here the system's allocator keeps for that thread, so that it may count several times.
pub(super) const CACHE_BYTES: usize = 2 * 1024 * 1024;

/// Where a database is kept.
pub(super) trait Medium: Send + Sync {
    /// Opens the database.
    fn open(&self) -> Result<Database, DatabaseError>;

    /// What is there, to be read while the database is open: no lock is taken.
    fn beside(&self) -> io::Result<Box<dyn StorageBackend>>;

    /// The file, if it is one.
    fn path(&self) -> Option<&Path> {
        None
    }
}

/// A file.
pub(super) struct InFile {
    path: PathBuf,
    absent: Absent,
}

/// What becomes of a file that is not there.
pub(super) enum Absent {
    /// It is made.
    Made,
    /// That is an error.
    Missed,
}

impl InFile {
    pub(super) fn at(path: &Path, absent: Absent) -> Self {
        Self { path: path.to_path_buf(), absent }
    }
}

impl Medium for InFile {
    fn open(&self) -> Result<Database, DatabaseError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
        match self.absent {
            Absent::Made => builder.create(&self.path),
            Absent::Missed => builder.open(&self.path),
        }
    }

    fn beside(&self) -> io::Result<Box<dyn StorageBackend>> {
        let backend = FileBackend::new(File::open(&self.path)?).map_err(io::Error::other)?;
        Ok(Box::new(backend))
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }
}

/// Memory, which is gone with the process, and has no errors.
pub(super) struct InMemory;

impl Medium for InMemory {
    fn open(&self) -> Result<Database, DatabaseError> {
        Database::builder().create_with_backend(InMemoryBackend::new())
    }

    fn beside(&self) -> io::Result<Box<dyn StorageBackend>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
