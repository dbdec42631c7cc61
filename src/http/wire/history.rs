//! The history of a flag, and what its entries share with those of the audit log.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use crate::domain::audit::{Action, Actor, Entry, FieldChange};

/// Who did it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Actor")]
pub struct ActorView {
    /// The account's identifier: `usr_` and a ULID.
    pub id: String,
    /// Its address at that time.
    pub email: String,
    /// The personal access token that acted for the account; left out where the person did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub token_id: Option<String>,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let Actor { id, email, token } = actor;
        Self { id: id.to_string(), email, token_id: token.map(|token| token.to_string()) }
    }
}

/// One field's change.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FieldChange")]
pub struct ChangeView {
    /// What it was; null where there was nothing.
    pub from: Value,
    /// What it is.
    pub to: Value,
}

/// Changes by the names of their fields.
pub fn changes(changes: Vec<FieldChange>) -> BTreeMap<String, ChangeView> {
    changes.into_iter().map(|it| (it.field, ChangeView { from: it.from, to: it.to })).collect()
}

/// Something that was done.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "HistoryEntry")]
pub struct EntryView {
    /// Its identifier: `evt_` and a ULID.
    pub id: String,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub actor: ActorView,
    /// What changed, by the name of the field. What was made has its fields here. A rule, a variation or a prerequisite
    /// that changed is told by itself, as in `targeting_rules[rule_…].variation`.
    pub changes: BTreeMap<String, ChangeView>,
    /// When.
    pub timestamp: String,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            action: entry.action,
            actor: entry.actor.into(),
            changes: changes(entry.changes),
            timestamp: entry.at.to_string(),
        }
    }
}
