//! The audit log, oldest first. Every record carries the SHA-256 of the record before it, as stored; the head of the
//! chain is the last record, and is noted beside the log.

mod chain;
mod count;
mod index;
mod record;

use redb::{AccessGuard, ReadableTable};

pub use self::{
    chain::{Walk, is_noted, note_head},
    count::Counts,
};

use super::{Access, Error, Writer, codec::Stored, meta, tables};
use crate::domain::{
    audit::{Entry, Resource, Search, chain::Head},
    id::{Bits, EnvironmentId},
    page::{self, Cursor, Direction, Page, PageRequest, SortKey, Start},
};
pub(super) use record::Link;

/// Entries about one thing that its history shows, at most.
pub const MAX_HISTORY: usize = 100_000;
/// Entries of one batch, at most.
const MAX_BATCH: usize = 1_000;
/// Bytes of the records of one batch, after which it takes no further one.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// Appends an entry about the thing with these bits. `digest` is SHA-256.
pub fn append(
    writer: &Writer,
    resource: Bits,
    entry: Entry,
    digest: impl Fn(&[u8]) -> [u8; 32],
) -> Result<(), Error> {
    let Head { place: last, digest: previous } = chain::head(writer, &digest)?;
    let place = last + 1;
    index::add(writer, place, resource, &entry)?;
    let bytes = Link { previous, entry }.encode()?;
    // An entry that is behind the head is no entry of ours, and what somebody will want to see.
    if writer.0.open_table(tables::AUDIT)?.insert(place, bytes.as_slice())?.is_some() {
        return Err(Error::Damaged(format!("its audit log has an entry {place} behind its head")));
    }
    meta::set_audit_head(writer, &Head { place, digest: digest(&bytes) })?;
    writer.set(tables::AUDIT_OF, (resource, place), ())
}

/// A page of the entries that are looked for, newest first.
pub fn search(
    access: &impl Access,
    counts: &Counts,
    search: &Search,
    request: &PageRequest,
) -> Result<Page<Entry>, Error> {
    let total = counts.of(access, search)?;
    let last = match &request.start {
        Start::Page(_) => u64::MAX,
        Start::After(Cursor { place: (SortKey::Number(place), _), .. }) => {
            u64::try_from(*place).unwrap_or_default().saturating_sub(1)
        }
        Start::After(_) => 0,
    };
    let most = request.reach().min(usize::try_from(total).unwrap_or(usize::MAX));
    let places = index::find(access, search, last, most)?;
    Ok(Page { total, ..of_places(access, places, request)? })
}

/// The newest entries that are looked for, newest first, and not more than `most`.
pub fn newest_of(access: &impl Access, search: &Search, most: usize) -> Result<Vec<Entry>, Error> {
    entries(access, &index::find(access, search, u64::MAX, most)?)
}

/// Whether there is any entry that is looked for.
pub fn any(access: &impl Access, search: &Search) -> Result<bool, Error> {
    Ok(!index::find(access, search, u64::MAX, 1)?.is_empty())
}

/// Some of the entries that are looked for, newest first.
#[derive(Debug)]
pub struct Batch {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The place from which the next batch goes on; `None` after the last one.
    pub rest: Option<u64>,
}

/// The place of the newest entry; 0 where there is none.
pub fn newest(access: &impl Access) -> Result<u64, Error> {
    Ok(access.table(tables::AUDIT)?.last()?.map_or(0, |(place, _)| place.value()))
}

/// Some of the entries that are looked for, from the place `last` on backwards: as many as fit into a batch, which may
/// be none.
pub fn batch(access: &impl Access, search: &Search, last: u64) -> Result<Batch, Error> {
    let (places, rest) = index::find_some(access, search, last)?;
    let table = access.table(tables::AUDIT)?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    for place in places {
        if bytes > MAX_BATCH_BYTES || entries.len() == MAX_BATCH {
            return Ok(Batch { entries, rest: Some(place) });
        }
        let (entry, length) = opened(place, table.get(place)?)?;
        bytes += length;
        entries.push(entry);
    }
    Ok(Batch { entries, rest })
}

/// A page of the places of a list, newest first.
fn of_places(access: &impl Access, places: Vec<u64>, request: &PageRequest) -> Result<Page<Entry>, Error> {
    let sort_key = |place: u64| SortKey::Number(i64::try_from(place).unwrap_or(i64::MAX));
    let sorted = places.into_iter().map(|place| ((sort_key(place), 0), place));
    let page = page::window(sorted, Direction::Descending, request);
    let entries = entries(access, &page.rows)?;
    Ok(page.with(entries))
}

fn entries(access: &impl Access, places: &[u64]) -> Result<Vec<Entry>, Error> {
    let table = access.table(tables::AUDIT)?;
    places.iter().map(|place| Ok(opened(*place, table.get(place)?)?.0)).collect()
}

/// The entry that was found at a place, and the length of its record.
fn opened(place: u64, found: Option<AccessGuard<'_, &'static [u8]>>) -> Result<(Entry, usize), Error> {
    let found = found.ok_or_else(|| Error::Damaged(format!("its audit log has no entry {place}")))?;
    Ok((Link::open(found.value())?.entry, found.value().len()))
}

/// Makes a log that was written before it could be searched searchable.
pub(super) fn make_searchable(writer: &Writer) -> Result<(), Error> {
    let log = writer.table(tables::AUDIT)?;
    for row in log.iter()? {
        let (place, bytes) = row?;
        let entry = Link::open(bytes.value())?.entry;
        let unknown = || Error::Damaged(format!("the audit log names no thing of ours: {}", entry.resource));
        let (_, resource) = Resource::read_id(&entry.resource).ok_or_else(unknown)?;
        index::add(writer, place.value(), resource, &entry)?;
    }
    Ok(())
}

/// A page of the entries about the thing with these bits, newest first: as `environment` shows it, those that concern it
/// or all environments alike.
pub fn about(
    access: &impl Access,
    resource: Bits,
    environment: Option<EnvironmentId>,
    request: &PageRequest,
) -> Result<Page<Entry>, Error> {
    // With more entries than there are blocks, reading all blocks is quicker than looking for each.
    let few = usize::try_from(newest(access)? / index::BLOCK).unwrap_or(usize::MAX);
    let index = access.table(tables::AUDIT_OF)?;
    let rows = index.range((resource, 0)..=(resource, u64::MAX))?.rev().take(few.saturating_add(1));
    let mut places = rows.map(|row| Ok(row?.0.value().1)).collect::<Result<Vec<_>, Error>>()?;
    drop(index);
    if places.len() > few {
        places = index::find_about(access, resource, environment)?;
        places.truncate(MAX_HISTORY);
    } else {
        index::retain_seen(access, environment, &mut places)?;
    }
    of_places(access, places, request)
}

#[cfg(test)]
mod tests;
