//! The chain of the log, and the note of its head. What is altered or taken out shows in the entry after it, what is
//! cut off at the end in the note, which every entry rewrites in its own transaction.

use redb::ReadableTable;

use super::record::Link;
use crate::{
    domain::audit::chain::{Cut, Flaw, Head, Verdict},
    store::{Access, Error, Writer, codec::Stored, meta, tables},
};

/// Entries that are looked at in one reading transaction.
const STEP: usize = 1_000;

/// The head as it is noted; in a file from before it was, the last entry.
pub(super) fn head(access: &impl Access, digest: impl Fn(&[u8]) -> [u8; 32]) -> Result<Head, Error> {
    if let Some(noted) = meta::audit_head(access)? {
        return Ok(noted);
    }
    let log = access.table(tables::AUDIT)?;
    let last = log.last()?;
    Ok(last.map_or_else(Head::default, |(place, bytes)| Head {
        place: place.value(),
        digest: digest(bytes.value()),
    }))
}

/// Notes the head of a log that was written before heads were noted.
pub fn note_head(writer: &Writer, digest: impl Fn(&[u8]) -> [u8; 32]) -> Result<(), Error> {
    meta::set_audit_head(writer, &head(writer, digest)?)
}

/// Whether the head is noted.
pub fn is_noted(access: &impl Access) -> Result<bool, Error> {
    Ok(meta::audit_head(access)?.is_some())
}

/// A walk along the chain, up to the head of the moment at which it began.
#[derive(Debug)]
pub struct Walk {
    head: Head,
    /// An entry as somebody noted it outside.
    noted: Option<Head>,
    /// The last entry that was looked at. What comes next has to carry its digest.
    at: Head,
    /// Whether there is anything behind the head.
    more: bool,
}

impl Walk {
    /// Begins before the first entry.
    pub fn begin(
        access: &impl Access,
        noted: Option<Head>,
        digest: impl Fn(&[u8]) -> [u8; 32],
    ) -> Result<Self, Error> {
        let head = head(access, digest)?;
        let last = access.table(tables::AUDIT)?.last()?.map_or(0, |(place, _)| place.value());
        Ok(Self { head, noted, at: Head::default(), more: last > head.place })
    }

    /// Looks at the next entries; answers a verdict when there is one. Each step may have a transaction of its own:
    /// entries never change.
    pub fn step(
        &mut self,
        access: &impl Access,
        digest: impl Fn(&[u8]) -> [u8; 32],
    ) -> Result<Option<Verdict>, Error> {
        let log = access.table(tables::AUDIT)?;
        for row in log.range(self.at.place + 1..=self.head.place)?.take(STEP) {
            let (place, bytes) = row?;
            let (place, expected) = (place.value(), self.at.place + 1);
            if place != expected {
                return self.cut(&log, expected, Flaw::Missing);
            }
            let Ok(link) = Link::open(bytes.value()) else {
                return self.cut(&log, place, Flaw::Unreadable);
            };
            if link.previous != self.at.digest {
                // Nothing comes before the first entry: it is itself the wrong one.
                return self.cut(&log, self.at.place.max(1), Flaw::Altered);
            }
            let present = Head { place, digest: digest(bytes.value()) };
            if self.noted.is_some_and(|noted| noted.place == place && noted != present) {
                return self.cut(&log, place, Flaw::NotAsNoted);
            }
            self.at = present;
        }
        if self.at.place < self.head.place {
            let next = log.range(self.at.place + 1..=self.head.place)?.next().transpose()?;
            return if next.is_some() { Ok(None) } else { self.cut(&log, self.at.place + 1, Flaw::Missing) };
        }
        if self.at != self.head {
            return self.cut(&log, self.head.place, Flaw::Altered);
        }
        if self.more {
            return self.cut(&log, self.head.place + 1, Flaw::Unexpected);
        }
        match self.noted {
            Some(noted) if noted.place > self.head.place => self.cut(&log, noted.place, Flaw::Missing),
            _ => Ok(Some(Verdict { head: self.head, checked: self.at.place, cut: None })),
        }
    }

    fn cut(
        &self,
        log: &impl ReadableTable<u64, &'static [u8]>,
        place: u64,
        flaw: Flaw,
    ) -> Result<Option<Verdict>, Error> {
        let found = log.get(place)?;
        let entry = found.and_then(|bytes| Link::open(bytes.value()).ok()).map(|link| link.entry);
        let checked = self.at.place.min(place - 1);
        Ok(Some(Verdict { head: self.head, checked, cut: Some(Cut { place, flaw, entry }) }))
    }
}
