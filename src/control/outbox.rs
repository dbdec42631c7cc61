//! The outbox as the courier sees it, who sends what is in it: what is due, what to send, and what became of it. The
//! courier asks for all of this on behalf of the server; nobody else may.
//!
//! The courier's round: [`due`] tells which deliveries may be sent now; for each, [`letter`] tells where and what; the
//! [`Outcome`]s go to [`settle`], any number at a time. Then it waits for [`queued`], or until the moment that [`due`]
//! named. Whatever happens in between, nothing is lost: what was not settled is due again after a start.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::sync::Notify;

use super::{
    Control,
    call::{self, Call},
    change::Change,
    error::Error,
    event::MakeBody,
    scope::project_scope,
};
use crate::{
    domain::{
        audit::{Action, FieldChange},
        delivery::{Attempt, DELIVERY_RETENTION_DAYS, Delivery, MAX_ANSWER_BYTES, Progress},
        event::EventType,
        id::{DeliveryId, EventId, WebhookId},
        lifecycle::Patience,
        time::Timestamp,
        user::User,
        webhook::{Health, PAUSE_AFTER_SECONDS, SigningSecret, Webhook, WebhookUrl},
    },
    store,
    tally::{Counter, Durations},
};

/// Characters that are kept of why an attempt failed.
const MAX_ERROR_CHARS: usize = 500;
/// Old deliveries that are forgotten in one transaction.
const MAX_FORGOTTEN: usize = 1_000;

const SECONDS_PER_DAY: i64 = 86_400;

/// What a change needs to fill the outbox, and who is told of it.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) body: MakeBody,
    pub(super) patience: Patience,
    queued: Notify,
    measured: Posted,
}

/// What was measured of deliveries since the process started.
#[derive(Debug, Default)]
pub struct Posted {
    delivered: Counter,
    failed: Counter,
    /// Attempts, however they ended.
    pub attempts: Durations,
}

impl Posted {
    /// How many deliveries ended in each way.
    pub fn outcomes(&self) -> [(&'static str, u64); 2] {
        [("delivered", self.delivered.total()), ("failed", self.failed.total())]
    }
}

/// How much waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries.
    pub pending: u64,
    /// When the oldest of them was made.
    pub oldest: Option<Timestamp>,
}

/// What can be sent at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    /// For each webhook that has any: the deliveries that may be on their way at once, oldest first. They are the first
    /// ones of their lanes.
    pub due: Vec<(WebhookId, Vec<DeliveryId>)>,
    /// When the next one is due of those that are not.
    pub next: Option<Timestamp>,
}

/// What to send.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where to.
    pub url: WebhookUrl,
    /// What to sign it with.
    pub secret: SigningSecret,
    /// The event, which stays the same however often it is sent: receivers know by it what they have seen.
    pub event: EventId,
    /// What it tells of.
    pub event_type: EventType,
    /// How often it was tried before.
    pub attempts: u32,
    /// The body, the same every time.
    pub body: Vec<u8>,
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The webhook.
    pub webhook: WebhookId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// What was seen. Of the answer no more than [`MAX_ANSWER_BYTES`] are kept.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub verdict: Verdict,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It failed, and is tried again at this moment.
    RetryAt(Timestamp),
    /// It failed, and is given up.
    Failed,
}

impl Outbox {
    pub(super) fn new(body: MakeBody, patience: Patience) -> Self {
        Self { body, patience, queued: Notify::new(), measured: Posted::default() }
    }

    /// Has the courier look.
    pub(super) fn wake(&self) {
        self.queued.notify_one();
    }
}

/// Waits until something may be due that was not when [`due`] was asked: it was queued, or a webhook sends again. What
/// happens while nobody waits is told to the next one who does. There is one courier.
pub async fn queued(control: &Control) {
    control.core.outbox.queued.notified().await;
}

/// What was measured of deliveries.
pub fn posted(control: &Control) -> &Posted {
    &control.core.outbox.measured
}

/// How much waits to be sent, that of webhooks which are paused included.
pub fn backlog(control: &Control) -> Result<Backlog, Error> {
    let queues = store::delivery::queues(&control.read()?)?;
    Ok(Backlog {
        pending: queues.iter().map(|(_, counts, _)| counts.pending).sum(),
        oldest: queues.iter().filter_map(|(_, _, oldest)| *oldest).min(),
    })
}

/// What can be sent at `now`, at most so many deliveries of each webhook. Webhooks that do not send have nothing due.
pub fn due(control: &Control, now: Timestamp, most: usize) -> Result<Agenda, Error> {
    let reader = control.read()?;
    let mut agenda = Agenda::default();
    for (id, counts, _) in store::delivery::queues(&reader)? {
        if counts.pending == 0 {
            continue;
        }
        let Some(webhook) = store::webhook::by_id(&reader, id)? else { continue };
        if !webhook.health.is_sending() {
            continue;
        }
        let (mut heads, mut lanes) = (Vec::new(), HashSet::new());
        store::delivery::waiting(&reader, id, |waiting| {
            if !lanes.insert(waiting.lane) {
                return Some(());
            }
            if waiting.next_attempt_at <= now {
                heads.push(waiting.id);
            } else {
                let next = waiting.next_attempt_at;
                agenda.next = Some(agenda.next.map_or(next, |known| known.min(next)));
            }
            (heads.len() < most).then_some(())
        })?;
        if !heads.is_empty() {
            agenda.due.push((id, heads));
        }
    }
    Ok(agenda)
}

