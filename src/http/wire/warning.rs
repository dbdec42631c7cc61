//! Warnings beside what was sent or asked for.

use poem_openapi::Object;
use serde::Serialize;

use crate::domain::warning::{Warning, WarningCode};

/// Something that is allowed and probably not meant.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Warning")]
pub struct WarningView {
    /// What kind of thing.
    pub code: WarningCode,
    /// Where, such as `targeting_rules[0].conditions[1]`.
    pub path: String,
    /// What about it, for a person.
    pub message: String,
}

impl From<Warning> for WarningView {
    fn from(warning: Warning) -> Self {
        Self { code: warning.code, path: warning.path, message: warning.message }
    }
}
