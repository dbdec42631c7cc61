//! How often flags are evaluated: by the server, and by clients that report it.

use super::{
    id::{EnvironmentId, FlagId},
    named::named,
    time::Timestamp,
};

/// Seconds of an hour, the width of a counter.
pub const HOUR_SECONDS: i64 = 3_600;

named! {
    /// Why a variation was served (contract A6), without the rule.
    Cause {
        /// A targeting rule serves it to everyone whom it matches.
        TargetingRule = "TARGETING_RULE",
        /// The rollout of a targeting rule.
        PercentageRollout = "PERCENTAGE_ROLLOUT",
        /// No rule yielded a variation.
        Default = "DEFAULT",
        /// The flag is off, inactive or archived.
        Disabled = "DISABLED",
        /// Another flag does not serve what this one requires.
        Prerequisite = "PREREQUISITE",
        /// An application that evaluates by itself reported it, and did not say why.
        Reported = "REPORTED",
    }
}

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
    /// Why it was served.
    pub cause: Cause,
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
    u32::try_from(moment.seconds().div_euclid(HOUR_SECONDS)).unwrap_or(0)
}

/// When an hour begins.
pub fn beginning(hour: u32) -> Timestamp {
    Timestamp::from_seconds(i64::from(hour) * HOUR_SECONDS)
}
