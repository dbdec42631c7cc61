//! What webhooks are sent (contract B5): written once, inside of the change that it tells of, and the same to the byte
//! however often it is sent.

use serde::Serialize;

use super::flag::FlagView;
use crate::{
    control::event::EventFacts,
    domain::{delivery::MAX_EVENT_BYTES, event::EventType},
};

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    id: String,
    event_type: EventType,
    flag_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_key: Option<&'a str>,
    flag_data: Option<&'a FlagView>,
    environment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule<'a>>,
    actor: Actor<'a>,
    timestamp: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

/// Who did it.
#[derive(Serialize)]
struct Actor<'a> {
    id: String,
    email: &'a str,
}

/// What was not done.
#[derive(Serialize)]
struct Schedule<'a> {
    id: &'a str,
    at: String,
    reason: &'a str,
}

/// The body of an event. One that is too large goes without the flag.
pub fn body(facts: &EventFacts<'_>) -> Vec<u8> {
    let flag = facts.flag.as_ref();
    let flag = flag.map(|it| FlagView::of(&it.shown, it.lifecycle.clone(), it.warnings.clone()));
    let mut body = Body {
        id: facts.id.to_string(),
        event_type: facts.event_type,
        flag_key: facts.flag_key,
        segment_key: facts.segment_key,
        flag_data: flag.as_ref(),
        environment_id: facts.environment.map(|id| id.to_string()),
        schedule: facts.schedule.map(|it| Schedule { id: it.id, at: it.at.to_string(), reason: it.reason }),
        actor: Actor { id: facts.actor.id.to_string(), email: &facts.actor.email },
        timestamp: facts.at.with_millis(),
        truncated: false,
    };
    let whole = written(&body);
    if whole.len() <= MAX_EVENT_BYTES {
        return whole;
    }
    (body.flag_data, body.truncated) = (None, true);
    written(&body)
}

/// What is written here has texts, numbers and values that were JSON, which all can be written.
fn written(body: &Body<'_>) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}
