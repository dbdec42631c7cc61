//! How often flags were served.

use poem_openapi::Object;
use serde::Serialize;

use crate::{control::flag::Served, domain::time::Timestamp};

/// How often one variation was served.
#[derive(Clone, Debug, Serialize, Object)]
pub struct VariationCount {
    /// The key of the variation.
    pub variation_key: String,
    /// How often clients reported that they served it.
    pub evaluations: u64,
}

/// How often a flag was served.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FlagStats {
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
    /// When this was read.
    pub as_of: String,
}

impl FlagStats {
    /// What was served in `period`.
    pub fn of(served: Served, environment_id: String, period: &str, now: Timestamp) -> Self {
        let count = |(variation_key, evaluations)| VariationCount { variation_key, evaluations };
        Self {
            flag_key: served.flag.key.to_string(),
            environment_id,
            period: period.to_owned(),
            evaluations: served.variations.values().sum(),
            variations: served.variations.into_iter().map(count).collect(),
            as_of: now.to_string(),
        }
    }
}
