//! Usage: events that clients report, counted in memory and written down in batches.

use std::collections::HashMap;

use super::{Control, call::Call, error::Error};
use crate::{
    domain::{
        time::Timestamp,
        usage::{Count, Slot, hour},
    },
    live::LiveEnvironment,
    store,
};

/// How far from the server's clock an event's own moment may be, in seconds, to be believed: two days back.
const MAX_AGE: i64 = 2 * 86_400;
/// ... and an hour ahead.
const MAX_AHEAD: i64 = 3_600;

/// An evaluation that a client made by itself.
#[derive(Clone, Debug)]
pub struct Event {
    /// The flag's key.
    pub flag_key: String,
    /// The variation's key.
    pub variation_key: String,
    /// When; where absent or not to be believed, now.
    pub at: Option<Timestamp>,
}

/// What became of reported events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Counted.
    pub accepted: u64,
    /// Not counted: an unknown flag or variation, or no room.
    pub dropped: u64,
}

/// Counts the events that name a flag and a variation of the environment.
pub fn count(control: &Control, environment: &LiveEnvironment, events: &[Event], now: Timestamp) -> Receipt {
    let ruleset = environment.ruleset();
    let mut counts: HashMap<Slot, Count> = HashMap::new();
    let mut dropped = 0;
    for event in events {
        let known = ruleset
            .get(&event.flag_key)
            .filter(|compiled| compiled.flag().variation(&event.variation_key).is_some());
        let Some(compiled) = known else {
            dropped += 1;
            continue;
        };
        let believable = now.plus_seconds(-MAX_AGE)..=now.plus_seconds(MAX_AHEAD);
        let at = event.at.filter(|at| believable.contains(at)).unwrap_or(now);
        let slot = Slot {
            environment: environment.id,
            flag: compiled.flag().id,
            hour: hour(at),
            variation: event.variation_key.clone(),
        };
        let one = Count { times: 1, last: at };
        counts.entry(slot).and_modify(|count| *count = count.plus(one)).or_insert(one);
    }
    let without_room = control.live().usage.add(counts);
    let dropped = dropped + without_room;
    Receipt { accepted: events.len() as u64 - dropped, dropped }
}

/// Writes down what was counted since the last time. What cannot be written is kept for the next time.
pub async fn flush(control: &Control, call: &Call) -> Result<(), Error> {
    let counts = control.live().usage.take();
    if counts.is_empty() {
        return Ok(());
    }
    let batch = counts.clone();
    let written = control.change(call, None, move |change| Ok(store::usage::add(change.tx(), &batch)?)).await;
    if written.is_err() {
        control.live().usage.add(counts);
    }
    written
}
