//! Records of deliveries and of events.

use serde::{Deserialize, Serialize};

use super::Letter;
use crate::{
    domain::{
        delivery::{Attempt, Delivery, Lane, Progress},
        event::EventType,
        id::{DeliveryId, EnvironmentId, EventId, WebhookId},
        time::Timestamp,
    },
    store::{
        Error,
        codec::{Stored, seal, thaw},
    },
};

#[derive(Serialize, Deserialize)]
struct DeliveryV1 {
    id: u128,
    webhook: u128,
    event: u128,
    event_type: String,
    environment: Option<u128>,
    flag_key: Option<String>,
    lane: u64,
    progress: ProgressV1,
    attempts: u32,
    last: Option<AttemptV1>,
    abandoned: Option<String>,
    redelivery_of: Option<u128>,
    created_at: i64,
}

/// When one that waits is tried next is in the index of those that wait.
#[derive(Serialize, Deserialize)]
enum ProgressV1 {
    Pending,
    Delivered(i64),
    Failed(i64),
}

#[derive(Serialize, Deserialize)]
struct AttemptV1 {
    at: i64,
    status: Option<u16>,
    latency_millis: u32,
    error: Option<String>,
    answer: Vec<u8>,
}

impl From<&Attempt> for AttemptV1 {
    fn from(attempt: &Attempt) -> Self {
        Self {
            at: attempt.at.millis(),
            status: attempt.status,
            latency_millis: attempt.latency_millis,
            error: attempt.error.clone(),
            answer: attempt.answer.clone(),
        }
    }
}

impl From<AttemptV1> for Attempt {
    fn from(record: AttemptV1) -> Self {
        let AttemptV1 { at, status, latency_millis, error, answer } = record;
        Self { at: Timestamp::from_millis(at), status, latency_millis, error, answer }
    }
}

impl Stored for Delivery {
    const NOUN: &'static str = "a delivery";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = DeliveryV1 {
            id: self.id.bits(),
            webhook: self.webhook.bits(),
            event: self.event.bits(),
            event_type: self.event_type.as_str().to_owned(),
            environment: self.environment.map(EnvironmentId::bits),
            flag_key: self.flag_key.clone(),
            lane: self.lane.number(),
            progress: match self.progress {
                Progress::Pending(_) => ProgressV1::Pending,
                Progress::Delivered(at) => ProgressV1::Delivered(at.millis()),
                Progress::Failed(at) => ProgressV1::Failed(at.millis()),
            },
            attempts: self.attempts,
            last: self.last.as_ref().map(AttemptV1::from),
            abandoned: self.abandoned.clone(),
            redelivery_of: self.redelivery_of.map(DeliveryId::bits),
            created_at: self.created_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: DeliveryV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        let created_at = Timestamp::from_millis(record.created_at);
        Some(Self {
            id: DeliveryId::from_bits(record.id),
            webhook: WebhookId::from_bits(record.webhook),
            event: EventId::from_bits(record.event),
            event_type: EventType::parse(&record.event_type)?,
            environment: record.environment.map(EnvironmentId::from_bits),
            flag_key: record.flag_key,
            lane: Lane::from_number(record.lane),
            progress: match record.progress {
                ProgressV1::Pending => Progress::Pending(created_at),
                ProgressV1::Delivered(at) => Progress::Delivered(Timestamp::from_millis(at)),
                ProgressV1::Failed(at) => Progress::Failed(Timestamp::from_millis(at)),
            },
            attempts: record.attempts,
            last: record.last.map(Attempt::from),
            abandoned: record.abandoned,
            redelivery_of: record.redelivery_of.map(DeliveryId::from_bits),
            created_at,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct LetterV1 {
    body: Vec<u8>,
}

impl Stored for Letter {
    const NOUN: &'static str = "an event";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        seal(1, &LetterV1 { body: self.0.clone() })
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        match version {
            1 => thaw(payload).map(|LetterV1 { body }| Self(body)),
            _ => None,
        }
    }
}
