//! The outbox: events, their deliveries, and which of those wait. A row of `PENDING` is small and of fixed length, as all
//! of them are looked at to find what is due; how many there are is counted in `DELIVERY_COUNTS`.

mod record;

use redb::ReadableTable;

use super::{Access, Error, Writer, codec::Stored, get, tables};
use crate::domain::{
    delivery::{
        Delivery, DeliveryStatus, Lane, MAX_FINISHED_PER_WEBHOOK, MAX_PENDING_PER_WEBHOOK, Progress,
        QUEUE_FULL,
    },
    id::{self, Bits, DeliveryId, EventId, WebhookId},
    page::{Direction, Page, PageRequest, Place, SortKey, window},
    time::Timestamp,
};

/// Deliveries of a webhook that may be kept beyond the limit until some are forgotten in one go.
const FINISHED_SLACK: u64 = 50;

/// What is kept of an event: its body, the same for everyone and every time.
pub(super) struct Letter(Vec<u8>);

/// How many deliveries of a webhook there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that wait.
    pub pending: u64,
    /// Those that are over.
    pub finished: u64,
}

/// A delivery that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which one.
    pub id: DeliveryId,
    /// What it is kept in order by.
    pub lane: Lane,
    /// It is not tried before this moment.
    pub next_attempt_at: Timestamp,
}

/// What is kept of the deliveries of `webhook`.
pub fn counts(access: &impl Access, webhook: WebhookId) -> Result<Counts, Error> {
    let counts = access.table(tables::DELIVERY_COUNTS)?.get(webhook.bits())?.map(|counts| counts.value());
    Ok(counts.map(|(pending, finished)| Counts { pending, finished }).unwrap_or_default())
}

/// Every webhook that has deliveries, with how many, and with the moment at which the oldest was made that waits.
pub fn queues(access: &impl Access) -> Result<Vec<(WebhookId, Counts, Option<Timestamp>)>, Error> {
    let table = access.table(tables::DELIVERY_COUNTS)?;
    let rows = table.iter()?.map(|row| {
        let (webhook, counts) = row?;
        let (pending, finished) = counts.value();
        Ok((WebhookId::from_bits(webhook.value()), Counts { pending, finished }))
    });
    let rows = rows.collect::<Result<Vec<_>, Error>>()?;
    drop(table);
    let pending = access.table(tables::PENDING)?;
    let oldest = |webhook: WebhookId| -> Result<_, Error> {
        let first = pending.range((webhook.bits(), 0)..=(webhook.bits(), Bits::MAX))?.next().transpose()?;
        Ok(first.map(|(key, _)| DeliveryId::from_bits(key.value().1).made_at()))
    };
    rows.into_iter().map(|(webhook, counts)| Ok((webhook, counts, oldest(webhook)?))).collect()
}

/// What waits of a webhook's deliveries, oldest first, until `visit` has seen enough and answers `None`.
pub fn waiting(
    access: &impl Access,
    webhook: WebhookId,
    mut visit: impl FnMut(Waiting) -> Option<()>,
) -> Result<(), Error> {
    let table = access.table(tables::PENDING)?;
    for row in table.range((webhook.bits(), 0)..=(webhook.bits(), Bits::MAX))? {
        let (key, value) = row?;
        let (lane, next_attempt_at) = value.value();
        let waiting = Waiting {
            id: DeliveryId::from_bits(key.value().1),
            lane: Lane::from_number(lane),
            next_attempt_at: Timestamp::from_millis(next_attempt_at),
        };
        if visit(waiting).is_none() {
            break;
        }
    }
    Ok(())
}

/// One delivery.
pub fn by_id(access: &impl Access, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let key = (webhook.bits(), id.bits());
    let found: Option<Delivery> = get(access, tables::DELIVERIES, key)?;
    let next = access.table(tables::PENDING)?.get(key)?.map(|row| row.value().1);
    Ok(found.map(|delivery| with_next(delivery, next)))
}

/// A record says that a delivery waits, and the index until when.
fn with_next(delivery: Delivery, next: Option<i64>) -> Delivery {
    match next {
        Some(next) => Delivery { progress: Progress::Pending(Timestamp::from_millis(next)), ..delivery },
        None => delivery,
    }
}

