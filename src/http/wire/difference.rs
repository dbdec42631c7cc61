//! How two environments compare, flag by flag.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;

use super::history::ChangeView;
use crate::{
    control::compare::FlagDifference,
    domain::{audit::FieldChange, page::Page, promotion::ConfigurationPart},
    http::envelope::{Listed, Meta},
    http::page,
    words,
};

words! {
    ConfigurationPart as "ConfigurationPart",
}

/// A flag of which two environments do not say the same.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagDifference")]
pub struct DifferenceView {
    /// The flag's identifier: `flg_` and a ULID.
    pub flag_id: String,
    /// The name in clients' code.
    pub flag_key: String,
    /// What people call it.
    pub name: String,
    /// What differs, by the name of the field: one or more of `enabled`, `default_variation`, `targeting_rules` and
    /// `prerequisites`. Rules that say the same are the same, whatever their ids.
    pub changes: BTreeMap<String, ChangeView>,
}

/// A page of the flags of which two environments do not say the same.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "DifferenceList")]
pub struct DifferencesView {
    /// The flags on this page, by key.
    pub data: Vec<DifferenceView>,
    /// Where this page is in the list.
    pub meta: DifferencesMeta,
}

/// Where a page is in its list, and what the list leaves out.
#[derive(Clone, Debug, Serialize, Object)]
pub struct DifferencesMeta {
    #[serde(flatten)]
    #[oai(flatten)]
    meta: Meta,
    /// How many flags are the same in both environments. Archived ones count neither here nor there.
    pub equal: u64,
}

impl From<&FlagDifference> for DifferenceView {
    fn from(difference: &FlagDifference) -> Self {
        let change = |it: FieldChange| (it.field, ChangeView { from: it.from, to: it.to });
        Self {
            flag_id: difference.flag.id.to_string(),
            flag_key: difference.flag.key.to_string(),
            name: difference.flag.name.to_string(),
            changes: difference.changes().into_iter().map(change).collect(),
        }
    }
}

impl DifferencesView {
    /// This page of the list, beside so many flags that are equal.
    pub fn of(page: Page<FlagDifference>, equal: u64, order: &str) -> Self {
        let Listed { data, meta } = page::listed(page.map(|it| DifferenceView::from(&it)), order);
        Self { data, meta: DifferencesMeta { meta, equal } }
    }
}
