//! The record of an audit entry, and its link to the one before.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        audit::{Action, Actor, Entry, FieldChange, Scope},
        id::{AuditId, EnvironmentId, OrganizationId, PersonalTokenId, ProjectId, UserId},
        time::Timestamp,
        value,
    },
    store::{
        Error,
        codec::{Stored, seal, thaw},
    },
};

#[derive(Serialize, Deserialize)]
struct EntryV1 {
    /// SHA-256 of the record before, zeros for the first.
    previous: [u8; 32],
    id: u128,
    at: i64,
    actor_id: u128,
    actor_email: String,
    action: String,
    organization: Option<u128>,
    project: Option<u128>,
    environment: Option<u128>,
    resource: String,
    changes: Vec<FieldChangeV1>,
    request_id: String,
    address: Option<String>,
}

/// [`EntryV1`], and the personal access token that acted.
#[derive(Serialize, Deserialize)]
struct EntryV2 {
    previous: [u8; 32],
    id: u128,
    at: i64,
    actor_id: u128,
    actor_email: String,
    actor_token: Option<u128>,
    action: String,
    organization: Option<u128>,
    project: Option<u128>,
    environment: Option<u128>,
    resource: String,
    changes: Vec<FieldChangeV1>,
    request_id: String,
    address: Option<String>,
}

impl From<EntryV1> for EntryV2 {
    fn from(old: EntryV1) -> Self {
        Self {
            previous: old.previous,
            id: old.id,
            at: old.at,
            actor_id: old.actor_id,
            actor_email: old.actor_email,
            actor_token: None,
            action: old.action,
            organization: old.organization,
            project: old.project,
            environment: old.environment,
            resource: old.resource,
            changes: old.changes,
            request_id: old.request_id,
            address: old.address,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct FieldChangeV1 {
    field: String,
    /// JSON text.
    from: String,
    /// JSON text.
    to: String,
}

/// An entry with its place in the chain.
#[derive(Debug, PartialEq)]
pub(in crate::store) struct Link {
    pub(super) previous: [u8; 32],
    pub(super) entry: Entry,
}

impl Stored for Link {
    const NOUN: &'static str = "an audit entry";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let change = |it: &FieldChange| FieldChangeV1 {
            field: it.field.clone(),
            from: it.from.to_string(),
            to: it.to.to_string(),
        };
        let entry = &self.entry;
        let record = EntryV2 {
            previous: self.previous,
            id: entry.id.bits(),
            at: entry.at.millis(),
            actor_id: entry.actor.id.bits(),
            actor_email: entry.actor.email.clone(),
            actor_token: entry.actor.token.map(PersonalTokenId::bits),
            action: entry.action.as_str().to_owned(),
            organization: entry.scope.organization.map(OrganizationId::bits),
            project: entry.scope.project.map(ProjectId::bits),
            environment: entry.scope.environment.map(EnvironmentId::bits),
            resource: entry.resource.clone(),
            changes: entry.changes.iter().map(change).collect(),
            request_id: entry.request_id.clone(),
            address: entry.address.clone(),
        };
        seal(2, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: EntryV2 = match version {
            1 => thaw::<EntryV1>(payload)?.into(),
            2 => thaw(payload)?,
            _ => return None,
        };
        let change = |it: FieldChangeV1| {
            Some(FieldChange {
                field: it.field,
                from: value::from_text(&it.from)?,
                to: value::from_text(&it.to)?,
            })
        };
        let entry = Entry {
            id: AuditId::from_bits(record.id),
            at: Timestamp::from_millis(record.at),
            actor: Actor {
                id: UserId::from_bits(record.actor_id),
                email: record.actor_email,
                token: record.actor_token.map(PersonalTokenId::from_bits),
            },
            action: Action::parse(&record.action)?,
            scope: Scope {
                organization: record.organization.map(OrganizationId::from_bits),
                project: record.project.map(ProjectId::from_bits),
                environment: record.environment.map(EnvironmentId::from_bits),
            },
            resource: record.resource,
            changes: record.changes.into_iter().map(change).collect::<Option<_>>()?,
            request_id: record.request_id,
            address: record.address,
        };
        Some(Self { previous: record.previous, entry })
    }
}
