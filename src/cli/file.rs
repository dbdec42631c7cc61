//! Documents as files: read with a limit, written whole or not at all, and their faults with line and column.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::connection::Failure;
use crate::document;
use crate::http::middleware::body::MAX_IMPORT;

/// Bytes of a document, at most: what the API takes.
const MAX_BYTES: u64 = MAX_IMPORT;

/// What stands for standard input.
const STANDARD_INPUT: &str = "-";

/// A document that was read.
pub(super) struct File {
    name: String,
    text: String,
}

/// Why a document was not taken; prints as one line for each fault, and one that ends it.
#[derive(Debug)]
pub(super) struct Faulty(String);

impl fmt::Display for Faulty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for Faulty {}

impl File {
    /// A text that is in no file.
    pub(super) fn of(name: String, text: String) -> Self {
        Self { name, text }
    }

    /// Reads the file at `path`, or standard input.
    pub(super) fn read(path: &Path) -> Result<Self, Faulty> {
        let name = path.display().to_string();
        let read = if path.as_os_str() == STANDARD_INPUT {
            document::read(io::stdin().lock(), MAX_BYTES)
        } else {
            fs::File::open(path).and_then(|file| document::read(file, MAX_BYTES))
        };
        let text = read.map_err(|error| Faulty(format!("{name} cannot be read: {error}")))?;
        Ok(Self { name, text })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub(super) fn value(&self) -> Result<Value, Faulty> {
        document::parse(&self.text).map_err(|fault| Faulty(format!("{}:{fault}", self.name)))
    }

    /// Why what it says was refused: faults with the lines that they are in.
    pub(super) fn refused(&self, failure: Failure) -> Box<dyn Error> {
        match failure {
            Failure::Refused(refusal) if !refusal.fields.is_empty() => {
                let faults = refusal.fields.iter().map(|it| (it.field.as_str(), it.message.as_str()));
                let lines = document::located(&self.name, &self.text, faults);
                let ending = format!("{} is refused ({}); nothing was changed", self.name, refusal.code);
                Box::new(Faulty(format!("{}\nphaseflag: {ending}", lines.join("\n"))))
            }
            other => Box::new(other),
        }
    }
}

/// Writes a document as a file; one that is there is replaced.
pub(super) fn save(path: &Path, text: &str) -> Result<(), Faulty> {
    document::save(path, text)
        .map_err(|error| Faulty(format!("{} cannot be written: {error}", path.display())))
}
