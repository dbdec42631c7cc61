//! Promotions: what is asked for, and what came of it.

use poem_openapi::Object;
use serde::Serialize;

use super::difference::DifferenceView;
use crate::{
    control::{call::Run, compare::Comparison, flag::FlagName, promotion::Chosen},
    domain::{
        id::EnvironmentId,
        promotion::{ConfigurationPart, MAX_PROMOTED_FLAGS},
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// From where to where what an environment says of a flag is taken.
    #[derive(Clone, Debug)]
    pub struct PromoteFlag {
        /// The environment whose configuration is taken, by its id.
        pub from_environment_id: String,
        /// The environment that gets it, by its id.
        pub to_environment_id: String,
        /// What is taken; where absent, all of it.
        #[oai(validator(min_items = 1))]
        pub include: Option<Vec<ConfigurationPart>>,
        /// Whether it shall only be told what would change; where absent, it is changed.
        pub dry_run: Option<bool>,
    }

    /// From where what an environment says of flags is taken.
    #[derive(Clone, Debug)]
    pub struct PromoteEnvironment {
        /// The environment whose configurations are taken, by its id.
        pub from_environment_id: String,
        /// The flags, by id or key, at most 1,000; where absent, all that are not archived.
        #[oai(validator(min_items = 1, max_items = 1000))]
        pub flags: Option<Vec<String>>,
        /// What is taken; where absent, all of it.
        #[oai(validator(min_items = 1))]
        pub include: Option<Vec<ConfigurationPart>>,
        /// Whether it shall only be told what would change; where absent, it is changed.
        pub dry_run: Option<bool>,
    }
}

/// The parts that are taken.
pub fn parts(sent: Option<Vec<ConfigurationPart>>, faults: &mut Violations) -> Vec<ConfigurationPart> {
    let Some(parts) = sent else { return ConfigurationPart::ALL.iter().map(|(part, _)| *part).collect() };
    let list = Path::ROOT.field("include");
    if parts.is_empty() {
        faults.malformed(list, "must not be empty; leave it out to take everything");
    }
    for (place, part) in parts.iter().enumerate() {
        if parts[..place].contains(part) {
            faults.malformed(list.index(place), "is given twice");
        }
    }
    parts
}

/// The flags that are meant.
pub fn chosen(sent: Option<Vec<String>>, faults: &mut Violations) -> Chosen {
    let Some(names) = sent else { return Chosen::All };
    let list = Path::ROOT.field("flags");
    if names.is_empty() {
        faults.malformed(list, "must not be empty; leave it out for all flags");
    }
    if names.len() > MAX_PROMOTED_FLAGS {
        faults.malformed(list, format!("must have at most {MAX_PROMOTED_FLAGS} flags"));
    }
    Chosen::Listed(names.into_iter().map(FlagName).collect())
}

/// Whether it is meant in earnest.
pub fn run(dry_run: Option<bool>) -> Run {
    match dry_run {
        Some(true) => Run::Dry,
        Some(false) | None => Run::Real,
    }
}

/// Notes that an environment would be promoted to itself.
pub fn check_apart(from: &str, to: &str, faults: &mut Violations) {
    if from == to {
        faults.malformed("from_environment_id", "must be another environment");
    }
}

/// What was taken from one environment to another.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Promotion")]
pub struct PromotionView {
    /// The environment whose configurations were taken.
    pub from_environment_id: String,
    /// The environment that got them.
    pub to_environment_id: String,
    /// Whether it is only told what would have changed.
    pub dry_run: bool,
    /// The flags that it changed, by key, and what of them. None if there was no difference: then there is no entry in
    /// the history and no new version.
    pub changed: Vec<DifferenceView>,
    /// How many of the flags were the same already.
    pub equal: u64,
}

impl PromotionView {
    /// What came of a promotion.
    pub fn of(found: &Comparison, from: EnvironmentId, to: EnvironmentId, run: Run) -> Self {
        Self {
            from_environment_id: from.to_string(),
            to_environment_id: to.to_string(),
            dry_run: run == Run::Dry,
            changed: found.different.iter().map(DifferenceView::from).collect(),
            equal: found.equal,
        }
    }
}
