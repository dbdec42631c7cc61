//! What the writer works on, and the writer itself: one thread that makes one change after the other, so that the
//! order of commits is the order of publications (invariant 2).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{
    call::Call,
    change::Change,
    error::Error,
    instruments::{Instruments, Panel},
    load,
    outbox::Outbox,
};
use crate::{
    auth::entropy::SystemEntropy,
    domain::{
        audit::Actor,
        id::{self, Bits},
        schedule::Due,
        time::Timestamp,
    },
    live::Live,
    store::{self, Store, Writer},
};

/// Changes that may wait for the writer; one more is refused.
pub(super) const MAX_WAITING_CHANGES: usize = 1_024;

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

type Job = Box<dyn FnOnce(&Core) + Send>;

/// The way to the writing thread, which ends when this is dropped.
pub(super) struct WriterThread {
    jobs: mpsc::Sender<Job>,
    panel: Arc<Panel>,
    thread: thread::JoinHandle<()>,
}

impl WriterThread {
    pub(super) fn start(core: Arc<Core>) -> std::io::Result<Self> {
        let (jobs, mut inbox) = mpsc::channel::<Job>(MAX_WAITING_CHANGES);
        let panel = Arc::clone(&core.panel);
        let thread = thread::Builder::new().name("phaseflag-writer".into()).spawn(move || {
            while let Some(job) = inbox.blocking_recv() {
                job(&core);
            }
        })?;
        Ok(Self { jobs, panel, thread })
    }

    /// How many changes wait.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Waits until every change that was taken on is made.
    pub(super) fn join(self) {
        drop(self.jobs);
        if self.thread.join().is_err() {
            tracing::error!("the writer ended with a panic");
        }
    }

    /// Runs `edit` on the writing thread and commits what it did; an error undoes it. Once begun, a change runs to
    /// its end even if the client that asked for it is gone.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: Call,
        actor: Option<Actor>,
        edit: impl FnOnce(&mut Change<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let asked = self.panel.now();
        let job: Job = Box::new(move |core| {
            let passage = core.panel.begin(asked);
            let attempt = || {
                let mut change = Change::begin(core, &call, actor)?;
                let value = edit(&mut change)?;
                change.commit().map(|commit| (value, commit))
            };
            let panicked = |_| Err(Error::Internal("a change panicked; it was undone".into()));
            let made = catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(panicked);
            if matches!(made, Err(Error::Storage(_))) {
                core.store.note_failure();
            }
            core.panel.end(passage, &call, made.as_ref().map(|(_, commit)| *commit));
            // A client that is gone does not need the answer.
            let _gone = reply.send(made.map(|(value, _)| value));
        });
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                self.panel.turned_away();
                Error::Busy
            }
            mpsc::error::TrySendError::Closed(_) => Error::Internal("the writer has stopped".into()),
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::Internal("the writer has stopped".into())))
    }
}
