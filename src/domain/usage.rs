//! How often flags are evaluated, as clients report it.

use super::{
    id::{EnvironmentId, FlagId},
    time::Timestamp,
};

/// Seconds of an hour, the width of a counter.
const HOUR: i64 = 3_600;

/// What a counter counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The environment whose key was used.
    pub environment: EnvironmentId,
    /// The flag.
    pub flag: FlagId,
    /// The hour, counted from the Unix epoch.
    pub hour: u32,
    /// The variation's key.
    pub variation: String,
}

/// How often, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub times: u64,
    /// When last.
    pub last: Timestamp,
}

impl Count {
    /// Both counts together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { times: self.times.saturating_add(other.times), last: self.last.max(other.last) }
    }
}

/// The hour that a moment is in, counted from the Unix epoch.
pub fn hour(moment: Timestamp) -> u32 {
    u32::try_from(moment.seconds().div_euclid(HOUR)).unwrap_or(0)
}
