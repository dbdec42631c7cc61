//! The operator table, as the API serves it.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use crate::domain::operator::{Operator, Row};

/// An operator of conditions.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "OperatorRow")]
pub struct OperatorView {
    /// Its name in a condition.
    pub name: Operator,
    /// What it is about: `text`, `number`, `version`, `time`, `presence` or `network`.
    pub group: String,
    /// The operand that it takes: `scalar`, `scalars`, `number`, `pattern`, `version`, `moment`, `networks` or
    /// `nothing`.
    pub operand: String,
    /// What it means.
    pub meaning: String,
    /// An operand.
    pub example: Value,
    /// Whether it also holds where the attribute is missing.
    pub negated: bool,
    /// Whether a condition may say `"case_insensitive": true`.
    pub folds_case: bool,
    /// Whether the published SDKs evaluate it themselves. A flag with any other is evaluated by the server alone.
    pub published: bool,
}

impl From<&Row> for OperatorView {
    fn from(row: &Row) -> Self {
        Self {
            name: row.operator,
            group: row.group().name().to_owned(),
            operand: row.operand().name().to_owned(),
            meaning: row.meaning.to_owned(),
            example: serde_json::from_str(row.example).unwrap_or_default(),
            negated: row.negated,
            folds_case: row.folds_case(),
            published: row.published,
        }
    }
}
