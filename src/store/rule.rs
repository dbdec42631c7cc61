//! The record of a rule, which lives inside a configuration's.

use serde::{Deserialize, Serialize};

use crate::domain::{
    id::RuleId,
    key::VariationKey,
    operator::{Case, Operand, Operator},
    rollout::{Percentage, Rollout, Share},
    rule::{Condition, Rule, Serve},
    text::Name,
    value,
};

#[derive(Serialize, Deserialize)]
pub(super) struct RuleV1 {
    id: u128,
    priority: i64,
    name: Option<String>,
    conditions: Vec<ConditionV1>,
    serve: ServeV1,
}

/// A condition, of a rule or of a segment.
#[derive(Serialize, Deserialize)]
pub(super) struct ConditionV1 {
    attribute: String,
    operator: String,
    /// JSON text; `null` where the operator takes no operand.
    value: String,
    case_insensitive: bool,
}

/// What a rule serves.
#[derive(Serialize, Deserialize)]
pub(super) enum ServeV1 {
    Variation(String),
    Rollout(Vec<ShareV1>),
}

#[derive(Serialize, Deserialize)]
pub(super) struct ShareV1 {
    variation: String,
    thousandths: u32,
}

impl From<&Serve> for ServeV1 {
    fn from(serve: &Serve) -> Self {
        let share = |share: &Share| ShareV1 {
            variation: share.variation.to_string(),
            thousandths: share.percentage.thousandths(),
        };
        match serve {
            Serve::Variation(key) => Self::Variation(key.to_string()),
            Serve::Rollout(rollout) => Self::Rollout(rollout.shares().iter().map(share).collect()),
        }
    }
}

impl ServeV1 {
    /// What is served; `None` where the record is damaged.
    pub(super) fn into_domain(self) -> Option<Serve> {
        Some(match self {
            Self::Variation(key) => Serve::Variation(VariationKey::parse(&key).ok()?),
            Self::Rollout(shares) => {
                Serve::Rollout(Rollout::trusted(shares.into_iter().map(share).collect::<Option<_>>()?))
            }
        })
    }
}

impl From<&Rule> for RuleV1 {
    fn from(rule: &Rule) -> Self {
        Self {
            id: rule.id.bits(),
            priority: rule.priority,
            name: rule.name.as_ref().map(Name::to_string),
            conditions: rule.conditions.iter().map(ConditionV1::from).collect(),
            serve: ServeV1::from(&rule.serve),
        }
    }
}

impl RuleV1 {
    /// The rule; `None` where the record is damaged.
    pub(super) fn into_domain(self) -> Option<Rule> {
        Some(Rule {
            id: RuleId::from_bits(self.id),
            priority: self.priority,
            name: self.name.as_deref().map(Name::trusted),
            conditions: self.conditions.into_iter().map(ConditionV1::into_domain).collect::<Option<_>>()?,
            serve: self.serve.into_domain()?,
        })
    }
}

fn share(record: ShareV1) -> Option<Share> {
    Some(Share {
        variation: VariationKey::parse(&record.variation).ok()?,
        percentage: Percentage::from_thousandths(record.thousandths)?,
    })
}

impl From<&Condition> for ConditionV1 {
    fn from(condition: &Condition) -> Self {
        Self {
            attribute: condition.attribute.clone(),
            operator: condition.operator.name().to_owned(),
            value: condition.value.to_string(),
            case_insensitive: condition.case == Case::Insensitive,
        }
    }
}

impl ConditionV1 {
    /// The condition; `None` where the record is damaged.
    pub(super) fn into_domain(self) -> Option<Condition> {
        let operator = Operator::parse(&self.operator)?;
        let value = value::from_text(&self.value)?;
        let case = if self.case_insensitive { Case::Insensitive } else { Case::Sensitive };
        let operand = Operand::parse(operator, &value, case).ok()?;
        Some(Condition { attribute: self.attribute, operator, value, case, operand })
    }
}
