//! Flags that depend on another one.

use poem_openapi::Object;
use serde::Serialize;

use super::flag::PrerequisiteView;
use crate::{control::flag::DependentFlag, domain::named::named, words};

named! {
    /// How a flag depends on another one.
    Relation {
        /// It has the other as a prerequisite.
        Direct = "direct",
        /// It has a prerequisite that depends on the other.
        Transitive = "transitive",
    }
}

words! {
    Relation as "DependentRelation",
}

/// A flag that depends on another one in one environment.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Dependent")]
pub struct DependentView {
    /// Its identifier: `flg_` and a ULID.
    pub id: String,
    /// The name in clients' code.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The environment in which it depends on the other.
    pub environment_id: String,
    /// The key of this environment.
    pub environment_key: String,
    /// How it depends on the other. What is both is `direct`.
    pub relation: Relation,
    /// The key of the variation that it demands of the other; null if it is `transitive`.
    pub variation_key: Option<String>,
    /// Those of its prerequisites that lead to the other.
    pub through: Vec<PrerequisiteView>,
}

impl From<DependentFlag> for DependentView {
    fn from(dependent: DependentFlag) -> Self {
        Self {
            id: dependent.flag.id.to_string(),
            key: dependent.flag.key.to_string(),
            name: dependent.flag.name.to_string(),
            environment_id: dependent.environment.id.to_string(),
            environment_key: dependent.environment.key.to_string(),
            relation: if dependent.demands.is_some() { Relation::Direct } else { Relation::Transitive },
            variation_key: dependent.demands.map(|key| key.to_string()),
            through: dependent.through.iter().map(PrerequisiteView::from).collect(),
        }
    }
}
