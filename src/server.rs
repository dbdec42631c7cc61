//! The composition root: opens the data, wires the layers, listens, shuts down.

use std::fmt;

use crate::config::Config;

/// Why the server did not start or stopped with an error.
#[derive(Debug)]
pub enum Error {
    /// This build has no server yet.
    Unavailable,
}

/// Serves until it is told to stop.
pub fn run(_config: Config) -> Result<(), Error> {
    Err(Error::Unavailable)
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => out.write_str("this build has no server"),
        }
    }
}

impl std::error::Error for Error {}
