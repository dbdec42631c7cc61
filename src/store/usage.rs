//! How often each variation of each flag was served, by the hour.

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
    let mut table = writer.0.open_table(tables::USAGE)?;
    for (slot, count) in counts {
        let key = (slot.environment.bits(), slot.flag.bits(), slot.hour, slot.variation.as_str());
        let (sum, last) = table.get(key)?.map_or((0, i64::MIN), |kept| kept.value());
        table.insert(key, (sum.saturating_add(count.times), last.max(count.last.millis())))?;
    }
    Ok(())
}

/// What is kept of a flag in an environment from `since` (an hour since the epoch) on.
pub fn of_flag(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    since: u32,
) -> Result<Vec<(Slot, Count)>, Error> {
    let table = access.table(tables::USAGE)?;
    let (environment_bits, flag_bits) = (environment.bits(), flag.bits());
    let range =
        (environment_bits, flag_bits, since, "")..(environment_bits, flag_bits.saturating_add(1), 0, "");
    table
        .range(range)?
        .map(|row| {
            let (key, value) = row?;
            let ((_, _, hour, variation), (times, last)) = (key.value(), value.value());
            let slot = Slot { environment, flag, hour, variation: variation.to_owned() };
            Ok((slot, Count { times, last: Timestamp::from_millis(last) }))
        })
        .collect()
}
