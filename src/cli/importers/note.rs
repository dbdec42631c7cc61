//! What is told of a translation: every flag, segment and environment of the file has its line.

use std::fmt;

/// What became of something in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It says the same here as it did there.
    Mapped,
    /// It is here, but not in every respect what it was.
    Approximated,
    /// It is not here, or it is off.
    Skipped,
}

impl Outcome {
    /// The word for it in the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Approximated => "approximated",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where in the file, such as `features[3].strategies[0]`; empty for the file as a whole.
    pub place: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What exactly, as a sentence without its full stop.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place.is_empty() { "the file" } else { &self.place };
        write!(out, "{:<12}  {place}: {}", self.outcome.as_str(), self.message)
    }
}

/// Why a part of a file cannot be translated, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where in the file.
    pub place: String,
    /// Why, as a sentence without its full stop.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(out, "the file {}", self.reason)
        } else {
            write!(out, "{} {}", self.place, self.reason)
        }
    }
}

impl std::error::Error for Refusal {}
