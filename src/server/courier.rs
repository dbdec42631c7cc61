//! Delivers webhooks: takes what is due out of the outbox, tries to deliver it, and has written down what became of it.
//! The outbox has one lane for each flag and webhook, of which the head alone is due: so what happened to a flag arrives
//! in order. What is on its way when the process dies is still in the outbox, and is sent again: whatever happened
//! arrives at least once.
//!
//! Nothing here decides about data: the outbox is truth, and a slow receiver takes nothing but its own few places.

mod attempt;
mod outbox;
mod slots;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{self, JoinError, JoinHandle, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use attempt::{Outlook, attempt};
use slots::{MAX_PER_RECEIVER, Slots};

use super::random;
use crate::{
    control::{
        Error,
        outbox::{Agenda, Letter, Outcome, Verdict},
    },
    domain::{
        delivery::Attempt,
        id::{DeliveryId, WebhookId},
        retry,
        time::Timestamp,
    },
    egress::guard::Policy,
    http::app::Clock,
};

/// How often the clock is looked at, while something waits for its time.
const TICK: Duration = Duration::from_millis(250);
/// How long those who have a delivery may take for their answer once the server is told to stop.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// How long it takes until the outbox is tried again that could not be read or written, in seconds.
const AGAIN_SECONDS: i64 = 1;

/// Where deliveries come from, and where it is written down what became of them.
pub(super) trait Outbox: Send + Sync + 'static {
    /// Waits until something may be due that was not.
    fn queued(&self) -> impl Future<Output = ()> + Send;

    /// What is due at `now`, at most so many deliveries of each webhook, those that are under way included.
    fn due(&self, now: Timestamp, most: usize) -> impl Future<Output = Result<Agenda, Error>> + Send;

    /// What to send for a delivery, if it still is to be sent.
    fn letter(
        &self,
        webhook: WebhookId,
        delivery: DeliveryId,
    ) -> impl Future<Output = Result<Option<Letter>, Error>> + Send;

