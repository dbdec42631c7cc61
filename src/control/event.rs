//! What an event for webhooks is made of. How it is written down is for HTTP to say: `control` is handed a function that
//! makes its body, once, while the change is being made.

use super::flag::ShownFlag;
use crate::domain::{
    audit::Actor,
    event::EventType,
    id::{EnvironmentId, EventId},
    lifecycle::Lifecycle,
    time::Timestamp,
    warning::Warning,
};

/// Makes the body of an event.
pub type MakeBody = fn(&EventFacts<'_>) -> Vec<u8>;

/// An event.
#[derive(Debug)]
pub struct EventFacts<'a> {
    /// Identity, the same in every delivery.
    pub id: EventId,
    /// What it tells of.
    pub event_type: EventType,
    /// Where it happened, if in one environment.
    pub environment: Option<EnvironmentId>,
    /// The flag that it is about.
    pub flag_key: Option<&'a str>,
    /// The segment that it is about.
    pub segment_key: Option<&'a str>,
    /// The flag as the environment shows it afterwards, if there still is one.
    pub flag: Option<FlagFacts>,
    /// The schedule that failed.
    pub schedule: Option<ScheduleFacts<'a>>,
    /// Who did it.
    pub actor: &'a Actor,
    /// When.
    pub at: Timestamp,
}

/// A flag with what there is to say of it.
#[derive(Debug)]
pub struct FlagFacts {
    /// The flag.
    pub shown: ShownFlag,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What is probably not meant about it.
    pub warnings: Vec<Warning>,
}

/// A schedule that failed.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleFacts<'a> {
    /// Its identifier.
    pub id: &'a str,
    /// When the change was to be made.
    pub at: Timestamp,
    /// Why it was not.
    pub reason: &'a str,
}
