//! Backups: copies of the whole data file. What is done with files here is what the command line does with the server
//! stopped; a running server takes the same copies of the file that it has open.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{Control, call::Caller, error::Error, scope::authorise_operator};
use crate::{
    auth::entropy::Sha256,
    domain::time::Timestamp,
    store::{
        self, OpenError, Reader, Store,
        backup::{Companion, Copy, Seal, VerifyError},
    },
};

/// How the names of files begin that are not complete yet.
const TEMPORARY: &str = ".phaseflag-";

/// Bytes of a backup that are received at a time.
const RECEIVED_BYTES: usize = 64 * 1024;

/// What becomes of a file that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Stays,
    /// It is replaced.
    Goes,
}

/// Why a backup was not taken, verified or restored; prints as one sentence. No file was changed.
#[derive(Debug)]
pub enum BackupError {
    /// The data file cannot be opened.
    Open(OpenError),
    /// The data file cannot be read, or the copy not be written.
    Store(store::Error),
    /// The file is no backup that could be restored.
    Verify(VerifyError),
    /// The file is not what its seal says.
    Damaged(PathBuf),
    /// There is a file already.
    Exists(PathBuf),
    /// Whoever sends the backup failed.
    Source(io::Error),
    /// A file or its folder failed.
    File(PathBuf, io::Error),
}

