//! The ruleset, in both published shapes at once (contract A7): under `data` as documented, and at the top level as
//! the published SDKs parse it. Rules come in the order in which they are tried, so that a client that does not sort
//! them by priority answers as one that does.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use super::{
    evaluation::VariationId,
    flag::{BucketingView, PrerequisiteView},
    rule::{ConditionView, RuleView},
};
use crate::{
    domain::{
        audit::percent,
        flag::{FlagType, Variation},
        key::VariationKey,
        rule::Serve,
        segment::{Matching, Segment},
        time::Timestamp,
    },
    engine::{
        CompiledFlag, Ruleset,
        published::{self, PublishedRule},
    },
    live::LiveEnvironment,
};

/// The tag, in the top-level shape, of a flag that is on but that the published SDKs cannot evaluate themselves.
const SERVER_EVALUATED: &str = "server-evaluated";

/// A variation in the documented shape.
#[derive(Serialize, Object)]
pub struct RulesetVariation {
    /// Unique in the flag.
    pub key: String,
    /// What clients get.
    pub value: Value,
}

/// A flag in the documented shape.
#[derive(Serialize, Object)]
pub struct RulesetFlag {
    /// The flag's key.
    pub key: String,
    /// The type of its values.
    pub flag_type: FlagType,
    /// Whether it is on: in this environment, and not parked.
    pub enabled: bool,
    /// What it can serve.
    pub variations: Vec<RulesetVariation>,
    /// The key of the variation that is served where no rule yields.
    pub default_variation: String,
    /// Who gets what, in order.
    pub targeting_rules: Vec<RuleView>,
    /// What other flags must serve first, to the same context.
    pub prerequisites: Vec<PrerequisiteView>,
    /// How its rollouts share out users.
    pub bucketing: BucketingView,
}

/// A segment in the documented shape.
#[derive(Serialize, Object)]
pub struct RulesetSegment {
    /// Its identifier: `seg_` and a ULID.
    pub id: String,
    /// Unique in the project.
    pub key: String,
    /// Whether all conditions must hold, or any.
    pub r#match: Matching,
    /// What makes a context part of it, unless the lists say otherwise. Without conditions only the included are.
    pub conditions: Vec<ConditionView>,
    /// User keys that are in it, unless they are excluded.
    pub included: Vec<String>,
    /// User keys that are not in it.
    pub excluded: Vec<String>,
}

/// The documented shape.
#[derive(Serialize, Object)]
pub struct RulesetData {
    /// Rises with each change in the environment.
    pub version: u64,
    /// The environment.
    pub environment_id: String,
    /// Every flag that is not archived.
    pub flags: Vec<RulesetFlag>,
    /// Every segment of the project.
    pub segments: Vec<RulesetSegment>,
    /// When the server wrote this, once for each version. The `ETag` does not depend on it.
    pub fetched_at: String,
}

/// A variation as the published SDKs parse it.
#[derive(Serialize, Object)]
pub struct SdkVariation {
    /// Stable over time.
    pub id: String,
    /// Unique in the flag.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What clients get.
    pub value: Value,
}

/// A share of a rollout as the published SDKs parse it.
#[derive(Serialize, Object)]
pub struct SdkShare {
    /// The variation's id.
    pub variation_id: String,
    /// Percent, a whole number.
    pub weight: Value,
}

/// A rollout as the published SDKs parse it.
#[derive(Serialize, Object)]
pub struct SdkRollout {
    /// The shares, in order.
    pub variations: Vec<SdkShare>,
}

/// A rule as the published SDKs parse it.
#[derive(Serialize, Object)]
pub struct SdkRule {
    /// Lower is tried first.
    pub priority: i64,
    /// All must hold.
    pub conditions: Vec<ConditionView>,
    /// The id of the variation that is served; absent where there is a rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub variation_id: Option<String>,
    /// The shares; absent where there is a variation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub percentage_rollout: Option<SdkRollout>,
}

/// A flag as the published SDKs parse it. One whose answer they could not compute comes without rules, so that they
/// serve its default variation; if it is on it carries the tag `server-evaluated`.
#[derive(Serialize, Object)]
pub struct SdkFlag {
    /// Its identifier: `flg_` and a ULID.
    pub id: String,
    /// The flag's key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The type of its values.
    pub flag_type: FlagType,
    /// Always `active`.
    pub status: String,
    /// The environment's key.
    pub environment: String,
    /// The id of the variation that is served where no rule yields.
    pub default_variation_id: String,
    /// Labels.
    pub tags: Vec<String>,
    /// What it can serve.
    pub variations: Vec<SdkVariation>,
    /// Who gets what, in order.
    pub targeting_rules: Vec<SdkRule>,
}

