//! Deliveries: one event on its way to one webhook, and what became of it. They are made in the change that they tell
//! of, and sent in the order of that change, flag by flag.

use super::{
    event::EventType,
    id::{DeliveryId, EnvironmentId, EventId, WebhookId},
    named::named,
    time::Timestamp,
};

/// Bytes of an event's body, at most. A larger one is sent without the flag.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;
/// Deliveries of a webhook that wait to be sent, at most: one more, and the oldest is given up.
pub const MAX_PENDING_PER_WEBHOOK: u64 = 10_000;
/// Deliveries of a webhook that are over and kept to be looked at, at most: the newest.
pub const MAX_FINISHED_PER_WEBHOOK: u64 = 1_000;
/// For how many days they are kept at most.
pub const DELIVERY_RETENTION_DAYS: u32 = 30;
/// Bytes of a receiver's answer that are kept.
pub const MAX_ANSWER_BYTES: usize = 2 * 1024;

/// Why a delivery was given up that nobody tried in vain.
pub const QUEUE_FULL: &str = "the queue was full";

named! {
    /// What became of a delivery.
    DeliveryStatus {
        /// It waits to be sent, for the first time or again.
        Pending = "pending",
        /// The receiver took it: the answer's status began with a 2.
        Delivered = "delivered",
        /// It was given up: all attempts failed, or too many others were waiting.
        Failed = "failed",
    }
}

/// What deliveries are kept in order by: two of one lane are never on their way at once, and the older one goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u64);

impl Lane {
    /// The lane of the thing with this kind and name. Two things may share one, which delays them and does no harm. The
    /// number is in files, so it stays what it is: 64 bits of FNV-1a.
    #[must_use]
    pub fn of(kind: &str, name: &str) -> Self {
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let bytes = kind.bytes().chain([0]).chain(name.bytes());
        Self(bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)))
    }

    /// The lane with this number.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Where a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It waits, and is not tried before this moment.
    Pending(Timestamp),
    /// It arrived, at this moment.
    Delivered(Timestamp),
    /// It was given up, at this moment.
    Failed(Timestamp),
}

impl Progress {
    /// Its name in the API.
    pub const fn status(self) -> DeliveryStatus {
        match self {
            Self::Pending(_) => DeliveryStatus::Pending,
            Self::Delivered(_) => DeliveryStatus::Delivered,
            Self::Failed(_) => DeliveryStatus::Failed,
        }
    }

    /// When it is tried next.
    pub const fn next_attempt_at(self) -> Option<Timestamp> {
        match self {
            Self::Pending(at) => Some(at),
            Self::Delivered(_) | Self::Failed(_) => None,
        }
    }

    /// When it was over.
    pub const fn finished_at(self) -> Option<Timestamp> {
        match self {
            Self::Pending(_) => None,
            Self::Delivered(at) | Self::Failed(at) => Some(at),
        }
    }
}

/// One time that it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_millis: u32,
    /// Why there was no answer, or none that counts.
    pub error: Option<String>,
    /// The first [`MAX_ANSWER_BYTES`] of the answer's body.
    pub answer: Vec<u8>,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Identity. Within a webhook, they rise in the order in which deliveries were made.
    pub id: DeliveryId,
    /// Where it goes.
    pub webhook: WebhookId,
    /// The event, which has the body.
    pub event: EventId,
    /// What the event tells of.
    pub event_type: EventType,
    /// Where it happened, if in one environment.
    pub environment: Option<EnvironmentId>,
    /// The flag that it is about, if it is about one.
    pub flag_key: Option<String>,
    /// What it is kept in order by.
    pub lane: Lane,
    /// Where it is.
    pub progress: Progress,
    /// How often it was tried.
    pub attempts: u32,
    /// The last attempt.
    pub last: Option<Attempt>,
    /// Why it was given up without one.
    pub abandoned: Option<String>,
    /// The delivery that somebody wanted again, if it is that.
    pub redelivery_of: Option<DeliveryId>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_has_the_number_that_it_has_in_files() {
        assert_eq!(Lane::of("", "").number(), 0xaf63_bd4c_8601_b7df);
        assert_ne!(Lane::of("flag", "a"), Lane::of("segment", "a"));
        assert_ne!(Lane::of("flag", "ab"), Lane::of("flaga", "b"));
    }
}