/// A page of a webhook's deliveries, newest first, perhaps only those of one status.
pub fn page(
    access: &impl Access,
    webhook: WebhookId,
    status: Option<DeliveryStatus>,
    request: &PageRequest,
) -> Result<Page<Delivery>, Error> {
    let table = access.table(tables::DELIVERIES)?;
    let pending = access.table(tables::PENDING)?;
    let mut rows: Vec<(Place, DeliveryId)> = Vec::new();
    for row in table.range((webhook.bits(), 0)..=(webhook.bits(), Bits::MAX))?.rev() {
        let (key, bytes) = row?;
        let waits = pending.get(key.value())?.is_some();
        let selected = match (status, waits) {
            (None, _) | (Some(DeliveryStatus::Pending), true) => true,
            (Some(DeliveryStatus::Pending), false)
            | (Some(DeliveryStatus::Delivered | DeliveryStatus::Failed), true) => false,
            // Only what may be of the status is read for it.
            (Some(status), false) => Delivery::open(bytes.value())?.progress.status() == status,
        };
        if selected {
            let id = DeliveryId::from_bits(key.value().1);
            rows.push(((SortKey::Number(0), id.bits()), id));
        }
    }
    drop((table, pending));
    let page = window(rows.into_iter(), Direction::Descending, request);
    let shown = page.rows.iter().filter_map(|id| by_id(access, webhook, *id).transpose());
    let shown = shown.collect::<Result<_, _>>()?;
    Ok(page.with(shown))
}

/// The body of an event.
pub fn body(access: &impl Access, event: EventId) -> Result<Option<Vec<u8>>, Error> {
    Ok(get(access, tables::EVENTS, event.bits())?.map(|Letter(body)| body))
}

/// Keeps the body of an event. Some delivery of it has to be kept beside this.
pub fn put_body(writer: &Writer, event: EventId, body: Vec<u8>) -> Result<(), Error> {
    writer.put(tables::EVENTS, event.bits(), &Letter(body))
}

/// The identifier for one more delivery of `webhook`: `fresh`, unless the last one is above it, as it is when the clock
/// was set back. Deliveries are sent in the order of their identifiers.
pub fn next_id(access: &impl Access, webhook: WebhookId, fresh: DeliveryId) -> Result<DeliveryId, Error> {
    let table = access.table(tables::DELIVERIES)?;
    let last = table.range((webhook.bits(), 0)..=(webhook.bits(), Bits::MAX))?.next_back().transpose()?;
    let last = last.map_or(0, |(key, _)| key.value().1);
    let above = if fresh.bits() > last { fresh.bits() } else { id::next(last, 0, 0) };
    Ok(DeliveryId::from_bits(above))
}

/// Queues a delivery. Where too many wait already, the oldest of those is given up.
pub fn queue(writer: &Writer, delivery: &Delivery, now: Timestamp) -> Result<(), Error> {
    let webhook = delivery.webhook;
    while counts(writer, webhook)?.pending >= MAX_PENDING_PER_WEBHOOK {
        let mut oldest = None;
        waiting(writer, webhook, |waiting| {
            oldest = Some(waiting.id);
            None
        })?;
        let Some(oldest) = oldest.map(|id| by_id(writer, webhook, id)).transpose()?.flatten() else { break };
        let given_up =
            Delivery { progress: Progress::Failed(now), abandoned: Some(QUEUE_FULL.to_owned()), ..oldest };
        put(writer, &given_up)?;
        prune(writer, webhook)?;
    }
    put(writer, delivery)?;
    writer.set(tables::DELIVERIES_OF, (delivery.event.bits(), delivery.id.bits()), ())
}

/// Keeps what became of a delivery.
pub fn put(writer: &Writer, delivery: &Delivery) -> Result<(), Error> {
    let key = (delivery.webhook.bits(), delivery.id.bits());
    let known = writer.table(tables::DELIVERIES)?.get(key)?.is_some();
    writer.put(tables::DELIVERIES, key, delivery)?;
    let waited = match delivery.progress {
        Progress::Pending(at) => {
            let row = (delivery.lane.number(), at.millis());
            writer.0.open_table(tables::PENDING)?.insert(key, row)?.is_some()
        }
        Progress::Delivered(_) | Progress::Failed(_) => {
            writer.0.open_table(tables::PENDING)?.remove(key)?.is_some()
        }
    };
    let waits = delivery.progress.next_attempt_at().is_some();
    let before = counts(writer, delivery.webhook)?;
    let less = |count: u64, when: bool| count.saturating_sub(u64::from(when));
    let after = Counts {
        pending: less(before.pending, waited) + u64::from(waits),
        finished: less(before.finished, known && !waited) + u64::from(!waits),
    };
    if after == before { Ok(()) } else { set_counts(writer, delivery.webhook, after) }
}

