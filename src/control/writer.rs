//! The writer: one thread that makes one change after the other, so that the order of commits is the order of
//! publications (invariant 2).
//!
//! Waiting for the disk is most of what a change costs, so changes that wait at the same time become durable together: each
//! has a transaction of its own, which the next one builds on, and the last one's commit reaches the disk with all of
//! them. Until then nobody is told of any, nothing is published, and readers see the file without them. What the disk did
//! not take is undone for all of them, and each of those who asked is told so.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    call::Call,
    change::{Change, Durable, Ended},
    core::Core,
    error::Error,
    instruments::{Interval, Panel},
};
use crate::{
    domain::{audit::Actor, id::EnvironmentId},
    engine::Ruleset,
    store,
};

/// Changes that may wait for the writer; one more is refused.
const MAX_WAITING_CHANGES: usize = 1_024;
/// Changes that become durable together: so many that the disk is no longer what takes the time, and so few that the first
/// of them does not wait long for the last.
const MAX_TOGETHER: usize = 64;

type Job = Box<dyn FnOnce(&Core, &mut Group, Durable) + Send>;

/// What is done for a change once it is known whether it became durable.
type Finish = Box<dyn FnOnce(&Core, Result<Interval, Error>)>;

/// Changes that were made, one on top of the other, and are not durable yet.
#[derive(Default)]
pub(super) struct Group {
    /// The opening of the data file in which they were made.
    opening: u64,
    rulesets: BTreeMap<EnvironmentId, Arc<Ruleset>>,
    kept: Vec<Finish>,
    /// Those that went with a data file that had to be opened again.
    lost: Vec<Finish>,
}

impl Group {
    /// The data file is in this opening. What was kept in another one is gone.
    pub(super) fn is_in(&mut self, opening: u64) {
        if self.opening != opening {
            self.lost.append(&mut self.kept);
            self.rulesets.clear();
            self.opening = opening;
        }
    }

    /// The ruleset that the last of them made of an environment.
    pub(super) fn ruleset(&self, environment: EnvironmentId) -> Option<Arc<Ruleset>> {
        self.rulesets.get(&environment).cloned()
    }

    /// Adds a change that made these rulesets.
    fn add(&mut self, rulesets: Vec<Arc<Ruleset>>, finish: Finish) {
        self.rulesets.extend(rulesets.into_iter().map(|ruleset| (ruleset.environment(), ruleset)));
        self.kept.push(finish);
    }

    /// Everything is durable since this commit, or nothing is.
    fn settle(&mut self, core: &Core, committed: &Result<Interval, Error>) {
        self.rulesets.clear();
        for finish in self.lost.drain(..) {
            finish(core, Err(undone()));
        }
        for finish in self.kept.drain(..) {
            finish(core, committed.as_ref().map_or_else(|_| Err(undone()), |committed| Ok(*committed)));
        }
    }

    /// Makes durable what is not so yet.
    fn end(&mut self, core: &Core) {
        if self.kept.is_empty() && self.lost.is_empty() {
            return;
        }
        let mut commit = || {
            let tx = core.store.write()?;
            self.is_in(core.store.openings());
            Ok(core.panel.time(|| tx.commit())?)
        };
        let committed = commit();
        if committed.is_err() {
            core.store.note_failure();
        }
        self.settle(core, &committed);
    }
}

/// What those are told whose changes the disk did not take.
fn undone() -> Error {
    store::Error::Unavailable("the disk failed before the change was on it".into()).into()
}

/// The way to the writing thread, which ends when this is dropped.
pub(super) struct WriterThread {
    jobs: mpsc::Sender<Job>,
    panel: Arc<Panel>,
    thread: thread::JoinHandle<()>,
}

impl WriterThread {
    pub(super) fn start(core: Arc<Core>) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Job>(MAX_WAITING_CHANGES);
        let panel = Arc::clone(&core.panel);
        let thread =
            thread::Builder::new().name("phaseflag-writer".into()).spawn(move || work(&core, inbox))?;
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
        let job: Job = Box::new(move |core, group, durable| {
            let passage = core.panel.begin(asked);
            let attempt = guarded(|| {
                let mut change = Change::begin(core, group, &call, actor)?;
                let value = edit(&mut change)?;
                change.commit(durable).map(|ended| (value, ended))
            });
            let finish = move |core: &Core, made: Result<(T, Option<Interval>), Error>| {
                core.panel.end(passage, &call, made.as_ref().map(|(_, committed)| *committed));
                // A client that is gone does not need the answer.
                let _gone = reply.send(made.map(|(value, _)| value));
            };
            let (value, news, committed) = match attempt {
                Ok((value, Ended::Undone)) => return finish(core, Ok((value, None))),
                Ok((value, Ended::Kept(news))) => (value, news, None),
                Ok((value, Ended::Durable(news, committed))) => (value, news, Some(committed)),
                Err(error) => {
                    if matches!(error, Error::Storage(_)) {
                        core.store.note_failure();
                    }
                    return finish(core, Err(error));
                }
            };
            let rulesets: Vec<_> = news.rulesets().map(Arc::clone).collect();
            group.add(
                rulesets,
                Box::new(move |core, committed| {
                    let told =
                        committed.and_then(|committed| guarded(|| news.publish(core)).map(|()| committed));
                    finish(core, told.map(|committed| (value, Some(committed))));
                }),
            );
            if let Some(committed) = committed {
                group.settle(core, &Ok(committed));
            }
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

/// What the thread does: group after group of those who wait, one by one.
fn work(core: &Core, mut inbox: mpsc::Receiver<Job>) {
    while let Some(first) = inbox.blocking_recv() {
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(job) = next {
            let last = inbox.is_empty() || group.kept.len() + 1 >= MAX_TOGETHER;
            job(core, &mut group, if last { Durable::Now } else { Durable::Later });
            next = if last { None } else { inbox.try_recv().ok() };
        }
        group.end(core);
    }
}

/// A panic is an error of the one change that caused it.
fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let panicked = |_| Err(Error::Internal("a change panicked; it was undone".into()));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked)
}