/// What to send for a delivery; `None` if it need not be sent any more, or the webhook does not send.
pub fn letter(control: &Control, webhook: WebhookId, delivery: DeliveryId) -> Result<Option<Letter>, Error> {
    let reader = control.read()?;
    let Some(webhook) = store::webhook::by_id(&reader, webhook)?.filter(|it| it.health.is_sending()) else {
        return Ok(None);
    };
    let delivery = store::delivery::by_id(&reader, webhook.id, delivery)?;
    let Some(delivery) = delivery.filter(waits) else { return Ok(None) };
    let lost = || store::Error::Damaged(format!("the event {} has no body", delivery.event));
    let body = store::delivery::body(&reader, delivery.event)?.ok_or_else(lost)?;
    Ok(Some(Letter {
        url: webhook.url,
        secret: webhook.secret,
        event: delivery.event,
        event_type: delivery.event_type,
        attempts: delivery.attempts,
        body,
    }))
}

fn waits(delivery: &Delivery) -> bool {
    delivery.progress.next_attempt_at().is_some()
}

/// Writes down what became of attempts, all of them in one transaction. That is no change in the sense of the audit log,
/// but that a webhook is paused is one: it is told there, and the operator of the machine is who did it.
pub async fn settle(control: &Control, call: &Call, outcomes: Vec<Outcome>) -> Result<(), Error> {
    let seen: Vec<_> = outcomes.iter().map(|it| (it.verdict, it.attempt.latency_millis)).collect();
    control
        .change(call, None, move |change| {
            let mut webhooks: BTreeMap<WebhookId, (Webhook, Health)> = BTreeMap::new();
            for outcome in outcomes {
                let id = outcome.webhook;
                let Some(webhook) = store::webhook::by_id(change.tx(), id)? else { continue };
                let at = outcome.attempt.at;
                let verdict = outcome.verdict;
                if !conclude(change, outcome)? {
                    continue;
                }
                let (_, health) = webhooks.entry(id).or_insert_with(|| (webhook.clone(), webhook.health));
                *health = match verdict {
                    Verdict::Delivered => health.after_success(),
                    Verdict::RetryAt(_) | Verdict::Failed => health.after_failure(at),
                };
            }
            for (id, (webhook, health)) in webhooks {
                store::delivery::prune(change.tx(), id)?;
                keep_health(change, webhook, health)?;
            }
            Ok(())
        })
        .await?;
    let posted = &control.core.outbox.measured;
    for (verdict, millis) in seen {
        posted.attempts.note(Duration::from_millis(millis.into()));
        match verdict {
            Verdict::Delivered => posted.delivered.one(),
            Verdict::Failed => posted.failed.one(),
            Verdict::RetryAt(_) => {}
        }
    }
    Ok(())
}

/// Writes down what became of one attempt; answers whether anybody waited for that.
fn conclude(change: &Change<'_>, outcome: Outcome) -> Result<bool, Error> {
    let Outcome { webhook, delivery, mut attempt, verdict } = outcome;
    let found = store::delivery::by_id(change.tx(), webhook, delivery)?;
    let Some(found) = found.filter(waits) else { return Ok(false) };
    attempt.answer.truncate(MAX_ANSWER_BYTES);
    attempt.error = attempt.error.map(|error| error.chars().take(MAX_ERROR_CHARS).collect());
    let progress = match verdict {
        Verdict::Delivered => Progress::Delivered(change.now()),
        Verdict::RetryAt(at) => Progress::Pending(at),
        Verdict::Failed => Progress::Failed(change.now()),
    };
    let attempts = found.attempts.saturating_add(1);
    store::delivery::put(change.tx(), &Delivery { progress, attempts, last: Some(attempt), ..found })?;
    Ok(true)
}

/// Keeps how it goes with a webhook, and tells that it was paused.
fn keep_health(change: &mut Change<'_>, webhook: Webhook, health: Health) -> Result<(), Error> {
    if health == webhook.health {
        return Ok(());
    }
    let after = Webhook { health, ..webhook };
    let Health::Paused { failing_since, at } = health else {
        return Ok(store::webhook::put(change.tx(), &after)?);
    };
    let after = Webhook { revision: after.revision + 1, updated_at: at, ..after };
    store::webhook::put(change.tx(), &after)?;
    let Some(project) = store::project::by_id(change.tx(), after.project)? else { return Ok(()) };
    change.act_as(call::actor(&User::operator()));
    let days = PAUSE_AFTER_SECONDS / SECONDS_PER_DAY;
    let changes = vec![
        FieldChange { field: "active".to_owned(), from: true.into(), to: false.into() },
        FieldChange::made("failing_since", failing_since.to_string()),
        FieldChange::made("paused_reason", format!("nothing arrived for {days} days")),
    ];
    change.audit(Action::WebhookPaused, project_scope(&project), after.id, changes)
}

/// Forgets deliveries that have been over for long. Step by step, so that no change waits for long.
pub async fn forget(control: &Control, call: &Call) -> Result<(), Error> {
    let before = call.now.plus_seconds(-i64::from(DELIVERY_RETENTION_DAYS) * SECONDS_PER_DAY);
    let queues = store::delivery::queues(&control.read()?)?;
    for (webhook, _, _) in queues.into_iter().filter(|(_, counts, _)| counts.finished > 0) {
        loop {
            let step = move |change: &mut Change<'_>| {
                Ok(store::delivery::forget_before(change.tx(), webhook, before, MAX_FORGOTTEN)?)
            };
            if control.change(call, None, step).await? < MAX_FORGOTTEN {
                break;
            }
        }
    }
    Ok(())
}
