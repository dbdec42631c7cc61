//! Schedules: changes of a flag in one environment that are to be made at a moment to come.

use super::{
    audit::Actor,
    flag_change::FlagChange,
    id::{EnvironmentId, FlagId, RampId, ScheduleId},
    key::VariationKey,
    named::named,
    rollout::Percentage,
    rule::{NewRule, Rule},
    time::Timestamp,
    violation::{Path, Violations},
};

/// Schedules of a flag in an environment that are not over, steps of ramps included, at most.
pub const MAX_SCHEDULES_AHEAD: usize = 100;
/// Schedules of a flag in an environment that are over and are kept, at most; those that were over first go first. Steps
/// of ramps are kept with their ramp.
pub const MAX_SCHEDULES_KEPT: usize = 200;
/// How far ahead a change may be scheduled, in years.
pub const MAX_YEARS_AHEAD: i64 = 5;

/// The member of a request that a change is in.
pub const CHANGE: &str = "change";

const SECONDS_PER_YEAR: i64 = 365 * 24 * 60 * 60;

named! {
    /// What became of a schedule.
    ScheduleStatus {
        /// Its time is to come.
        Pending = "pending",
        /// Its ramp is paused; when that is resumed, its time is put off.
        Paused = "paused",
        /// It was applied.
        Applied = "applied",
        /// It could not be applied when its time came, and will not be.
        Failed = "failed",
        /// Somebody called it off.
        Cancelled = "cancelled",
    }
}

impl ScheduleStatus {
    /// Whether nothing more will become of it.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Pending | Self::Paused => false,
            Self::Applied | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// What a schedule sets; what is absent stays as it is at that moment. Rules have their identities already, so that they
/// are the same whenever they come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// On or off.
    pub enabled: Option<bool>,
    /// What is served where no rule yields.
    pub default_variation: Option<VariationKey>,
    /// All rules.
    pub rules: Option<Vec<Rule>>,
}

impl From<Setting> for FlagChange {
    fn from(setting: Setting) -> Self {
        Self {
            enabled: setting.enabled,
            default_variation: setting.default_variation,
            rules: setting.rules.map(|rules| rules.into_iter().map(NewRule::from).collect()),
            ..Self::default()
        }
    }
}

/// A step of a ramp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The ramp.
    pub ramp: RampId,
    /// The ramp's variation.
    pub variation: VariationKey,
    /// From here on, this share of the users gets it.
    pub percentage: Percentage,
}

/// What is to be done at the moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Planned {
    /// What somebody said.
    Set(Setting),
    /// A step of a ramp.
    Step(Step),
}

/// Why a schedule was not applied, in the words with which the change would have been refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code of the refusal.
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// A change of a flag in one environment that is to be made at a moment to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Identity.
    pub id: ScheduleId,
    /// The environment.
    pub environment: EnvironmentId,
    /// The flag.
    pub flag: FlagId,
    /// The moment, in whole seconds.
    pub at: Timestamp,
    /// What is to be done.
    pub planned: Planned,
    /// Who made it, and is named as who makes the change.
    pub made_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// What became of it.
    pub status: ScheduleStatus,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Why it was not applied, if it failed.
    pub failure: Option<Failure>,
}

impl Schedule {
    /// The ramp that it is a step of.
    pub fn ramp(&self) -> Option<RampId> {
        match &self.planned {
            Planned::Set(_) => None,
            Planned::Step(step) => Some(step.ramp),
        }
    }

    /// The same, over since `now`.
    #[must_use]
    pub fn over(self, status: ScheduleStatus, now: Timestamp) -> Self {
        Self { status, finished_at: Some(now), ..self }
    }

    /// The same, failed at `now`.
    #[must_use]
    pub fn failed(self, failure: Failure, now: Timestamp) -> Self {
        Self { failure: Some(failure), ..self.over(ScheduleStatus::Failed, now) }
    }
}

/// The schedule whose time comes next. Of several at one moment it is the one that was made first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The moment.
    pub at: Timestamp,
    /// The schedule.
    pub schedule: ScheduleId,
}

/// A schedule that was asked for.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// The moment.
    pub at: Timestamp,
    /// What is to be done: nothing but `enabled`, `default_variation` and `rules`.
    pub change: FlagChange,
}

/// Reads a moment to come, found at `path`.
pub fn parse_moment(
    text: &str,
    now: Timestamp,
    path: &Path<'_>,
    faults: &mut Violations,
) -> Option<Timestamp> {
    let Some(moment) = Timestamp::parse(text) else {
        faults.malformed(path, "must be a moment in RFC 3339");
        return None;
    };
    if Timestamp::from_seconds(moment.seconds()) != moment {
        faults.malformed(path, "must be in whole seconds");
    } else if moment <= now {
        faults.malformed(path, "must be in the future");
    } else if moment > now.plus_seconds(MAX_YEARS_AHEAD * SECONDS_PER_YEAR) {
        faults.malformed(path, format!("must be at most {MAX_YEARS_AHEAD} years ahead"));
    }
    Some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_to_come_and_not_too_far() {
        let now = Timestamp::from_millis(1_800_000_000_500);
        let faults = |text: &str| {
            let mut faults = Violations::new();
            parse_moment(text, now, &Path::ROOT.field("at"), &mut faults);
            faults.len()
        };
        let at = |seconds: i64| Timestamp::from_seconds(1_800_000_000 + seconds).to_string();
        assert_eq!(faults(&at(1)), 0);
        assert_eq!(faults(&at(MAX_YEARS_AHEAD * SECONDS_PER_YEAR)), 0);
        for other in [&at(0), &at(MAX_YEARS_AHEAD * SECONDS_PER_YEAR + 1), "2027-06-01T00:00:00.5Z", "soon"] {
            assert_eq!(faults(other), 1, "{other}");
        }
    }
}
