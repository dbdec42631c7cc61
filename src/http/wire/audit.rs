//! The audit log.

use poem_openapi::Object;
use serde::Serialize;

use super::history::EntryView;
use crate::domain::audit::{Entry, Resource};

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
