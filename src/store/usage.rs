//! How often each variation of each flag was served, by the hour, and when a flag was evaluated last.

use redb::ReadableTable;

use super::{Access, Error, Writer, tables};
use crate::domain::{
    id::{EnvironmentId, FlagId},
    time::Timestamp,
    usage::{Count, Slot},
};

/// Adds counts to what is kept.
pub fn add<'a>(
    writer: &Writer,
    counts: impl IntoIterator<Item = (&'a Slot, &'a Count)>,
) -> Result<(), Error> {
    let mut usage = writer.0.open_table(tables::USAGE)?;
    let mut latest = writer.0.open_table(tables::LAST_EVALUATED)?;
    for (slot, count) in counts {
        let (environment, flag) = (slot.environment.bits(), slot.flag.bits());
        let key = (environment, flag, slot.hour, slot.variation.as_str());
        let kept = usage.get(key)?.map_or(0, |kept| kept.value());
        usage.insert(key, kept.saturating_add(count.times))?;
        let last = latest.get((environment, flag))?.map_or(i64::MIN, |kept| kept.value());
        latest.insert((environment, flag), last.max(count.last.millis()))?;
    }
    Ok(())
}

/// When a flag was evaluated last in `environment`, as far as it is kept.
pub fn last_evaluated(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
) -> Result<Option<Timestamp>, Error> {
    let table = access.table(tables::LAST_EVALUATED)?;
    Ok(table.get((environment.bits(), flag.bits()))?.map(|kept| Timestamp::from_millis(kept.value())))
}

/// How often each variation of a flag was served in `environment` from the hour `since` on.
pub fn of_flag(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    since: u32,
) -> Result<Vec<(String, u64)>, Error> {
    let table = access.table(tables::USAGE)?;
    let (environment, flag) = (environment.bits(), flag.bits());
    let rows = table.range((environment, flag, since, "")..(environment, flag.saturating_add(1), 0, ""))?;
    rows.map(|row| {
        let (key, times) = row?;
        Ok((key.value().3.to_owned(), times.value()))
    })
    .collect()
}
