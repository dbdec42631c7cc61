//! Documents as files: read with a limit, written whole or not at all, and their faults with line and column.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
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
        let failed = |why: String| Faulty(format!("{name} cannot be read: {why}"));
        let mut bytes = Vec::new();
        let read = if path.as_os_str() == STANDARD_INPUT {
            io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
        } else {
            fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        };
        let length = read.map_err(|error| failed(error.to_string()))?;
        if length as u64 > MAX_BYTES {
            return Err(failed(format!("it has more than {MAX_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
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

/// Writes a file whole or not at all; one that is there is replaced.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Faulty> {
    let failed = |error: io::Error| Faulty(format!("{} cannot be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
