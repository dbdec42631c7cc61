//! The chain of the log: every entry carries the digest of the one before, so that what was changed, taken out or cut
//! off shows.

use std::fmt::{self, Display};

use super::Entry;
use crate::domain::{hex, named::named};

named! {
    /// Why an entry does not fit into the chain.
    Flaw {
        /// There is no entry at this place.
        Missing = "missing",
        /// What is at this place is no entry.
        Unreadable = "unreadable",
        /// The entry is not the one that was written: the one after it, or the note of the head, has another digest.
        Altered = "altered",
        /// The entry is behind the head.
        Unexpected = "unexpected",
        /// The entry is not the one whose digest was noted outside.
        NotAsNoted = "not_as_noted",
    }
}

/// An entry by its place and its digest. That of the last one stands for all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its place in the log, from 1; 0 where there is none yet.
    pub place: u64,
    /// SHA-256 of its record, as stored.
    pub digest: [u8; hex::DIGEST_BYTES],
}

impl Head {
    /// Reads what [`Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, digits) = text.split_once(':')?;
        let digest = hex::read_digest(&digits.to_ascii_lowercase())?;
        let place = place.parse().ok().filter(|place| *place > 0)?;
        Some(Self { place, digest })
    }
}

impl Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.place, hex::write(&self.digest))
    }
}

/// The first entry that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Its place in the log.
    pub place: u64,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// What is there, where that can be read.
    pub entry: Option<Entry>,
}

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The head, as the file notes it.
    pub head: Head,
    /// Entries that fit, from the first one on.
    pub checked: u64,
    /// Where the chain is cut, if it is.
    pub cut: Option<Cut>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_written_and_nothing_else_is() {
        let head = Head { place: 42, digest: std::array::from_fn(|at| u8::try_from(at * 8).unwrap_or(255)) };
        let text = head.to_string();
        assert_eq!((text.len(), Head::parse(&text)), (3 + 64, Some(head)));
        let digits = &text[3..];
        for wrong in [
            "",
            "42",
            digits,
            &text[..66],
            &format!("{text}0"),
            &format!("0:{digits}"),
            &format!("-1:{digits}"),
        ] {
            assert_eq!(Head::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Head::parse(&text.replace("08", "+8")), None);
    }
}
