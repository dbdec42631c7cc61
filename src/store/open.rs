//! Opening the data file: why it cannot be, and what is kept of it before it is brought to a newer schema.

use std::{
    fmt,
    fs::{self, File},
    path::{Path, PathBuf},
};

use redb::DatabaseError;

use super::migrate;

/// Why a file cannot be opened; prints as one sentence that names the file.
#[derive(Debug)]
pub enum OpenError {
    /// Another process, or this one, has it open.
    InUse(PathBuf),
    /// It cannot be read, written or made.
    Inaccessible(PathBuf, String),
    /// It is not a data file, or damaged beyond repair.
    Unreadable(PathBuf, String),
    /// A newer version wrote it.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
}

impl OpenError {
    pub(super) fn of(path: &Path, error: DatabaseError) -> Self {
        let path = path.to_path_buf();
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse(path),
            DatabaseError::Storage(redb::StorageError::Io(error))
                if error.kind() == std::io::ErrorKind::InvalidData =>
            {
                Self::Unreadable(path, error.to_string())
            }
            DatabaseError::Storage(redb::StorageError::Io(error)) => {
                Self::Inaccessible(path, error.to_string())
            }
            error => Self::Unreadable(path, error.to_string()),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => {
                write!(out, "the data file {} is in use by another PhaseFlag process", path.display())
            }
            Self::Inaccessible(path, why) => {
                write!(out, "the data file {} cannot be opened: {why}", path.display())
            }
            Self::Unreadable(path, why) => {
                write!(out, "the file {} is not a readable PhaseFlag data file: {why}", path.display())
            }
            Self::Newer { path, found, known } => write!(
                out,
                "the data file {} has schema version {found}, written by a newer PhaseFlag; this one knows up to {known}",
                path.display()
            ),
        }
    }
}

impl std::error::Error for OpenError {}

/// Copies the file, which nobody has open, before it is migrated from the schema `from`.
pub(super) fn keep(path: &Path, from: u32) -> Result<PathBuf, OpenError> {
    let named = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{from}{suffix}"));
        PathBuf::from(name)
    };
    let (kept, unfinished) = (named(""), named(".unfinished"));
    let copied = fs::copy(path, &unfinished)
        .and_then(|_| File::open(&unfinished)?.sync_all())
        .and_then(|()| fs::rename(&unfinished, &kept));
    copied.map(|()| kept).map_err(|error| {
        let why = format!(
            "it cannot be copied before it is brought to schema version {}: {error}",
            migrate::SCHEMA
        );
        OpenError::Inaccessible(path.to_path_buf(), why)
    })
}
