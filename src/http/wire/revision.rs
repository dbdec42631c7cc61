//! Revisions of flags.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;

use super::{
    flag::FlagView,
    history::{ActorView, ChangeView, changes},
};
use crate::{
    control::revision::Step,
    domain::{
        audit::{Action, FieldChange},
        revision::Revision,
    },
    request,
};

request! {
    /// Where to go back to.
    #[derive(Clone, Debug)]
    pub struct RollBackFlag {
        /// The revision whose content the flag gets.
        pub revision: u64,
    }
}

/// Who made a revision, and when.
#[derive(Clone, Debug, Serialize, Object)]
pub struct RevisionFields {
    /// Its number.
    pub revision: u64,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub actor: ActorView,
    /// When. Of a flag from before revisions were kept: when it changed last.
    pub timestamp: String,
}

impl From<&Revision> for RevisionFields {
    fn from(revision: &Revision) -> Self {
        Self {
            revision: revision.number(),
            action: revision.action,
            actor: revision.actor.clone().into(),
            timestamp: revision.at.to_string(),
        }
    }
}

/// A revision as lists show it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagRevisionListItem")]
pub struct RevisionItemView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: RevisionFields,
    /// What changed since the revision before, as in the history of the flag. What was made has its fields here; null
    /// where the revision before is not kept.
    pub changes: Option<BTreeMap<String, ChangeView>>,
}

impl From<Step> for RevisionItemView {
    fn from(step: Step) -> Self {
        Self { fields: RevisionFields::from(&step.revision), changes: step.changes.map(changes) }
    }
}

/// A flag as it was at a revision.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagRevision")]
pub struct RevisionView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: RevisionFields,
    /// The whole flag. `last_evaluated_at` is null; `warnings` say what would probably not be meant about it now.
    pub flag: FlagView,
}

impl RevisionView {
    /// The revision with the flag as it was.
    pub fn of(revision: &Revision, flag: FlagView) -> Self {
        Self { fields: revision.into(), flag }
    }
}

/// What differs between two revisions.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FlagRevisionDiff")]
pub struct RevisionDiffView {
    /// The one revision.
    pub from: u64,
    /// The other.
    pub to: u64,
    /// What differs, by the name of the field. In lists of rules, variations and prerequisites it is told of each by
    /// its id or key, as in `targeting_rules[rule_01J…].conditions` or `variations[on].value`; if those that are in
    /// both are in another order, `targeting_rules[]` has their ids.
    pub changes: BTreeMap<String, ChangeView>,
}

impl RevisionDiffView {
    /// What differs between these two.
    pub fn of([from, to]: [u64; 2], differences: Vec<FieldChange>) -> Self {
        Self { from, to, changes: changes(differences) }
    }
}
