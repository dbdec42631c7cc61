//! How often each variation of each flag was served and why, by the hour, and when a flag was evaluated last.

use redb::ReadableTable;

use super::{Access, Error, Writer, tables};
use crate::domain::{
    id::{EnvironmentId, FlagId},
    time::Timestamp,
    usage::{Cause, Count, Slot},
};

/// Adds counts to what is kept. A flag that was deleted meanwhile has none, nor has one in an environment that was.
pub fn add<'a>(
    writer: &Writer,
    counts: impl IntoIterator<Item = (&'a Slot, &'a Count)>,
) -> Result<(), Error> {
    let configurations = writer.0.open_table(tables::CONFIGURATIONS)?;
    let mut usage = writer.0.open_table(tables::USAGE)?;
    let mut latest = writer.0.open_table(tables::LAST_EVALUATED)?;
    for (slot, count) in counts {
        let (environment, flag) = (slot.environment.bits(), slot.flag.bits());
        if configurations.get((environment, flag))?.is_none() {
            continue;
        }
        let key = (environment, flag, slot.hour, slot.variation.as_str(), slot.cause.as_str());
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

/// The same for many flags, without those that never were.
pub fn last_evaluated_of(
    access: &impl Access,
    environment: EnvironmentId,
    flags: impl IntoIterator<Item = FlagId>,
) -> Result<Vec<(FlagId, Timestamp)>, Error> {
    let table = access.table(tables::LAST_EVALUATED)?;
    let mut found = Vec::new();
    for flag in flags {
        let last = table.get((environment.bits(), flag.bits()))?;
        found.extend(last.map(|kept| (flag, Timestamp::from_millis(kept.value()))));
    }
    Ok(found)
}

/// A counter as it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Row<'t> {
    /// The flag.
    pub flag: FlagId,
    /// The hour, counted from the Unix epoch.
    pub hour: u32,
    /// The variation's key.
    pub variation: &'t str,
    /// Why it was served.
    pub cause: Cause,
    /// How often.
    pub times: u64,
}

/// Shows every counter of these flags in `environment` from the hour `since` on.
pub fn of_flags(
    access: &impl Access,
    environment: EnvironmentId,
    flags: impl IntoIterator<Item = FlagId>,
    since: u32,
    mut show: impl FnMut(Row<'_>),
) -> Result<(), Error> {
    let table = access.table(tables::USAGE)?;
    let bits = environment.bits();
    for flag in flags {
        for row in table
            .range((bits, flag.bits(), since, "", "")..(bits, flag.bits().saturating_add(1), 0, "", ""))?
        {
            let (key, times) = row?;
            let (_, _, hour, variation, cause) = key.value();
            let unknown = || Error::Damaged(format!("a counter of the flag {flag} has the cause {cause:?}"));
            let cause = Cause::parse(cause).ok_or_else(unknown)?;
            show(Row { flag, hour, variation, cause, times: times.value() });
        }
    }
    Ok(())
}

/// Forgets counters of hours before `hour`, at most `most` of them; answers how many. When a flag was evaluated last
/// stays known.
pub fn forget_before(writer: &Writer, hour: u32, most: usize) -> Result<usize, Error> {
    let latest = writer.0.open_table(tables::LAST_EVALUATED)?;
    let mut usage = writer.0.open_table(tables::USAGE)?;
    let mut forgotten = 0;
    for row in latest.iter()? {
        let (environment, flag) = row?.0.value();
        let old = (environment, flag, 0, "", "")..(environment, flag, hour, "", "");
        for row in usage.extract_from_if(old, |_, _| true)? {
            row?;
            forgotten += 1;
            if forgotten == most {
                return Ok(forgotten);
            }
        }
    }
    Ok(forgotten)
}

/// Forgets everything that was counted in `environment`.
pub(super) fn remove(writer: &Writer, environment: EnvironmentId) -> Result<(), Error> {
    let bits = environment.bits();
    let counters = (bits, 0, 0, "", "")..(bits.saturating_add(1), 0, 0, "", "");
    writer.0.open_table(tables::USAGE)?.retain_in(counters, |_, _| false)?;
    writer.remove_under(tables::LAST_EVALUATED, bits)
}

/// Forgets everything that was counted of a flag in `environment`.
pub(super) fn forget_flag(writer: &Writer, environment: EnvironmentId, flag: FlagId) -> Result<(), Error> {
    let (environment, flag) = (environment.bits(), flag.bits());
    let of_flag = (environment, flag, 0, "", "")..(environment, flag.saturating_add(1), 0, "", "");
    writer.0.open_table(tables::USAGE)?.retain_in(of_flag, |_, _| false)?;
    writer.remove(tables::LAST_EVALUATED, (environment, flag))
}

/// From schema 1 to 2: counters had no cause; all of them were of what clients reported.
pub(super) fn add_causes(writer: &Writer) -> Result<(), Error> {
    {
        let before = writer.0.open_table(tables::USAGE_V1)?;
        let mut usage = writer.0.open_table(tables::USAGE)?;
        for row in before.iter()? {
            let (key, times) = row?;
            let (environment, flag, hour, variation) = key.value();
            let key = (environment, flag, hour, variation, Cause::Reported.as_str());
            usage.insert(key, times.value())?;
        }
    }
    writer.0.delete_table(tables::USAGE_V1)?;
    Ok(())
}
