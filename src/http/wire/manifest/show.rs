//! From a project to its document. What has its default is left out, except where a reader would wonder.

use super::{
    ConfigurationBody, FlagSheetBody, KeySheetBody, ProjectDocument, ProjectSheetBody, VariationBody,
};
use crate::{
    domain::{
        environment::NewEnvironment,
        flag::{Prerequisite, Variation},
        hex,
        manifest::{ConfigurationSheet, FORMAT, FlagSheet, KeySheet, Manifest, ProjectSheet},
        operator::{Case, OperandKind},
        rollout::{Bucketing, Share},
        rule::{Condition, NewRule, Serve},
        segment::NewSegment,
    },
    http::wire::{
        environment::CreateEnvironment,
        flag_change::{BucketingBody, PrerequisiteBody},
        rule::{ConditionBody, RuleBody, ShareBody},
        segment::CreateSegment,
    },
};

/// The list, unless it is empty.
fn unless_empty<'t, T, B>(items: &'t [T], show: impl Fn(&'t T) -> B) -> Option<Vec<B>> {
    (!items.is_empty()).then(|| items.iter().map(show).collect())
}

impl From<&Manifest> for ProjectDocument {
    fn from(manifest: &Manifest) -> Self {
        Self {
            phaseflag: Some(FORMAT),
            project: ProjectSheetBody::from(&manifest.project),
            environments: manifest.environments.as_ref().map(|list| list.iter().map(Into::into).collect()),
            segments: manifest.segments.as_ref().map(|list| list.iter().map(Into::into).collect()),
            flags: manifest.flags.as_ref().map(|list| list.iter().map(Into::into).collect()),
            api_keys: manifest.api_keys.as_ref().map(|list| list.iter().map(Into::into).collect()),
            seed: None,
        }
    }
}

impl From<&ProjectSheet> for ProjectSheetBody {
    fn from(sheet: &ProjectSheet) -> Self {
        Self {
            key: sheet.key.to_string(),
            name: sheet.name.as_ref().map(ToString::to_string),
            description: sheet.description.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&NewEnvironment> for CreateEnvironment {
    fn from(environment: &NewEnvironment) -> Self {
        Self {
            key: environment.key.to_string(),
            name: environment.name.to_string(),
            r#type: environment.kind,
            color: Some(environment.color.as_str().to_owned()),
        }
    }
}

impl From<&NewSegment> for CreateSegment {
    fn from(segment: &NewSegment) -> Self {
        let fields = &segment.fields;
        Self {
            key: segment.key.to_string(),
            name: fields.name.to_string(),
            description: fields.description.as_ref().map(ToString::to_string),
            r#match: Some(fields.matching),
            conditions: unless_empty(&fields.conditions, ConditionBody::from),
            included: unless_empty(&fields.included, ToString::to_string),
            excluded: unless_empty(&fields.excluded, ToString::to_string),
        }
    }
}

impl From<&FlagSheet> for FlagSheetBody {
    fn from(flag: &FlagSheet) -> Self {
        let environments = flag.environments.iter();
        let environments = environments.map(|(key, sheet)| (key.to_string(), sheet.into())).collect();
        Self {
            key: flag.key.to_string(),
            name: Some(flag.name.to_string()),
            description: flag.description.as_ref().map(ToString::to_string),
            flag_type: flag.flag_type,
            classification: flag.classification,
            tags: unless_empty(&flag.tags, ToString::to_string),
            owner: flag.owner.as_ref().map(ToString::to_string),
            expires_at: flag.expires_at.map(|at| at.to_string()),
            status: Some(flag.status),
            bucketing: (flag.bucketing != Bucketing::default()).then(|| (&flag.bucketing).into()),
            variations: Some(flag.variations.iter().map(Into::into).collect()),
            // Every environment says its own.
            default_variation: None,
            environments: Some(environments),
        }
    }
}

impl From<&Bucketing> for BucketingBody {
    fn from(bucketing: &Bucketing) -> Self {
        Self {
            algorithm: bucketing.algorithm,
            by: Some(bucketing.by.clone()),
            salt: bucketing.salt.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Variation> for VariationBody {
    fn from(variation: &Variation) -> Self {
        Self {
            key: variation.key.to_string(),
            name: Some(variation.name.to_string()),
            value: variation.value.clone(),
        }
    }
}

impl From<&ConfigurationSheet> for ConfigurationBody {
    fn from(sheet: &ConfigurationSheet) -> Self {
        Self {
            enabled: Some(sheet.enabled),
            default_variation: Some(sheet.default_variation.to_string()),
            prerequisites: unless_empty(&sheet.prerequisites, PrerequisiteBody::from),
            targeting_rules: unless_empty(&sheet.rules, RuleBody::from),
        }
    }
}

impl From<&Prerequisite> for PrerequisiteBody {
    fn from(prerequisite: &Prerequisite) -> Self {
        Self {
            flag_key: prerequisite.flag_key.to_string(),
            variation_key: prerequisite.variation_key.to_string(),
        }
    }
}

impl From<&NewRule> for RuleBody {
    fn from(rule: &NewRule) -> Self {
        let (variation, percentage_rollout) = match &rule.serve {
            Serve::Variation(key) => (Some(key.to_string()), None),
            Serve::Rollout(rollout) => (None, Some(rollout.shares().iter().map(ShareBody::from).collect())),
        };
        Self {
            id: rule.id.map(|id| id.to_string()),
            // What is kept came in as one of these.
            priority: i32::try_from(rule.priority).ok(),
            name: rule.name.as_ref().map(ToString::to_string),
            conditions: rule.conditions.iter().map(ConditionBody::from).collect(),
            variation,
            percentage_rollout,
        }
    }
}

impl From<&Share> for ShareBody {
    fn from(share: &Share) -> Self {
        Self { variation: share.variation.to_string(), percentage: share.percentage.percent() }
    }
}

impl From<&Condition> for ConditionBody {
    fn from(condition: &Condition) -> Self {
        let row = condition.operator.row();
        Self {
            attribute: row.takes_attribute().then(|| condition.attribute.clone()),
            operator: condition.operator,
            value: (row.operand() != OperandKind::Nothing).then(|| condition.value.clone()),
            case_insensitive: (condition.case == Case::Insensitive).then_some(true),
        }
    }
}

impl From<&KeySheet> for KeySheetBody {
    fn from(key: &KeySheet) -> Self {
        Self {
            environment: key.environment.to_string(),
            name: key.name.to_string(),
            kind: key.kind,
            prefix: key.prefix.clone(),
            sha256: hex::write(&key.digest),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }
}
