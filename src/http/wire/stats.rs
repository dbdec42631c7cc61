//! How often flags were served.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;

use crate::{
    control::stats::{EnvironmentStats, FlagStats, Tally},
    domain::{flag::Flag, time::Timestamp, usage::Cause},
};

/// How often one variation was served.
#[derive(Clone, Debug, Serialize, Object)]
pub struct VariationCount {
    /// The key of the variation.
    pub variation_key: String,
    /// How often it was served.
    pub evaluations: u64,
}

/// How often a flag was served for one reason.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ReasonCount {
    /// The reason, as evaluations have it; `REPORTED` for what applications evaluated by themselves.
    pub reason: Cause,
    /// How often.
    pub evaluations: u64,
}

/// How often a flag was served in a part of the period.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FlagPoint {
    /// When the part begins.
    pub from: String,
    /// In all.
    pub evaluations: u64,
    /// By the key of the variation; those that were not served are left out.
    pub variations: BTreeMap<String, u64>,
    /// By reason; those that did not occur are left out.
    pub reasons: BTreeMap<String, u64>,
}

/// How often a flag was served.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagStats")]
pub struct FlagStatsView {
    /// The key of the flag.
    pub flag_key: String,
    /// The environment's identifier.
    pub environment_id: String,
    /// The period up to now, in whole hours of the clock.
    pub period: String,
    /// All variations together.
    pub evaluations: u64,
    /// Each variation, those that were never served included.
    pub variations: Vec<VariationCount>,
    /// Each reason that occurred.
    pub reasons: Vec<ReasonCount>,
    /// The period in parts, oldest first: hours for `1h` and `24h`, six hours for `7d`, days for `30d`.
    pub series: Vec<FlagPoint>,
    /// When this was read.
    pub as_of: String,
}

impl FlagStatsView {
    /// What was served in `period`.
    pub fn of(stats: FlagStats, environment_id: String, period: &str, now: Timestamp) -> Self {
        let variation = |(variation_key, evaluations)| VariationCount { variation_key, evaluations };
        let reason = |(reason, evaluations)| ReasonCount { reason, evaluations };
        Self {
            flag_key: stats.flag.key.to_string(),
            environment_id,
            period: period.to_owned(),
            evaluations: stats.total.evaluations,
            variations: stats.total.variations.into_iter().map(variation).collect(),
            reasons: stats.total.causes.into_iter().map(reason).collect(),
            series: stats.series.into_iter().map(|(from, tally)| flag_point(from, tally)).collect(),
            as_of: now.to_string(),
        }
    }
}

fn flag_point(from: Timestamp, tally: Tally) -> FlagPoint {
    FlagPoint {
        from: from.to_string(),
        evaluations: tally.evaluations,
        variations: tally.variations,
        reasons: tally.causes.iter().map(|(cause, times)| (cause.as_str().to_owned(), *times)).collect(),
    }
}

/// How often one flag was served.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FlagCount {
    /// The key of the flag.
    pub flag_key: String,
    /// How often.
    pub evaluations: u64,
}

/// How often flags were served in a part of the period.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Point {
    /// When the part begins.
    pub from: String,
    /// How often.
    pub evaluations: u64,
}

/// How often the flags of an environment were served.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "EnvironmentStats")]
pub struct EnvironmentStatsView {
    /// The environment's identifier.
    pub environment_id: String,
    /// The period up to now, in whole hours of the clock.
    pub period: String,
    /// All flags together; archived ones do not count.
    pub evaluations: u64,
    /// The flags that were served most in the period, the most first; at most 10.
    pub most_evaluated: Vec<FlagCount>,
    /// The keys of flags that were never evaluated here since they were made; at most 100.
    pub never_evaluated: Vec<String>,
    /// How many of them there are in all.
    pub never_evaluated_total: u64,
    /// The period in parts, oldest first: hours for `1h` and `24h`, six hours for `7d`, days for `30d`.
    pub series: Vec<Point>,
    /// When this was read.
    pub as_of: String,
}

impl EnvironmentStatsView {
    /// What was served in `period`.
    pub fn of(stats: EnvironmentStats, environment_id: String, period: &str, now: Timestamp) -> Self {
        let key = |flag: &Flag| flag.key.to_string();
        let most = stats.most_evaluated.iter();
        let series = stats.series.into_iter();
        Self {
            environment_id,
            period: period.to_owned(),
            evaluations: stats.evaluations,
            most_evaluated: most
                .map(|(flag, evaluations)| FlagCount { flag_key: key(flag), evaluations: *evaluations })
                .collect(),
            never_evaluated: stats.never_evaluated.iter().map(|flag| key(flag)).collect(),
            never_evaluated_total: stats.never_evaluated_total as u64,
            series: series.map(|(from, evaluations)| Point { from: from.to_string(), evaluations }).collect(),
            as_of: now.to_string(),
        }
    }
}
