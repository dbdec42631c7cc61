//! Flags as answers show them.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use super::{rule::RuleView, warning::WarningView};
use crate::{
    control::flag::ShownFlag,
    domain::{
        flag::{Classification, FlagStatus, FlagType, Prerequisite, Variation},
        id::EnvironmentId,
        lifecycle::{Lifecycle, Stage},
        rollout::{Algorithm, Bucketing},
        warning::Warning,
    },
};

/// One of the values that a flag can serve.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Variation")]
pub struct VariationView {
    /// Unique in the flag.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What clients get.
    pub value: Value,
}

/// A demand that another flag serves a certain variation to the same context.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Prerequisite")]
pub struct PrerequisiteView {
    /// The other flag's key.
    pub flag_key: String,
    /// The key of the variation that it must serve.
    pub variation_key: String,
}

/// How rollouts share out users.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Bucketing")]
pub struct BucketingView {
    /// The hash.
    pub algorithm: Algorithm,
    /// The attribute whose text is hashed.
    pub by: String,
    /// What is hashed before it; null is the flag's key.
    pub salt: Option<String>,
}

/// Where a flag is in its life.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Lifecycle")]
pub struct LifecycleView {
    /// The stage.
    pub stage: Stage,
    /// Why it is this one, as a sentence.
    pub because: String,
}

/// What a flag is in a list and by itself.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FlagFields {
    /// Its identifier: `flg_` and a ULID.
    pub id: String,
    /// The name in clients' code.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for, in words.
    pub description: Option<String>,
    /// The type of its values.
    pub flag_type: FlagType,
    /// Its purpose.
    pub classification: Option<Classification>,
    /// Labels.
    pub tags: Vec<String>,
    /// Who answers for it, a person or a team.
    pub owner: Option<String>,
    /// When it should be gone; from then on it counts as stale.
    pub expires_at: Option<String>,
    /// Where it is in its life, in every environment at once.
    pub status: FlagStatus,
    /// Whether it is on in this environment.
    pub enabled: bool,
    /// What it can serve.
    pub variations: Vec<VariationView>,
    /// The key of the variation that is served where no rule yields.
    pub default_variation: String,
    /// The environment that this view is of.
    pub environment_id: String,
    /// The project that it belongs to.
    pub project_id: String,
    /// What other flags must serve first.
    pub prerequisites: Vec<PrerequisiteView>,
    /// How its rollouts share out users.
    pub bucketing: BucketingView,
    /// Rises with every change of what this view shows.
    pub revision: u64,
    /// The account that made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When something that this view shows last changed.
    pub updated_at: String,
    /// When it was evaluated last in this environment, as far as clients reported it.
    pub last_evaluated_at: Option<String>,
    /// Where it is in its life, by evidence from all environments of the project.
    pub lifecycle: LifecycleView,
}

/// A flag as an environment shows it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Flag")]
pub struct FlagView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: FlagFields,
    /// Who gets what, in the order of the list; evaluation goes by `priority`.
    pub targeting_rules: Vec<RuleView>,
    /// What is probably not meant: at most 100. They say something of this environment alone, and keep nobody from
    /// anything.
    pub warnings: Vec<WarningView>,
}

/// A flag as lists show it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagListItem")]
pub struct FlagItemView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: FlagFields,
    /// How many rules it has in this environment.
    pub targeting_rules_count: u32,
    /// With `include=environments`: what every environment of the project says of it, in the order in which they were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub environments: Option<Vec<FlagPlaceView>>,
    /// With `include=activity`: how often it was evaluated in this environment, in each of the last 24 hours of the
    /// clock, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub activity: Option<Vec<u64>>,
}

/// What one environment says of a flag.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagPlace")]
pub struct FlagPlaceView {
    /// The environment.
    pub environment_id: String,
    /// Whether the flag is on there.
    pub enabled: bool,
    /// The revision that it shows there.
    pub revision: u64,
}

impl FlagPlaceView {
    /// What an environment says.
    pub fn of((environment, enabled, revision): (EnvironmentId, bool, u64)) -> Self {
        Self { environment_id: environment.to_string(), enabled, revision }
    }
}

/// What a toggle changed.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "ToggledFlag")]
pub struct ToggledView {
    /// The flag.
    pub id: String,
    /// Whether it is on now.
    pub enabled: bool,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Prerequisite> for PrerequisiteView {
    fn from(prerequisite: &Prerequisite) -> Self {
        Self {
            flag_key: prerequisite.flag_key.to_string(),
            variation_key: prerequisite.variation_key.to_string(),
        }
    }
}

impl From<&Bucketing> for BucketingView {
    fn from(bucketing: &Bucketing) -> Self {
        Self { algorithm: bucketing.algorithm, by: bucketing.by.clone(), salt: bucketing.salt.clone() }
    }
}

impl FlagFields {
    fn of(shown: &ShownFlag, lifecycle: Lifecycle) -> Self {
        let (flag, configuration) = (&shown.flag, &shown.configuration);
        let variation = |it: &Variation| VariationView {
            key: it.key.to_string(),
            name: it.name.to_string(),
            value: it.value.clone(),
        };
        Self {
            id: flag.id.to_string(),
            key: flag.key.to_string(),
            name: flag.name.to_string(),
            description: flag.description.as_ref().map(ToString::to_string),
            flag_type: flag.flag_type,
            classification: flag.classification,
            tags: flag.tags.iter().map(ToString::to_string).collect(),
            owner: flag.owner.as_ref().map(ToString::to_string),
            expires_at: flag.expires_at.map(|at| at.to_string()),
            status: flag.status,
            enabled: configuration.enabled,
            variations: flag.variations.iter().map(variation).collect(),
            default_variation: configuration.default_variation.to_string(),
            environment_id: shown.environment.to_string(),
            project_id: flag.project.to_string(),
            prerequisites: configuration.prerequisites.iter().map(PrerequisiteView::from).collect(),
            bucketing: BucketingView::from(&flag.bucketing),
            revision: flag.shown_revision(configuration),
            created_by: flag.created_by.map(|id| id.to_string()),
            created_at: flag.created_at.to_string(),
            updated_at: flag.shown_update(configuration).to_string(),
            last_evaluated_at: shown.last_evaluated_at.map(|at| at.to_string()),
            lifecycle: LifecycleView { stage: lifecycle.stage, because: lifecycle.because },
        }
    }
}

impl FlagView {
    /// The flag with what there is to say of it.
    pub fn of(shown: &ShownFlag, lifecycle: Lifecycle, warnings: Vec<Warning>) -> Self {
        Self {
            fields: FlagFields::of(shown, lifecycle),
            targeting_rules: shown.configuration.rules.iter().map(RuleView::from).collect(),
            warnings: warnings.into_iter().map(WarningView::from).collect(),
        }
    }
}

impl FlagItemView {
    /// The flag in its stage.
    pub fn of(shown: &ShownFlag, lifecycle: Lifecycle) -> Self {
        let count = u32::try_from(shown.configuration.rules.len()).unwrap_or(u32::MAX);
        let (environments, activity) = (None, None);
        Self {
            fields: FlagFields::of(shown, lifecycle),
            targeting_rules_count: count,
            environments,
            activity,
        }
    }
}

impl From<&ShownFlag> for ToggledView {
    fn from(shown: &ShownFlag) -> Self {
        Self {
            id: shown.flag.id.to_string(),
            enabled: shown.configuration.enabled,
            updated_at: shown.flag.shown_update(&shown.configuration).to_string(),
        }
    }
}
