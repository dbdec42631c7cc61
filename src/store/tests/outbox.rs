//! The outbox: what waits, what is kept of what is over, and what goes with it.

use redb::ReadableTableMetadata;

use super::*;
use crate::domain::{
    delivery::{Delivery, Lane, MAX_FINISHED_PER_WEBHOOK, MAX_PENDING_PER_WEBHOOK, Progress, QUEUE_FULL},
    event::EventType,
    id::{DeliveryId, EventId, WebhookId},
};
use crate::store::delivery;

const HOOK: WebhookId = WebhookId::from_bits(7);

/// Two deliveries of each event.
fn waiting(number: u128) -> Delivery {
    Delivery {
        id: DeliveryId::from_bits(number),
        webhook: HOOK,
        event: EventId::from_bits(number / 2),
        event_type: EventType::FlagUpdated,
        environment: None,
        flag_key: Some("a".into()),
        lane: Lane::of("flag", "a"),
        progress: Progress::Pending(AT),
        attempts: 0,
        last: None,
        abandoned: None,
        redelivery_of: None,
        created_at: AT,
    }
}

fn queue(writer: &Writer, delivery: &Delivery) {
    delivery::put_body(writer, delivery.event, b"{}".to_vec()).unwrap();
    delivery::queue(writer, delivery, LATER).unwrap();
}

fn counts(writer: &Writer) -> (u64, u64) {
    let counts = delivery::counts(writer, HOOK).unwrap();
    (counts.pending, counts.finished)
}

#[test]
fn the_oldest_is_given_up_where_too_many_wait() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    queue(&writer, &waiting(1));
    queue(&writer, &waiting(2));
    // As if the rest were there.
    writer.set(tables::DELIVERY_COUNTS, HOOK.bits(), (MAX_PENDING_PER_WEBHOOK, 0)).unwrap();
    queue(&writer, &waiting(3));
    assert_eq!(counts(&writer), (MAX_PENDING_PER_WEBHOOK, 1));
    let first = delivery::by_id(&writer, HOOK, DeliveryId::from_bits(1)).unwrap().unwrap();
    assert_eq!((first.progress, first.abandoned.as_deref()), (Progress::Failed(LATER), Some(QUEUE_FULL)));
    let second = delivery::by_id(&writer, HOOK, DeliveryId::from_bits(2)).unwrap().unwrap();
    assert_eq!(second, waiting(2));
}

#[test]
fn an_identifier_is_above_the_last_one_even_if_the_clock_was_set_back() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let next = |fresh| delivery::next_id(&writer, HOOK, DeliveryId::from_bits(fresh)).unwrap().bits();
    assert_eq!(next(5), 5);
    queue(&writer, &waiting(9));
    assert_eq!((next(5), next(9), next(10)), (10, 10, 10));
}

#[test]
fn what_is_over_is_kept_up_to_a_limit_and_its_events_go_with_the_last_of_them() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let kept = u128::from(MAX_FINISHED_PER_WEBHOOK);
    let all = kept + 101;
    queue(&writer, &waiting(2));
    for number in 3..3 + all {
        queue(&writer, &waiting(number));
        delivery::put(&writer, &Delivery { progress: Progress::Delivered(AT), ..waiting(number) }).unwrap();
    }
    assert_eq!(counts(&writer), (1, MAX_FINISHED_PER_WEBHOOK + 101));
    delivery::prune(&writer, HOOK).unwrap();
    assert_eq!(counts(&writer), (1, MAX_FINISHED_PER_WEBHOOK));
    // The one that waits is older than all that went, and its event, which it shares, is still there.
    assert!(delivery::by_id(&writer, HOOK, DeliveryId::from_bits(2)).unwrap().is_some());
    assert!(delivery::by_id(&writer, HOOK, DeliveryId::from_bits(103)).unwrap().is_none());
    assert!(delivery::by_id(&writer, HOOK, DeliveryId::from_bits(104)).unwrap().is_some());
    let body = |event| delivery::body(&writer, EventId::from_bits(event)).unwrap();
    assert!(body(1).is_some() && body(2).is_none() && body(51).is_none() && body(52).is_some());
    // A limit is not enforced for every single one that is too much.
    queue(&writer, &waiting(all + 3));
    delivery::put(&writer, &Delivery { progress: Progress::Delivered(AT), ..waiting(all + 3) }).unwrap();
    delivery::prune(&writer, HOOK).unwrap();
    assert_eq!(counts(&writer), (1, MAX_FINISHED_PER_WEBHOOK + 1));
    delivery::remove_of_webhook(&writer, HOOK).unwrap();
    writer.commit().unwrap();
    let reader = store.read().unwrap();
    for rows in [
        reader.0.transaction.open_table(tables::DELIVERIES).unwrap().len().unwrap(),
        reader.0.transaction.open_table(tables::PENDING).unwrap().len().unwrap(),
        reader.0.transaction.open_table(tables::EVENTS).unwrap().len().unwrap(),
        reader.0.transaction.open_table(tables::DELIVERIES_OF).unwrap().len().unwrap(),
        reader.0.transaction.open_table(tables::DELIVERY_COUNTS).unwrap().len().unwrap(),
    ] {
        assert_eq!(rows, 0);
    }
}