/// The ruleset of an environment, in both published shapes.
#[derive(Serialize, Object)]
#[oai(rename = "Ruleset")]
pub struct RulesetAnswer {
    /// The documented shape.
    pub data: RulesetData,
    /// The version, as the published SDKs parse it.
    pub version: String,
    /// Every flag that is not archived, as the published SDKs parse it.
    pub flags: Vec<SdkFlag>,
}

impl RulesetAnswer {
    /// The ruleset as it is written at `now`.
    pub fn of(environment: &LiveEnvironment, ruleset: &Ruleset, now: Timestamp) -> Self {
        let flags: Vec<_> = ruleset.live_flags().collect();
        Self {
            data: RulesetData {
                version: ruleset.version(),
                environment_id: environment.id.to_string(),
                flags: flags.iter().map(|compiled| documented(compiled)).collect(),
                segments: ruleset.segments().iter().map(|compiled| segment(compiled.segment())).collect(),
                fetched_at: now.to_string(),
            },
            version: ruleset.version().to_string(),
            flags: flags
                .iter()
                .map(|compiled| sdk_flag(ruleset, compiled, environment.key.as_str()))
                .collect(),
        }
    }
}

fn segment(segment: &Segment) -> RulesetSegment {
    let texts = |keys: &[Box<str>]| keys.iter().map(ToString::to_string).collect();
    RulesetSegment {
        id: segment.id.to_string(),
        key: segment.key.to_string(),
        r#match: segment.matching,
        conditions: segment.conditions.iter().map(ConditionView::from).collect(),
        included: texts(&segment.included),
        excluded: texts(&segment.excluded),
    }
}

fn documented(compiled: &CompiledFlag) -> RulesetFlag {
    let (flag, configuration) = (compiled.flag(), compiled.configuration());
    let variation = |it: &Variation| RulesetVariation { key: it.key.to_string(), value: it.value.clone() };
    RulesetFlag {
        key: flag.key.to_string(),
        flag_type: flag.flag_type,
        enabled: compiled.is_on(),
        variations: flag.variations.iter().map(variation).collect(),
        default_variation: configuration.default_variation.to_string(),
        targeting_rules: compiled.rules_as_tried().map(RuleView::from).collect(),
        prerequisites: configuration.prerequisites.iter().map(PrerequisiteView::from).collect(),
        bucketing: BucketingView::from(&flag.bucketing),
    }
}

fn sdk_flag(ruleset: &Ruleset, compiled: &CompiledFlag, environment: &str) -> SdkFlag {
    let (flag, configuration) = (compiled.flag(), compiled.configuration());
    let id = |key: &VariationKey| VariationId { flag: compiled.key(), variation: key.as_str() }.to_string();
    let variation = |it: &Variation| SdkVariation {
        id: id(&it.key),
        key: it.key.to_string(),
        name: it.name.to_string(),
        value: it.value.clone(),
    };
    let rules = published::rules(ruleset, compiled);
    let mut tags: Vec<String> = flag.tags.iter().map(ToString::to_string).collect();
    if compiled.is_on() && rules.is_none() {
        tags.push(SERVER_EVALUATED.to_owned());
    }
    SdkFlag {
        id: flag.id.to_string(),
        key: flag.key.to_string(),
        name: flag.name.to_string(),
        flag_type: flag.flag_type,
        status: "active".to_owned(),
        environment: environment.to_owned(),
        default_variation_id: id(&configuration.default_variation),
        tags,
        variations: flag.variations.iter().map(variation).collect(),
        targeting_rules: rules.unwrap_or_default().iter().map(|rule| sdk_rule(rule, id)).collect(),
    }
}

fn sdk_rule(published: &PublishedRule<'_>, id: impl Fn(&VariationKey) -> String) -> SdkRule {
    let rule = published.rule;
    let (variation_id, percentage_rollout) = match &rule.serve {
        Serve::Variation(key) => (Some(id(key)), None),
        Serve::Rollout(rollout) => {
            let share = |it: &crate::domain::rollout::Share| SdkShare {
                variation_id: id(&it.variation),
                weight: percent(it.percentage.percent()),
            };
            (None, Some(SdkRollout { variations: rollout.shares().iter().map(share).collect() }))
        }
    };
    SdkRule {
        priority: rule.priority,
        conditions: published.conditions.iter().map(|condition| ConditionView::from(*condition)).collect(),
        variation_id,
        percentage_rollout,
    }
}