impl fmt::Display for BackupError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(out),
            Self::Store(error) => error.fmt(out),
            Self::Verify(error) => error.fmt(out),
            Self::Damaged(path) => {
                write!(out, "the backup {} is damaged: it is not what its seal says", path.display())
            }
            Self::Exists(path) => {
                write!(out, "the file {} exists; --force replaces it", path.display())
            }
            Self::Source(error) => error.fmt(out),
            Self::File(path, error) => write!(out, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<store::Error> for BackupError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Takes the digest of what is read, and tells how far that is.
struct Reading<P> {
    digest: Sha256,
    progress: P,
}

impl<P: FnMut(u64, u64)> Companion for Reading<P> {
    fn digest(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    fn progress(&mut self, done: u64, of: u64) {
        (self.progress)(done, of);
    }
}

/// Copies the data file at `data`, which no server has open, to `out`. `progress` is told how many rows were copied, and
/// of how many.
pub fn take(
    data: &Path,
    out: &Path,
    existing: Existing,
    now: Timestamp,
    progress: impl FnMut(u64, u64),
) -> Result<Seal, BackupError> {
    let store = Store::open_unchanged(data).map_err(BackupError::Open)?;
    may_write(out, existing)?;
    let file = beside(out)?;
    let seal = copy(&store.read()?, file.path(), now, progress)?;
    put(file, out, existing)?;
    Ok(seal)
}

/// Writes a backup that somebody else took to `out`, once it is complete and verified. `received` is told how many bytes
/// there are, and `verified` how far the verification is.
pub fn receive(
    mut from: impl Read,
    out: &Path,
    existing: Existing,
    mut received: impl FnMut(u64),
    verified: impl FnMut(u64, u64),
) -> Result<Seal, BackupError> {
    may_write(out, existing)?;
    let mut file = beside(out)?;
    let (mut chunk, mut total) = (vec![0; RECEIVED_BYTES], 0);
    loop {
        let length = from.read(&mut chunk).map_err(BackupError::Source)?;
        if length == 0 {
            break;
        }
        let written = file.write_all(&chunk[..length]);
        written.map_err(|error| BackupError::File(file.path().to_path_buf(), error))?;
        total += length as u64;
        received(total);
    }
    let seal = verify(file.path(), verified)?;
    put(file, out, existing)?;
    Ok(seal)
}

/// Reads all of the backup at `path`, and answers what it says of itself, which is then true.
pub fn verify(path: &Path, progress: impl FnMut(u64, u64)) -> Result<Seal, BackupError> {
    let mut reading = Reading { digest: Sha256::new(), progress };
    // What redb finds in damaged pages may make it panic.
    let read = catch_unwind(AssertUnwindSafe(|| store::backup::verify(path, &mut reading)));
    let damaged = || BackupError::Damaged(path.to_path_buf());
    let seal = read.map_err(|_| damaged())?.map_err(BackupError::Verify)?;
    if reading.digest.finish() == seal.digest { Ok(seal) } else { Err(damaged()) }
}

/// What was restored, and where the file went that was there before.
#[derive(Debug)]
pub struct Restored {
    /// The backup.
    pub seal: Seal,
    /// The file that it replaced.
    pub replaced: Option<PathBuf>,
}

/// Verifies the backup at `backup`, and makes it the data file `data`, which no server has open. A file that was there
/// is kept beside it.
pub fn restore(
    backup: &Path,
    data: &Path,
    existing: Existing,
    progress: impl FnMut(u64, u64),
) -> Result<Restored, BackupError> {
    may_write(data, existing)?;
    // A file in any other state than in use is what restoring is for; what is damaged may make redb panic.
    if let Ok(Err(error @ OpenError::InUse(_))) = catch_unwind(|| Store::open_unchanged(data).map(drop)) {
        return Err(BackupError::Open(error));
    }
    let seal = verify(backup, progress)?;
    let file = beside(data)?;
    let failed = |error| BackupError::File(file.path().to_path_buf(), error);
    fs::copy(backup, file.path()).map_err(failed)?;
    let replaced = if data.exists() {
        let aside = suffixed(data, ".replaced");
        fs::rename(data, &aside).map_err(|error| BackupError::File(aside.clone(), error))?;
        Some(aside)
    } else {
        None
    };
    put(file, data, Existing::Stays)?;
    Ok(Restored { seal, replaced })
}

/// A copy of everything that `reader` sees, at `path`, with its seal.
fn copy(
    reader: &Reader,
    path: &Path,
    now: Timestamp,
    progress: impl FnMut(u64, u64),
) -> Result<Seal, store::Error> {
    let mut reading = Reading { digest: Sha256::new(), progress };
    let copy = Copy::make(reader, path, &mut reading)?;
    copy.seal(now, reading.digest.finish())
}

/// Refuses to write over a file that shall stay.
pub fn may_write(path: &Path, existing: Existing) -> Result<(), BackupError> {
    match existing {
        Existing::Stays if path.exists() => Err(BackupError::Exists(path.to_path_buf())),
        Existing::Stays | Existing::Goes => Ok(()),
    }
}

/// A file in the folder of `path`, which only the owner may read, and which is gone unless [`put`] gives it its name.
fn beside(path: &Path) -> Result<NamedTempFile, BackupError> {
    NamedTempFile::with_prefix_in(TEMPORARY, folder(path))
        .map_err(|error| BackupError::File(folder(path).to_path_buf(), error))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the file durable, and gives it its name.
fn put(file: NamedTempFile, path: &Path, existing: Existing) -> Result<(), BackupError> {
    let failed = |error| BackupError::File(path.to_path_buf(), error);
    file.as_file().sync_all().map_err(failed)?;
    match existing {
        Existing::Stays => file.persist_noclobber(path).map_err(|error| error.error),
        Existing::Goes => file.persist(path).map_err(|error| error.error),
    }
    .and_then(|_| File::open(folder(path))?.sync_all())
    .map_err(failed)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A backup of a running server. The file has no name any more: it is gone when this is.
#[derive(Debug)]
pub struct Download {
    /// The backup.
    pub file: File,
    /// Its length in bytes.
    pub length: u64,
    /// What it says of itself.
    pub seal: Seal,
}

/// Copies the data file, which holds the data of every organization, while it is in use.
///
/// It takes as long as all of the data takes to be read; not to be called where others wait.
pub fn download(control: &Control, caller: &Caller, now: Timestamp) -> Result<Download, Error> {
    let reader = control.read()?;
    authorise_operator(&reader, caller)?;
    let unavailable = |error: io::Error| Error::Storage(store::Error::Unavailable(error.to_string()));
    let file = match control.core.store.path() {
        Some(path) => NamedTempFile::with_prefix_in(TEMPORARY, folder(path)),
        None => NamedTempFile::new(),
    }
    .map_err(unavailable)?;
    let seal = copy(&reader, file.path(), now, |_, _| {})?;
    let file = file.reopen().map_err(unavailable)?;
    let length = file.metadata().map_err(unavailable)?.len();
    Ok(Download { file, length, seal })
}