    /// Writes down what became of attempts: of all of them, or of none.
    fn settle(
        &self,
        now: Timestamp,
        outcomes: Vec<Outcome>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What holds the courier to its work. Once this is dropped it begins with nothing more, and what is on its way gets a
/// moment.
pub(super) struct Leash(#[expect(dead_code, reason = "being dropped is what it does")] oneshot::Sender<()>);

/// Begins to deliver, and answers how to end that and when it has.
pub(super) fn start(outbox: impl Outbox, clock: Clock, policy: Policy) -> (Leash, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let rounds = Rounds {
        outbox: Arc::new(outbox),
        clock,
        policy: Arc::new(policy),
        slots: Slots::new(),
        attempts: JoinSet::new(),
        under_way: HashMap::new(),
        outcomes: Vec::new(),
        next: None,
    };
    (Leash(stop), tokio::spawn(rounds.run(stopped)))
}

/// A delivery, and the webhook that it goes to.
type Ticket = (WebhookId, DeliveryId);

struct Rounds<O> {
    outbox: Arc<O>,
    clock: Clock,
    policy: Arc<Policy>,
    slots: Slots<WebhookId, DeliveryId>,
    /// What becomes of a delivery; of one that need not be sent any more, nothing does.
    attempts: JoinSet<Option<Outcome>>,
    /// What the attempts are about.
    under_way: HashMap<task::Id, Ticket>,
    /// What is not written down yet.
    outcomes: Vec<Outcome>,
    /// When to look again, if nothing happens before.
    next: Option<Timestamp>,
}

impl<O: Outbox> Rounds<O> {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.settle().await;
            if self.outcomes.is_empty() {
                self.begin().await;
            }
            tokio::select! {
                _let_go = &mut stopped => break,
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
                () = self.outbox.queued() => return,
                _ = ticks.tick(), if self.next.is_some() => {
                    if self.next.is_some_and(|next| next <= (self.clock)()) {
                        return;
                    }
                }
            }
        }
    }

    /// Begins with what is due and has a place.
    async fn begin(&mut self) {
        let now = (self.clock)();
        let agenda = self.outbox.due(now, MAX_PER_RECEIVER).await.unwrap_or_else(|error| {
            tracing::error!(?error, "the outbox of webhooks cannot be read; it is tried again");
            Agenda { due: Vec::new(), next: Some(now.plus_seconds(AGAIN_SECONDS)) }
        });
        self.next = agenda.next;
        for (webhook, deliveries) in agenda.due {
            for delivery in deliveries {
                if !self.slots.take(webhook, delivery) {
                    continue;
                }
                let (outbox, policy) = (Arc::clone(&self.outbox), Arc::clone(&self.policy));
                let clock = Arc::clone(&self.clock);
                let errand = async move { deliver(&*outbox, (webhook, delivery), &clock, &policy).await };
                let begun = self.attempts.spawn(errand);
                self.under_way.insert(begun.id(), (webhook, delivery));
            }
        }
    }

    /// Takes what became of an attempt.
    fn note(&mut self, joined: Result<(task::Id, Option<Outcome>), JoinError>) {
        let (id, outcome) = match joined {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "a delivery broke off");
                (error.id(), None)
            }
        };
        match (self.under_way.remove(&id), outcome) {
            // It keeps its place until that is written down.
            (_, Some(outcome)) => self.outcomes.push(outcome),
            (Some((webhook, delivery)), None) => self.slots.give_back(webhook, delivery),
            (None, None) => {}
        }
    }

    /// Writes down what is not written down yet. Until it is, the outbox knows nothing of it, and nothing more is begun.
    async fn settle(&mut self) {
        if self.outcomes.is_empty() {
            return;
        }
        let now = (self.clock)();
        match self.outbox.settle(now, self.outcomes.clone()).await {
            Ok(()) => {
                for outcome in self.outcomes.drain(..) {
                    self.slots.give_back(outcome.webhook, outcome.delivery);
                }
            }
            Err(error) => {
                tracing::error!(?error, "deliveries could not be written down; it is tried again");
                self.next = Some(now.plus_seconds(AGAIN_SECONDS));
            }
        }
    }
}

/// Tries to deliver.
async fn deliver(outbox: &impl Outbox, ticket: Ticket, clock: &Clock, policy: &Policy) -> Option<Outcome> {
    let (webhook, delivery) = ticket;
    let at = clock();
    let (attempt, verdict) = match outbox.letter(webhook, delivery).await {
        Ok(Some(letter)) => {
            let (attempt, outlook) = attempt(&letter, policy, at).await;
            (attempt, verdict(outlook, letter.attempts.saturating_add(1), clock()))
        }
        Ok(None) => return None,
        Err(error) => {
            tracing::error!(?error, %webhook, %delivery, "a delivery cannot be read; it is tried again");
            (unread(at), verdict(Outlook::Again(None), 1, clock()))
        }
    };
    Some(Outcome { webhook, delivery, attempt, verdict })
}

/// What becomes of a delivery after so many attempts.
fn verdict(outlook: Outlook, attempts: u32, now: Timestamp) -> Verdict {
    match outlook {
        Outlook::Arrived => Verdict::Delivered,
        Outlook::Hopeless => Verdict::Failed,
        Outlook::Again(wish) => {
            // Without entropy, those who failed together come again together.
            let random = random().map(u32::from_le_bytes).unwrap_or_default();
            retry::next_attempt(now, attempts, random, wish).map_or(Verdict::Failed, Verdict::RetryAt)
        }
    }
}

/// An attempt that was none, since what is to be sent cannot be read.
fn unread(at: Timestamp) -> Attempt {
    let error = Some("the event cannot be read".to_owned());
    Attempt { at, status: None, latency_millis: 0, error, answer: Vec::new() }
}

#[cfg(test)]
mod tests;
