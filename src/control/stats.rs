//! How often flags were served, and why: what is written down, and what is counted since.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{
    Control,
    call::Caller,
    error::Error,
    flag::{FlagName, View, find, view},
};
use crate::{
    domain::{
        flag::Flag,
        id::{EnvironmentId, FlagId},
        time::Timestamp,
        usage::{Cause, beginning, hour},
    },
    store::{self, usage::Row},
};

/// Flags that a list of the most evaluated ones has, at most.
pub const MAX_MOST_EVALUATED: usize = 10;
/// Flags that a list of those that were never evaluated has, at most.
pub const MAX_NEVER_EVALUATED: usize = 100;

/// Hours of a day.
const HOURS_OF_A_DAY: u32 = 24;
/// How often, in each hour of a day.
pub type DayOfHours = [u64; HOURS_OF_A_DAY as usize];

/// Hours of the clock, up to the present one, and how many of them go together.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Hours in all, the present one included.
    pub hours: u32,
    /// Hours that are counted together; divides `hours`.
    pub step: u32,
}

impl Window {
    fn since(self, now: Timestamp) -> u32 {
        (hour(now) + 1).saturating_sub(self.hours)
    }

    fn series<T: Default>(self, now: Timestamp) -> Vec<(Timestamp, T)> {
        let since = self.since(now);
        let begins = (0..self.hours / self.step).map(|index| beginning(since + index * self.step));
        begins.map(|begin| (begin, T::default())).collect()
    }

    fn place(self, now: Timestamp, hour: u32) -> usize {
        (hour.saturating_sub(self.since(now)) / self.step) as usize
    }
}

/// How often, by variation and by cause.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// In all.
    pub evaluations: u64,
    /// By variation key.
    pub variations: BTreeMap<String, u64>,
    /// By cause.
    pub causes: BTreeMap<Cause, u64>,
}

impl Tally {
    fn add(&mut self, variation: &str, cause: Cause, times: u64) {
        self.evaluations += times;
        match self.variations.get_mut(variation) {
            Some(known) => *known += times,
            None => drop(self.variations.insert(variation.to_owned(), times)),
        }
        *self.causes.entry(cause).or_default() += times;
    }
}

/// How often a flag was served.
#[derive(Clone, Debug)]
pub struct FlagStats {
    /// The flag.
    pub flag: Arc<Flag>,
    /// In all; a variation that was never served is there with 0.
    pub total: Tally,
    /// By time, oldest first, from when each begins.
    pub series: Vec<(Timestamp, Tally)>,
}

/// How often the flags of an environment were served.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentStats {
    /// In all.
    pub evaluations: u64,
    /// By time, oldest first, from when each begins.
    pub series: Vec<(Timestamp, u64)>,
    /// The flags that were served most, the most first.
    pub most_evaluated: Vec<(Arc<Flag>, u64)>,
    /// Flags that were never evaluated since they were made, by key.
    pub never_evaluated: Vec<Arc<Flag>>,
    /// How many of them there are in all.
    pub never_evaluated_total: usize,
}

/// Shows what was counted of these flags, written down or not.
fn counted(
    control: &Control,
    view: &View,
    flags: impl IntoIterator<Item = FlagId>,
    since: u32,
    mut show: impl FnMut(Row<'_>),
) -> Result<(), Error> {
    let environment = view.place.environment.id;
    let pending = control.live().usage.pending(environment);
    for (slot, count) in pending.iter().filter(|(slot, _)| slot.hour >= since) {
        let (flag, hour, variation, cause) = (slot.flag, slot.hour, slot.variation.as_str(), slot.cause);
        show(Row { flag, hour, variation, cause, times: count.times });
    }
    Ok(store::usage::of_flags(&view.reader, environment, flags, since, show)?)
}

/// How often a flag was served in the window that ends at `now`. Waits: call it where that is allowed.
pub fn of_flag(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    window: Window,
    now: Timestamp,
) -> Result<FlagStats, Error> {
    let _held = control.live().usage.hold();
    let view = view(control, caller, environment)?;
    control.live().settle(&view.live);
    let flag = Arc::clone(find(&view.live.ruleset(), &view.place.environment, name)?.flag());
    let mut total = Tally::default();
    total.variations.extend(flag.variations.iter().map(|variation| (variation.key.to_string(), 0)));
    let mut series = window.series::<Tally>(now);
    counted(control, &view, [flag.id], window.since(now), |row| {
        if row.flag != flag.id {
            return;
        }
        total.add(row.variation, row.cause, row.times);
        if let Some((_, tally)) = series.get_mut(window.place(now, row.hour)) {
            tally.add(row.variation, row.cause, row.times);
        }
    })?;
    Ok(FlagStats { flag, total, series })
}

/// How often each of these flags was served in the hours of a day that ends at `now`, oldest first. Waits: call it where
/// that is allowed.
pub fn of_a_day(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    flags: &[FlagId],
    now: Timestamp,
) -> Result<HashMap<FlagId, DayOfHours>, Error> {
    let window = Window { hours: HOURS_OF_A_DAY, step: 1 };
    let _held = control.live().usage.hold();
    let view = view(control, caller, environment)?;
    control.live().settle(&view.live);
    let mut days: HashMap<FlagId, DayOfHours> =
        flags.iter().map(|flag| (*flag, DayOfHours::default())).collect();
    counted(control, &view, flags.iter().copied(), window.since(now), |row| {
        let hour = days.get_mut(&row.flag).and_then(|day| day.get_mut(window.place(now, row.hour)));
        if let Some(times) = hour {
            *times += row.times;
        }
    })?;
    Ok(days)
}

/// How often the flags of an environment that are not archived were served in the window that ends at `now`. Waits,
/// and may read many rows.
pub fn of_environment(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    window: Window,
    now: Timestamp,
) -> Result<EnvironmentStats, Error> {
    let _held = control.live().usage.hold();
    let view = view(control, caller, environment)?;
    control.live().settle(&view.live);
    let ruleset = Arc::clone(&view.live.ruleset());
    let mut stats = EnvironmentStats { series: window.series(now), ..EnvironmentStats::default() };
    let mut by_flag: BTreeMap<FlagId, u64> = ruleset.live_flags().map(|it| (it.flag().id, 0)).collect();
    let ids: Vec<FlagId> = by_flag.keys().copied().collect();
    counted(control, &view, ids, window.since(now), |row| {
        let Some(times) = by_flag.get_mut(&row.flag) else { return };
        *times += row.times;
        stats.evaluations += row.times;
        if let Some((_, times)) = stats.series.get_mut(window.place(now, row.hour)) {
            *times += row.times;
        }
    })?;
    let pending = control.live().usage.last_evaluated(environment);
    for flag in ruleset.live_flags().map(|it| it.flag()) {
        let times = by_flag.get(&flag.id).copied().unwrap_or_default();
        if times > 0 {
            stats.most_evaluated.push((Arc::clone(flag), times));
        } else if !pending.contains_key(&flag.id)
            && store::usage::last_evaluated(&view.reader, environment, flag.id)?.is_none()
        {
            stats.never_evaluated_total += 1;
            if stats.never_evaluated.len() < MAX_NEVER_EVALUATED {
                stats.never_evaluated.push(Arc::clone(flag));
            }
        }
    }
    stats.most_evaluated.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.key.cmp(&other.key)));
    stats.most_evaluated.truncate(MAX_MOST_EVALUATED);
    Ok(stats)
}
