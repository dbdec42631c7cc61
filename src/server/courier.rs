//! Delivers webhooks: takes what is due out of the outbox, tries to deliver it, and has written down what became of it.
//! The outbox has one lane for each flag and webhook, of which the head alone is due: so what happened to a flag arrives
//! in order. What is on its way when the process dies is still in the outbox, and is sent again: whatever happened
//! arrives at least once.
//!
//! Nothing here decides about data: the outbox is truth, and a slow receiver takes nothing but its own few places.

mod attempt;
mod slots;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::{self, JoinError, JoinHandle, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use attempt::{Attempted, Parcel, Verdict, attempt};
use slots::{MAX_PER_RECEIVER, Slots};

use super::random;
use crate::{
    control::Error,
    domain::{id::Bits, retry, time::Timestamp},
    egress::guard::Policy,
    http::app::Clock,
};

/// How often the clock is looked at, while something waits for its time.
const TICK: Duration = Duration::from_millis(250);
/// How long those who have a delivery may take for their answer once the server is told to stop.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// How long it takes until it is tried again to write down what was delivered, in seconds.
const SETTLE_AGAIN_SECONDS: i64 = 1;

/// Something that is due.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) webhook: Bits,
    pub(super) delivery: Bits,
    /// How often it was tried before.
    pub(super) failures: u32,
    pub(super) parcel: Parcel,
}

/// What the outbox has at a moment.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Heads of lanes whose time has come, those for longest first; of each webhook so many as were asked for.
    pub(super) due: Vec<Due>,
    /// When the time of another one comes.
    pub(super) next: Option<Timestamp>,
}

/// What became of an attempt, and what follows.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) webhook: Bits,
    pub(super) delivery: Bits,
    /// When it began.
    pub(super) at: Timestamp,
    pub(super) attempted: Attempted,
    /// When it is tried again, if it is.
    pub(super) again: Option<Timestamp>,
}

/// Where deliveries come from, and where it is written down what became of them.
pub(super) trait Outbox: Send + Sync + 'static {
    /// Tells of every delivery that is new or due at another time.
    fn changes(&self) -> watch::Receiver<u64>;

    /// What is due at `now`.
    fn due(&self, now: Timestamp, per_webhook: usize) -> Result<Round, Error>;

    /// Writes down what became of attempts, all of them or none.
    fn settle(&self, now: Timestamp, reports: &[Report]) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What delivers.
pub(super) struct Courier {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Courier {
    /// Begins to deliver.
    pub(super) fn start(outbox: impl Outbox, clock: Clock, policy: Policy) -> Self {
        let (stop, stopped) = oneshot::channel();
        let rounds = Rounds {
            changes: outbox.changes(),
            outbox,
            clock,
            policy: Arc::new(policy),
            slots: Slots::new(),
            attempts: JoinSet::new(),
            under_way: HashMap::new(),
            reports: Vec::new(),
            next: None,
        };
        Self { stop, task: tokio::spawn(rounds.run(stopped)) }
    }

    /// Has it begin with nothing more; what is on its way gets a moment. Answers what ends with it.
    pub(super) fn stop(self) -> JoinHandle<()> {
        // One that has ended by itself needs not be told.
        let _ended = self.stop.send(());
        self.task
    }
}

struct Rounds<O> {
    outbox: O,
    changes: watch::Receiver<u64>,
    clock: Clock,
    policy: Arc<Policy>,
    slots: Slots<Bits, Bits>,
    attempts: JoinSet<Attempted>,
    /// What the attempts are about, and when they began.
    under_way: HashMap<task::Id, (Due, Timestamp)>,
    /// What is not written down yet.
    reports: Vec<Report>,
    /// When to look again, if nothing happens before.
    next: Option<Timestamp>,
}

impl<O: Outbox> Rounds<O> {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.settle().await;
            if self.reports.is_empty() {
                self.begin();
            }
            tokio::select! {
                // A sender that was dropped means the same as one that spoke.
                _told = &mut stopped => break,
                () = self.wait(&mut ticks) => {}
            }
        }
        // Who is cut here is asked again at the next start.
        let _too_late = timeout(LAST_PATIENCE, async {
            while let Some(joined) = self.attempts.join_next_with_id().await {
                self.note(joined);
            }
        })
        .await;
        self.attempts.shutdown().await;
        self.settle().await;
    }

    /// Waits until there is something to do, and takes all there is.
    async fn wait(&mut self, ticks: &mut Interval) {
        loop {
            tokio::select! {
                Some(joined) = self.attempts.join_next_with_id() => {
                    self.note(joined);
                    // Whoever else has ended meanwhile is written down at the same time.
                    while let Some(joined) = self.attempts.try_join_next_with_id() {
                        self.note(joined);
                    }
                    return;
                }
                Ok(()) = self.changes.changed() => return,
                _ = ticks.tick(), if self.next.is_some() => {
                    if self.next.is_some_and(|next| next <= (self.clock)()) {
                        return;
                    }
                }
                // Without an outbox there is nothing to wait for but to be stopped.
                else => return std::future::pending().await,
            }
        }
    }

    /// Begins with what is due and has a place.
    fn begin(&mut self) {
        let now = (self.clock)();
        let round = match self.outbox.due(now, MAX_PER_RECEIVER) {
            Ok(round) => round,
            Err(error) => {
                tracing::error!(?error, "the outbox of webhooks cannot be read; it is tried again");
                Round { due: Vec::new(), next: Some(now.plus_seconds(SETTLE_AGAIN_SECONDS)) }
            }
        };
        self.next = round.next;
        for due in round.due {
            if !self.slots.take(due.webhook, due.delivery) {
                continue;
            }
            let (parcel, policy) = (due.parcel.clone(), Arc::clone(&self.policy));
            let begun = self.attempts.spawn(async move { attempt(&parcel, &policy, now).await });
            self.under_way.insert(begun.id(), (due, now));
        }
    }

    /// Takes what became of an attempt.
    fn note(&mut self, joined: Result<(task::Id, Attempted), JoinError>) {
        let (id, attempted) = match joined {
            Ok((id, attempted)) => (id, attempted),
            Err(error) => (error.id(), Attempted::broken()),
        };
        let Some((due, at)) = self.under_way.remove(&id) else { return };
        let again = match &attempted.verdict {
            Verdict::Delivered | Verdict::Hopeless(_) => None,
            Verdict::Failed(_, wish) => {
                let failures = due.failures.saturating_add(1);
                retry::next_attempt((self.clock)(), failures, jitter(), *wish)
            }
        };
        let Due { webhook, delivery, .. } = due;
        self.reports.push(Report { webhook, delivery, at, attempted, again });
    }

    /// Writes down what is not written down yet. Until it is, the outbox knows nothing of it, and nothing more is begun.
    async fn settle(&mut self) {
        if self.reports.is_empty() {
            return;
        }
        let now = (self.clock)();
        match self.outbox.settle(now, &self.reports).await {
            Ok(()) => {
                for Report { webhook, delivery, .. } in self.reports.drain(..) {
                    self.slots.give_back(webhook, delivery);
                }
            }
            Err(error) => {
                tracing::error!(?error, "deliveries could not be written down; it is tried again");
                self.next = Some(now.plus_seconds(SETTLE_AGAIN_SECONDS));
            }
        }
    }
}

/// Without entropy, those who failed together come again together.
fn jitter() -> u32 {
    random().map(u32::from_le_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
