//! Rules, conditions and rollouts.

use poem_openapi::Object;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    domain::{
        audit::percent,
        operator::{Case, Operator},
        rollout::{Share, ShareDraft},
        rule::{Condition, ConditionDraft, Rule, RuleDraft, Serve},
    },
    request,
};

request! {
    /// One test of one attribute of the context.
    #[derive(Clone, Debug, Serialize)]
    pub struct ConditionBody {
        /// The attribute's name; left out for operators on segments. `user_key`, `user_id`, `userId` and `session_id` address the context's own fields.
        #[oai(validator(min_length = 1, max_length = 200))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub attribute: Option<String>,
        /// How it is compared.
        pub operator: Operator,
        /// What the attribute is compared with; which JSON it is depends on the operator. Some operators take none.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub value: Option<Value>,
        /// Whether upper and lower case are the same; for operators on text alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub case_insensitive: Option<bool>,
    }

    /// A share of the users.
    #[derive(Clone, Debug, Serialize)]
    pub struct ShareBody {
        /// The key of the variation that they get.
        pub variation: String,
        /// How many of them, in percent. Whole numbers unless the flag's bucketing is `murmur3`.
        #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
        #[serde(serialize_with = "print_percent")]
        pub percentage: f64,
    }

    /// A targeting rule. It has exactly one of `variation` and `percentage_rollout`.
    #[derive(Clone, Debug, Serialize)]
    pub struct RuleBody {
        /// A rule sent with an id of this flag keeps it; any other gets a new one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub id: Option<String>,
        /// Lower is tried first; ties keep the order of the list. Where absent: the place in the list, from 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub priority: Option<i32>,
        /// What people call it.
        #[oai(validator(max_length = 200))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// All must hold; none at all match everyone.
        #[oai(validator(max_items = 50))]
        pub conditions: Vec<ConditionBody>,
        /// The key of the variation that is served.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub variation: Option<String>,
        /// The shares, in the order in which buckets are given out; they sum to at most 100.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub percentage_rollout: Option<Vec<ShareBody>>,
    }
}

impl From<ConditionBody> for ConditionDraft {
    fn from(body: ConditionBody) -> Self {
        let case = match body.case_insensitive {
            Some(true) => Case::Insensitive,
            Some(false) | None => Case::Sensitive,
        };
        Self { attribute: body.attribute, operator: body.operator, value: body.value, case }
    }
}

impl From<ShareBody> for ShareDraft {
    fn from(body: ShareBody) -> Self {
        Self { variation: body.variation, percentage: body.percentage }
    }
}

impl From<RuleBody> for RuleDraft {
    fn from(body: RuleBody) -> Self {
        Self {
            id: body.id,
            priority: body.priority.map(i64::from),
            name: body.name,
            conditions: body.conditions.into_iter().map(ConditionDraft::from).collect(),
            variation: body.variation,
            percentage_rollout: body
                .percentage_rollout
                .map(|it| it.into_iter().map(ShareDraft::from).collect()),
        }
    }
}

/// One test of one attribute of the context.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Condition")]
pub struct ConditionView {
    /// The attribute's name; null for operators on segments.
    pub attribute: Option<String>,
    /// How it is compared.
    pub operator: Operator,
    /// What the attribute is compared with, as it was written; null where the operator takes nothing.
    pub value: Value,
    /// Present and true where upper and lower case are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub case_insensitive: Option<bool>,
}

/// A share of the users.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Share")]
pub struct ShareView {
    /// The key of the variation that they get.
    pub variation: String,
    /// How many of them, in percent.
    #[serde(serialize_with = "print_percent")]
    pub percentage: f64,
}

/// A targeting rule.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Rule")]
pub struct RuleView {
    /// Its identifier: `rule_` and a ULID.
    pub id: String,
    /// Lower is tried first.
    pub priority: i64,
    /// What people call it.
    pub name: Option<String>,
    /// All must hold.
    pub conditions: Vec<ConditionView>,
    /// The key of the variation that is served; absent where there is a rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub variation: Option<String>,
    /// The shares, in order; absent where there is a variation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub percentage_rollout: Option<Vec<ShareView>>,
}

impl From<&Condition> for ConditionView {
    fn from(condition: &Condition) -> Self {
        Self {
            attribute: condition.operator.row().takes_attribute().then(|| condition.attribute.clone()),
            operator: condition.operator,
            value: condition.value.clone(),
            case_insensitive: (condition.case == Case::Insensitive).then_some(true),
        }
    }
}

impl From<&Share> for ShareView {
    fn from(share: &Share) -> Self {
        Self { variation: share.variation.to_string(), percentage: share.percentage.percent() }
    }
}

impl From<&Rule> for RuleView {
    fn from(rule: &Rule) -> Self {
        let (variation, percentage_rollout) = match &rule.serve {
            Serve::Variation(key) => (Some(key.to_string()), None),
            Serve::Rollout(rollout) => (None, Some(rollout.shares().iter().map(ShareView::from).collect())),
        };
        Self {
            id: rule.id.to_string(),
            priority: rule.priority,
            name: rule.name.as_ref().map(ToString::to_string),
            conditions: rule.conditions.iter().map(ConditionView::from).collect(),
            variation,
            percentage_rollout,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(super) fn print_percent<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    percent(*value).serialize(serializer)
}
