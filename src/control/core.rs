//! What the writer works on, and the writer itself: one thread that makes one change after the other, so that the
//! order of commits is the order of publications (invariant 2).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    call::Call,
    change::Change,
    error::Error,
    instruments::{Instruments, Panel},
    outbox::Outbox,
};
use crate::{
    auth::entropy::SystemEntropy,
    domain::{
        audit::Actor,
        id::{self, Bits},
        time::Timestamp,
    },
    live::Live,
    store::Store,
};

/// Changes that may wait for the writer; one more is refused.
pub(super) const MAX_WAITING_CHANGES: usize = 1_024;

/// The data, what is served of it, and what makes identifiers.
pub(super) struct Core {
    pub(super) store: Store,
    pub(super) live: Arc<Live>,
    pub(super) entropy: SystemEntropy,
    pub(super) panel: Arc<Panel>,
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
    ) -> Self {
        let panel = Arc::new(Panel::new(instruments));
        Self { store, live, entropy, panel, outbox, last_id: Mutex::new(0) }
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