/// Has everything that waits for `webhook` be tried at `now`, if it was to be later.
pub fn hurry(writer: &Writer, webhook: WebhookId, now: Timestamp) -> Result<(), Error> {
    let mut late = Vec::new();
    waiting(writer, webhook, |waiting| {
        if waiting.next_attempt_at > now {
            late.push(waiting);
        }
        Some(())
    })?;
    let mut table = writer.0.open_table(tables::PENDING)?;
    for waiting in late {
        table.insert((webhook.bits(), waiting.id.bits()), (waiting.lane.number(), now.millis()))?;
    }
    Ok(())
}

/// Forgets the oldest deliveries of `webhook` that are over, if there are more than are kept.
pub fn prune(writer: &Writer, webhook: WebhookId) -> Result<(), Error> {
    let finished = counts(writer, webhook)?.finished;
    if finished <= MAX_FINISHED_PER_WEBHOOK + FINISHED_SLACK {
        return Ok(());
    }
    let excess = usize::try_from(finished - MAX_FINISHED_PER_WEBHOOK).unwrap_or(usize::MAX);
    forget(writer, webhook, excess, |_| true).map(drop)
}

/// Forgets deliveries of `webhook` that are over and were made before `moment`, at most so many; answers how many.
pub fn forget_before(
    writer: &Writer,
    webhook: WebhookId,
    moment: Timestamp,
    most: usize,
) -> Result<usize, Error> {
    forget(writer, webhook, most, |id| id.made_at() < moment)
}

fn forget(
    writer: &Writer,
    webhook: WebhookId,
    most: usize,
    old: impl Fn(DeliveryId) -> bool,
) -> Result<usize, Error> {
    let mut gone = Vec::new();
    {
        let table = writer.0.open_table(tables::DELIVERIES)?;
        let pending = writer.0.open_table(tables::PENDING)?;
        for row in table.range((webhook.bits(), 0)..=(webhook.bits(), Bits::MAX))? {
            let (key, bytes) = row?;
            let key = key.value();
            if gone.len() == most || !old(DeliveryId::from_bits(key.1)) {
                break;
            }
            if pending.get(key)?.is_none() {
                gone.push((key, Delivery::open(bytes.value())?.event));
            }
        }
    }
    let mut table = writer.0.open_table(tables::DELIVERIES)?;
    for (key, _) in &gone {
        table.remove(key)?;
    }
    drop(table);
    for (key, event) in &gone {
        let_go(writer, *event, key.1)?;
    }
    let before = counts(writer, webhook)?;
    let finished = before.finished.saturating_sub(gone.len() as u64);
    set_counts(writer, webhook, Counts { finished, ..before })?;
    Ok(gone.len())
}

fn set_counts(
    writer: &Writer,
    webhook: WebhookId,
    Counts { pending, finished }: Counts,
) -> Result<(), Error> {
    writer.set(tables::DELIVERY_COUNTS, webhook.bits(), (pending, finished))
}

/// A delivery of `event` is gone; with the last of them goes the event.
fn let_go(writer: &Writer, event: EventId, delivery: Bits) -> Result<(), Error> {
    let bits = event.bits();
    let mut holders = writer.0.open_table(tables::DELIVERIES_OF)?;
    holders.remove((bits, delivery))?;
    let held = holders.range((bits, 0)..=(bits, Bits::MAX))?.next().is_some();
    drop(holders);
    if held { Ok(()) } else { writer.remove(tables::EVENTS, bits) }
}

/// Deletes all deliveries of `webhook`.
pub(super) fn remove_of_webhook(writer: &Writer, webhook: WebhookId) -> Result<(), Error> {
    let bits = webhook.bits();
    let mut gone = Vec::new();
    {
        let mut table = writer.0.open_table(tables::DELIVERIES)?;
        for row in table.extract_from_if((bits, 0)..=(bits, Bits::MAX), |_, _| true)? {
            let (key, bytes) = row?;
            gone.push((key.value().1, Delivery::open(bytes.value())?.event));
        }
    }
    writer.remove_under(tables::PENDING, bits)?;
    writer.remove(tables::DELIVERY_COUNTS, bits)?;
    gone.into_iter().try_for_each(|(delivery, event)| let_go(writer, event, delivery))
}
