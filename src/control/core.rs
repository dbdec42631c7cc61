//! What the writer works on: the data, what is served of it, and what makes identifiers.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;

use super::{
    error::Error,
    instruments::{Instruments, Panel},
    load,
    outbox::Outbox,
};
use crate::{
    auth::entropy::SystemEntropy,
    domain::{
        id::{self, Bits},
        schedule::Due,
        time::Timestamp,
    },
    live::Live,
    store::{self, Store, Writer},
};

/// The data, what is served of it, and what makes identifiers.
pub(super) struct Core {
    pub(super) store: Store,
    pub(super) live: Arc<Live>,
    pub(super) entropy: SystemEntropy,
    pub(super) panel: Arc<Panel>,
    /// The opening of the data file after which everything was read that is served.
    read_after: AtomicU64,
    /// The schedule whose time comes next: after each commit, whatever it was about.
    due: watch::Sender<Option<Due>>,
    pub(super) outbox: Outbox,
    last_id: Mutex<Bits>,
}

impl Core {
    pub(super) fn new(
        store: Store,
        live: Arc<Live>,
        entropy: SystemEntropy,
        instruments: Instruments,
        outbox: Outbox,
    ) -> Result<Self, Error> {
        let panel = Arc::new(Panel::new(instruments));
        let read_after = AtomicU64::new(store.openings());
        let due = watch::Sender::new(store::schedule::next(&store.read()?)?);
        Ok(Self { store, live, entropy, panel, outbox, read_after, due, last_id: Mutex::new(0) })
    }

    /// Wakes whoever waits for the next schedule if it is another one.
    pub(super) fn tell_due(&self, next: Option<Due>) {
        self.due.send_if_modified(|known| std::mem::replace(known, next) != next);
    }

    /// The schedule whose time comes next, and word of every other one.
    pub(super) fn due(&self) -> watch::Receiver<Option<Due>> {
        self.due.subscribe()
    }

    /// Begins to write. If the data file had to be opened again, whatever is served is read from it again: the last
    /// change before the error may be in it, though nobody was told so.
    pub(super) fn write(&self, now: Timestamp) -> Result<Writer, Error> {
        let writer = self.store.write()?;
        let openings = self.store.openings();
        if self.read_after.load(Ordering::Relaxed) != openings {
            self.live.replace(load::everything(&self.store)?, now);
            self.tell_due(store::schedule::next(&writer)?);
            self.outbox.wake();
            self.read_after.store(openings, Ordering::Relaxed);
        }
        Ok(writer)
    }

    /// A fresh identifier, above every one that this process made before.
    pub(super) fn mint<I: From<Bits>>(&self, now: Timestamp) -> I {
        let mut random = [0; 16];
        // Without entropy identifiers are still unique and in order, and they are not secrets.
        let _predictable = self.entropy.fill(&mut random);
        let mut last = self.last_id.lock().unwrap_or_else(PoisonError::into_inner);
        *last = id::next(*last, now.millis(), Bits::from_le_bytes(random));
        I::from(*last)
    }
}
