//! Documents that people write: YAML 1.2 or JSON in, with the line and the column of everything in it; YAML out.
//!
//! What comes out of a document is JSON, as the API takes it: so whoever reads one needs no second reader, and a fault
//! that has a path in the JSON has a place in the text. Of YAML the core schema is read, one document, with anchors and
//! aliases; what JSON cannot say (other tags, infinities) is refused.

mod file;
mod tree;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

pub use file::{read, save};
pub use write::write;

/// Lists and maps inside of each other, at most.
pub const MAX_DEPTH: usize = 64;
/// Values in a document, at most, what aliases repeat included.
pub const MAX_NODES: usize = 4_000_000;

/// A place in a text. Both numbers count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

/// Why a text is no document; prints as one sentence that begins with the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where.
    pub at: Position,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.at, self.message)
    }
}

impl std::error::Error for Unreadable {}

/// What a text says, as JSON. A text that begins with a brace is read as JSON, any other as YAML.
pub fn parse(text: &str) -> Result<Value, Unreadable> {
    if !text.trim_start().starts_with('{') {
        return tree::parse(text).map(tree::Node::into_value);
    }
    let value = serde_json::from_str(text).map_err(|error| {
        let told = error.to_string();
        let message = told.split(" at line ").next().unwrap_or_default().to_owned();
        Unreadable { at: Position { line: error.line(), column: error.column().max(1) }, message }
    })?;
    // JSON says nothing of members that are given twice; the other reader does, as far as it understands JSON.
    match tree::parse(text) {
        Err(fault) if fault.message.ends_with(tree::TWICE) => Err(fault),
        Ok(_) | Err(_) => Ok(value),
    }
}

/// Faults of a text, given as pairs of a path and what is wrong there: one line for each, in the order of the text, that
/// begins with `name` and the place.
#[must_use]
pub fn located<'f>(
    name: &str,
    text: &str,
    faults: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Vec<String> {
    let root = tree::parse(text).ok();
    let place = |path: &str| root.as_ref().map(|root| root.place(path));
    let mut placed: Vec<_> = faults.into_iter().map(|(path, message)| (place(path), path, message)).collect();
    placed.sort_by_key(|(place, ..)| *place);
    let line = |(place, path, message): (Option<Position>, &str, &str)| {
        let place = place.map(|place| format!(":{place}")).unwrap_or_default();
        let path = if path.is_empty() { "the document" } else { path };
        format!("{name}{place}: {path} {message}")
    };
    placed.into_iter().map(line).collect()
}
