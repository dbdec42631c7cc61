//! How many entries a search finds. The log only grows, so that what was counted once need not be counted again: the
//! full blocks of recent searches are remembered, and the first of a search alone looks at all of them.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redb::ReadableTable;

use super::{
    Link,
    index::{BLOCK, Wanted},
};
use crate::{
    domain::audit::Search,
    store::{Access, Error, codec::Stored, tables},
};

/// Searches that are remembered; the one that was not asked for the longest is forgotten first.
const MAX_SEARCHES: usize = 64;

/// What recent searches found.
#[derive(Default)]
pub struct Counts(Mutex<VecDeque<(Search, Counted)>>);

/// What a search found in the first blocks.
#[derive(Clone, Copy)]
struct Counted {
    /// So many blocks, and the digest that the entry after them carries: whatever log that entry is in has the same
    /// entries before it, also after a backup was put in the place of the data.
    blocks: u64,
    digest: [u8; 32],
    found: u64,
}

impl Counts {
    /// How many entries are found.
    pub(super) fn of(&self, access: &impl Access, search: &Search) -> Result<u64, Error> {
        let table = access.table(tables::AUDIT_SEARCH)?;
        let Some(last) = table.last()?.map(|(block, _)| block.value()) else { return Ok(0) };
        let wanted = Wanted::from(search);
        let count = |from, to| {
            table.range(from..to)?.try_fold(0, |count: u64, block| {
                Ok::<_, Error>(count.saturating_add(wanted.count(block?.1.value())))
            })
        };
        let known = match self.recall(search).filter(|known| known.blocks <= last) {
            Some(known) if digest_before(access, known.blocks)? == Some(known.digest) => Some(known),
            _ => None,
        };
        let mut found = known.map_or(0, |known| known.found);
        let from = known.map_or(0, |known| known.blocks);
        if from < last || known.is_none() {
            found = found.saturating_add(count(from, last)?);
            if let Some(digest) = digest_before(access, last)? {
                self.remember(search, Counted { blocks: last, digest, found });
            }
        }
        Ok(found.saturating_add(count(last, u64::MAX)?))
    }

    fn recall(&self, search: &Search) -> Option<Counted> {
        let mut known = self.lock();
        let at = known.iter().position(|(it, _)| it == search)?;
        let found = known.remove(at)?;
        let counted = found.1;
        known.push_front(found);
        Some(counted)
    }

    fn remember(&self, search: &Search, counted: Counted) {
        let mut known = self.lock();
        known.retain(|(it, _)| it != search);
        known.push_front((search.clone(), counted));
        known.truncate(MAX_SEARCHES);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Search, Counted)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts").field("searches", &self.lock().len()).finish()
    }
}

/// What the entry after so many blocks says of those before it.
fn digest_before(access: &impl Access, blocks: u64) -> Result<Option<[u8; 32]>, Error> {
    let next = blocks.saturating_mul(BLOCK).saturating_add(1);
    let Some(bytes) = access.table(tables::AUDIT)?.get(next)?.map(|it| Link::open(it.value())) else {
        return Ok(None);
    };
    Ok(Some(bytes?.previous))
}
