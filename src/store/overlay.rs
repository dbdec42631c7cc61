//! What is on a medium, to be read by a database of its own that changes nothing there: what it writes stays in memory.
//!
//! A database that was not closed is put in order before it is read, and that writes a little.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// What is kept in one piece, in bytes.
const BLOCK_BYTES: usize = 4096;
/// The most pieces that are kept: 64 MiB. To put a file in order takes about one for each thousand that it has.
const MAX_BLOCKS: usize = 16 * 1024;

/// What is on a medium, and what was written over it.
#[derive(Debug)]
pub(super) struct Overlay {
    under: Box<dyn StorageBackend>,
    over: Mutex<Over>,
}

#[derive(Debug)]
struct Over {
    /// How long it is as a whole.
    len: u64,
    /// How much of what is under it is seen.
    seen: u64,
    /// What was written, by its place.
    blocks: BTreeMap<u64, Box<[u8; BLOCK_BYTES]>>,
}

impl Overlay {
    pub(super) fn over(under: Box<dyn StorageBackend>) -> io::Result<Self> {
        let len = under.len()?;
        Ok(Self { under, over: Mutex::new(Over { len, seen: len, blocks: BTreeMap::new() }) })
    }

    fn locked(&self) -> MutexGuard<'_, Over> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is under the overlay from `offset` on, and nothing but zeros beyond what is seen of it.
    fn read_under(&self, seen: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there =
            usize::try_from(seen.saturating_sub(offset)).map_or(out.len(), |there| there.min(out.len()));
        let (there, beyond) = out.split_at_mut(there);
        beyond.fill(0);
        if there.is_empty() { Ok(()) } else { self.under.read(offset, there) }
    }
}

/// The parts of a range of bytes, by blocks: the place of each block, and what of it is meant.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, Range<usize>)> {
    let block = BLOCK_BYTES as u64;
    let end = offset.saturating_add(len as u64);
    (offset / block..end.div_ceil(block)).map(move |index| {
        let start = index * block;
        let within =
            |at: u64| usize::try_from(at.saturating_sub(start)).map_or(BLOCK_BYTES, |at| at.min(BLOCK_BYTES));
        (start, within(offset)..within(end))
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.locked().len)
    }

    fn read(&self, offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        let over = self.locked();
        let end = offset.saturating_add(out.len() as u64);
        if end > over.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (start, part) in parts(offset, out.len()) {
            let (piece, rest) = out.split_at_mut(part.len());
            match over.blocks.get(&start) {
                Some(block) => piece.copy_from_slice(&block[part]),
                None => self.read_under(over.seen, start + part.start as u64, piece)?,
            }
            out = rest;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut over = self.locked();
        over.len = len;
        over.seen = over.seen.min(len);
        over.blocks.retain(|start, _| *start < len);
        if let Some(mut last) = over.blocks.last_entry() {
            let kept = usize::try_from(len - last.key()).map_or(BLOCK_BYTES, |kept| kept.min(BLOCK_BYTES));
            last.get_mut()[kept..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, mut data: &[u8]) -> io::Result<()> {
        let mut over = self.locked();
        for (start, part) in parts(offset, data.len()) {
            if !over.blocks.contains_key(&start) {
                if over.blocks.len() == MAX_BLOCKS {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                let mut block = Box::new([0; BLOCK_BYTES]);
                self.read_under(over.seen, start, &mut block[..])?;
                over.blocks.insert(start, block);
            }
            let (piece, rest) = data.split_at(part.len());
            if let Some(block) = over.blocks.get_mut(&start) {
                block[part].copy_from_slice(piece);
            }
            data = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// A medium with these bytes.
    fn medium(bytes: &[u8]) -> Box<dyn StorageBackend> {
        let medium = InMemoryBackend::new();
        medium.set_len(bytes.len() as u64).unwrap();
        medium.write(0, bytes).unwrap();
        Box::new(medium)
    }

    fn all(overlay: &Overlay) -> Vec<u8> {
        let mut bytes = vec![1; usize::try_from(overlay.len().unwrap()).unwrap()];
        overlay.read(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn it_reads_as_if_everything_had_been_written_to_one_place() {
        let mut plain: Vec<u8> = (0..=250).cycle().take(30_000).collect();
        let overlay = Overlay::over(medium(&plain)).unwrap();
        let writes = [(0, 1), (4_095, 2), (8_192, 4_096), (10_000, 15_000), (29_999, 1), (5_000, 0)];
        for (value, (offset, len)) in (240..).zip(writes) {
            let data = vec![value; len];
            overlay.write(offset as u64, &data).unwrap();
            plain[offset..offset + len].copy_from_slice(&data);
            assert_eq!(all(&overlay), plain, "after a write of {len} at {offset}");
        }
        for len in [29_000, 10_001, 40_000, 8_192, 8_192 + 5_000, 0, 50] {
            overlay.set_len(len as u64).unwrap();
            plain.resize(len, 0);
            assert_eq!(all(&overlay), plain, "with a length of {len}");
        }
        assert!(overlay.read(50, &mut [0]).is_err(), "beyond the end there is nothing to read");
    }

    #[test]
    fn it_keeps_no_more_than_its_limit() {
        let overlay = Overlay::over(medium(&[])).unwrap();
        let most = MAX_BLOCKS * BLOCK_BYTES;
        overlay.set_len(most as u64 * 2).unwrap();
        overlay.write(0, &vec![7; most]).unwrap();
        overlay.write(1, &[8; BLOCK_BYTES]).expect("there is a piece for it");
        assert!(overlay.write(most as u64, &[9]).is_err());
    }
}
