//! Usage: what the server evaluated and what clients report, counted in memory and written down in batches.

use std::collections::HashMap;

use super::{Control, call::Call, change::Change, error::Error};
use crate::{
    domain::{
        time::Timestamp,
        usage::{Cause, Count, Slot, hour},
    },
    live::LiveEnvironment,
    store,
};

/// How far from the server's clock an event's own moment may be, in seconds, to be believed: two days back.
const MAX_AGE: i64 = 2 * SECONDS_PER_DAY;
/// ... and an hour ahead.
const MAX_AHEAD: i64 = 3_600;

const SECONDS_PER_DAY: i64 = 86_400;
/// Counters that are forgotten in one transaction.
const MAX_FORGOTTEN: usize = 10_000;

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
            cause: Cause::Reported,
        };
        let one = Count { times: 1, last: at };
        counts.entry(slot).and_modify(|count| *count = count.plus(one)).or_insert(one);
    }
    let without_room = control.live().usage.count(counts);
    let dropped = dropped + without_room;
    Receipt { accepted: events.len() as u64 - dropped, dropped }
}

/// Writes down what was counted since the last time, and which API keys were used. What cannot be written is kept for
/// the next time.
pub async fn flush(control: &Control, call: &Call) -> Result<(), Error> {
    control.live().settle_all();
    let batch = control.live().usage.batch().await;
    let (counts, used) = (batch.counts(), control.live().used_keys());
    if counts.is_empty() && used.is_empty() {
        return Ok(());
    }
    let moments: Vec<_> = used.iter().map(|(live, at)| (live.key.id, *at)).collect();
    let write = move |change: &mut Change<'_>| {
        store::usage::add(change.tx(), &counts)?;
        Ok(store::api_key::put_last_used(change.tx(), moments)?)
    };
    control.change(call, None, write).await?;
    batch.is_written();
    for (live, at) in used {
        live.use_is_written(at);
    }
    Ok(())
}

/// Forgets what was counted more than `days` days before `call`. Step by step, so that no change waits for long.
pub async fn forget(control: &Control, call: &Call, days: u32) -> Result<(), Error> {
    let before = hour(call.now.plus_seconds(-i64::from(days) * SECONDS_PER_DAY));
    loop {
        let step = move |change: &mut Change<'_>| {
            Ok(store::usage::forget_before(change.tx(), before, MAX_FORGOTTEN)?)
        };
        if control.change(call, None, step).await? < MAX_FORGOTTEN {
            return Ok(());
        }
    }
}
