//! A disk for tests: in memory, with a power cord that can be pulled at any write and any sync, with errors, and as slow as
//! one likes. What was written since the last sync may be there after a cut or not, each block of it by itself.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use redb::{Database, DatabaseError, StorageBackend};

use super::medium::{CACHE_BYTES, Medium};
use super::{OpenError, Store, migrate};

/// What a disk writes in one go, in bytes.
const BLOCK: usize = 4096;

/// The disk. A copy of it is the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Plate>);

#[derive(Debug, Default)]
struct Plate {
    content: Mutex<Content>,
    released: Condvar,
}

impl From<Content> for Disk {
    fn from(content: Content) -> Self {
        Self(Arc::new(Plate { content: Mutex::new(content), released: Condvar::new() }))
    }
}

#[derive(Debug, Default)]
struct Content {
    /// What survives a cut for certain.
    synced: Vec<u8>,
    /// What is read.
    seen: Vec<u8>,
    /// The blocks in which the two may differ.
    unsynced: BTreeSet<usize>,
    /// Writes, changes of length and syncs so far.
    steps: u64,
    /// Syncs alone.
    syncs: u64,
    /// The step at which the power goes.
    cut_at: Option<u64>,
    /// The most bytes that there is room for.
    room: Option<usize>,
    /// The one step that fails.
    fails_at: Option<u64>,
    /// Whether whoever writes has to wait.
    held: bool,
    /// Whether somebody does.
    awaited: bool,
    /// Whether nothing of it is kept in memory.
    uncached: bool,
}

impl Content {
    /// One more step, if there is power for it.
    fn step(&mut self) -> io::Result<()> {
        if self.cut_at.is_some_and(|cut| self.steps >= cut) {
            return Err(io::Error::other("the power is gone"));
        }
        self.steps += 1;
        if self.fails_at == Some(self.steps) { Err(io::Error::other("the disk failed")) } else { Ok(()) }
    }

    fn touch(&mut self, from: usize, to: usize) {
        self.unsynced.extend(from / BLOCK..to.div_ceil(BLOCK));
    }
}

impl Disk {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.content.lock().expect("no test panics with a disk in hand")
    }

    /// The store on this disk, as a start opens it.
    pub(crate) fn open(&self) -> Result<Store, OpenError> {
        let store = Store::on(self.clone())?;
        migrate::run(&store, migrate::state(&store)?)?;
        Ok(store)
    }

    /// Writes, changes of length and syncs so far.
    pub(crate) fn steps(&self) -> u64 {
        self.content().steps
    }

    /// Syncs so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.content().syncs
    }

    /// A copy of what there is, with the power to be cut after so many more steps, if ever.
    pub(crate) fn copy(&self, cut_at: Option<u64>) -> Self {
        let from = self.content();
        let (synced, seen, unsynced) = (from.synced.clone(), from.seen.clone(), from.unsynced.clone());
        Content { synced, seen, unsynced, cut_at, ..Content::default() }.into()
    }

    /// The same disk, of which nothing is kept in memory: whoever reads, reads from the disk.
    pub(crate) fn uncached(self) -> Self {
        self.content().uncached = true;
        self
    }

    /// What is there when the power comes back: of each block that was not synced, the old or the new, as `keeps` says.
    pub(crate) fn after_the_cut(&self, mut keeps: impl FnMut() -> bool) -> Self {
        let content = self.content();
        let mut left = content.synced.clone();
        if keeps() {
            left.resize(content.seen.len(), 0);
        }
        for block in &content.unsynced {
            let end = ((block + 1) * BLOCK).min(content.seen.len()).min(left.len());
            let place = (block * BLOCK).min(end)..end;
            if keeps() {
                left[place.clone()].copy_from_slice(&content.seen[place]);
            }
        }
        Content { synced: left.clone(), seen: left, ..Content::default() }.into()
    }

    /// From here on there is room for what is on it and for so many bytes more; `None` ends that.
    pub(crate) fn limit_room(&self, more: Option<usize>) {
        let mut content = self.content();
        content.room = more.map(|more| content.seen.len() + more);
    }

    fn when_released(&self) -> MutexGuard<'_, Content> {
        let held = |content: &mut Content| {
            content.awaited = content.held;
            content.held
        };
        let released = self.0.released.wait_while(self.content(), held);
        released.expect("no test panics with a disk in hand")
    }

    /// From here on whoever writes waits until the disk is released.
    pub(crate) fn hold(&self) {
        self.content().held = true;
    }

    /// Whether somebody waits for that.
    pub(crate) fn is_awaited(&self) -> bool {
        self.content().awaited
    }

    /// Ends that.
    pub(crate) fn release(&self) {
        self.content().held = false;
        self.0.released.notify_all();
    }

    /// The step after so many more fails, and no other.
    pub(crate) fn fail_once_after(&self, steps: u64) {
        let mut content = self.content();
        content.fails_at = Some(content.steps + steps + 1);
    }
}

impl Medium for Disk {
    fn open(&self) -> Result<Database, DatabaseError> {
        let cache = if self.content().uncached { 0 } else { CACHE_BYTES };
        Database::builder().set_cache_size(cache).create_with_backend(self.clone())
    }

    fn beside(&self) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.clone()))
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.content();
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = content.seen.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut content = self.when_released();
        content.step()?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        if content.room.is_some_and(|room| len > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let (from, to) = (content.seen.len().min(len), content.seen.len().max(len));
        content.touch(from, to);
        content.seen.resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = self.when_released();
        content.step()?;
        content.syncs += 1;
        content.synced = content.seen.clone();
        content.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut content = self.when_released();
        content.step()?;
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let to = from + data.len();
        content.seen.get_mut(from..to).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        content.touch(from, to);
        Ok(())
    }
}
