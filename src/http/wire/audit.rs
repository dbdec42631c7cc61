//! The audit log.

use poem_openapi::Object;
use serde::Serialize;

use super::history::EntryView;
use crate::{
    domain::audit::{
        Entry, Resource,
        chain::{Cut, Flaw, Verdict},
    },
    words,
};

words! {
    Flaw as "AuditFlaw",
}

/// Something that was done in an organization.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "AuditEntry")]
pub struct AuditEntryView {
    #[serde(flatten)]
    #[oai(flatten)]
    entry: EntryView,
    /// What kind of thing it was done with.
    pub resource_type: Resource,
    /// The identifier of this thing.
    pub resource_id: String,
    /// The organization.
    pub organization_id: Option<String>,
    /// The project that the thing belongs to.
    pub project_id: Option<String>,
    /// The environment, where only one is concerned.
    pub environment_id: Option<String>,
    /// The `X-Request-ID` of the request that did it.
    pub request_id: String,
    /// The address that the request came from, where it is known.
    pub ip: Option<String>,
}

impl From<Entry> for AuditEntryView {
    fn from(entry: Entry) -> Self {
        Self {
            resource_type: entry.action.resource(),
            resource_id: entry.resource.clone(),
            organization_id: entry.scope.organization.map(|id| id.to_string()),
            project_id: entry.scope.project.map(|id| id.to_string()),
            environment_id: entry.scope.environment.map(|id| id.to_string()),
            request_id: entry.request_id.clone(),
            ip: entry.address.clone(),
            entry: entry.into(),
        }
    }
}

/// What a walk along the chain of the audit log found.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "AuditChain")]
pub struct ChainView {
    /// Whether every entry fits.
    pub whole: bool,
    /// How many entries fit, from the first one of the server on.
    pub checked: u64,
    /// The last entry, by its place and its SHA-256: stands for all before it. Note it elsewhere, and send it later as
    /// `noted`.
    pub head: String,
    /// The first entry that does not fit; null where all do.
    pub cut: Option<CutView>,
}

/// The first entry that does not fit into the chain.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "AuditCut")]
pub struct CutView {
    /// Its place in the log, from 1.
    pub place: u64,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// Its identifier: `evt_` and a ULID; null where there is none to be read, and where it belongs to no organization
    /// in which the caller is an admin.
    pub id: Option<String>,
}

impl From<Verdict> for ChainView {
    fn from(verdict: Verdict) -> Self {
        let cut = |Cut { place, flaw, entry }| CutView { place, flaw, id: entry.map(|it| it.id.to_string()) };
        Self {
            whole: verdict.cut.is_none(),
            checked: verdict.checked,
            head: verdict.head.to_string(),
            cut: verdict.cut.map(cut),
        }
    }
}
