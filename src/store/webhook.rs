//! Webhooks, found by identifier and by project.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    delivery, get, indexed, tables,
};
use crate::domain::{
    event::EventType,
    id::{EnvironmentId, ProjectId, UserId, WebhookId},
    text::Description,
    time::Timestamp,
    webhook::{Health, SECRET_BYTES, SigningSecret, Webhook, WebhookUrl},
};

#[derive(Serialize, Deserialize)]
struct WebhookV1 {
    id: u128,
    project: u128,
    url: String,
    description: Option<String>,
    events: Vec<String>,
    environments: Vec<u128>,
    health: HealthV1,
    secret: [u8; SECRET_BYTES],
    created_by: u128,
    revision: u64,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
enum HealthV1 {
    Active,
    Failing(i64),
    Paused { failing_since: i64, at: i64 },
    Inactive,
}

impl From<Health> for HealthV1 {
    fn from(health: Health) -> Self {
        match health {
            Health::Active => Self::Active,
            Health::Failing(since) => Self::Failing(since.millis()),
            Health::Paused { failing_since, at } => {
                Self::Paused { failing_since: failing_since.millis(), at: at.millis() }
            }
            Health::Inactive => Self::Inactive,
        }
    }
}

impl From<HealthV1> for Health {
    fn from(record: HealthV1) -> Self {
        let moment = Timestamp::from_millis;
        match record {
            HealthV1::Active => Self::Active,
            HealthV1::Failing(since) => Self::Failing(moment(since)),
            HealthV1::Paused { failing_since, at } => {
                Self::Paused { failing_since: moment(failing_since), at: moment(at) }
            }
            HealthV1::Inactive => Self::Inactive,
        }
    }
}

impl Stored for Webhook {
    const NOUN: &'static str = "a webhook";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = WebhookV1 {
            id: self.id.bits(),
            project: self.project.bits(),
            url: self.url.to_string(),
            description: self.description.as_ref().map(Description::to_string),
            events: self.events.iter().map(|event| event.as_str().to_owned()).collect(),
            environments: self.environments.iter().map(|id| id.bits()).collect(),
            health: self.health.into(),
            secret: *self.secret.bytes(),
            created_by: self.created_by.bits(),
            revision: self.revision,
            created_at: self.created_at.millis(),
            updated_at: self.updated_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: WebhookV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: WebhookId::from_bits(record.id),
            project: ProjectId::from_bits(record.project),
            url: WebhookUrl::parse(&record.url).ok()?,
            description: record.description.as_deref().map(Description::trusted),
            events: record.events.iter().map(|name| EventType::parse(name)).collect::<Option<_>>()?,
            environments: record.environments.into_iter().map(EnvironmentId::from_bits).collect(),
            health: record.health.into(),
            secret: SigningSecret::new(record.secret),
            created_by: UserId::from_bits(record.created_by),
            revision: record.revision,
            created_at: Timestamp::from_millis(record.created_at),
            updated_at: Timestamp::from_millis(record.updated_at),
        })
    }
}

/// The webhook with this identifier.
pub fn by_id(access: &impl Access, id: WebhookId) -> Result<Option<Webhook>, Error> {
    get(access, tables::WEBHOOKS, id.bits())
}

/// The webhooks of `project`, oldest first. Where there is none, this is one look-up.
pub fn of_project(access: &impl Access, project: ProjectId) -> Result<Vec<Webhook>, Error> {
    let mut webhooks = Vec::new();
    for id in indexed(access, tables::WEBHOOKS_OF, project.bits())? {
        webhooks.extend(by_id(access, WebhookId::from_bits(id))?);
    }
    Ok(webhooks)
}

/// Keeps a webhook.
pub fn put(writer: &Writer, webhook: &Webhook) -> Result<(), Error> {
    writer.put(tables::WEBHOOKS, webhook.id.bits(), webhook)?;
    writer.set(tables::WEBHOOKS_OF, (webhook.project.bits(), webhook.id.bits()), ())
}

/// Deletes a webhook with its deliveries, also those that wait.
pub fn remove(writer: &Writer, webhook: &Webhook) -> Result<(), Error> {
    delivery::remove_of_webhook(writer, webhook.id)?;
    writer.remove(tables::WEBHOOKS, webhook.id.bits())?;
    writer.remove(tables::WEBHOOKS_OF, (webhook.project.bits(), webhook.id.bits()))
}

/// Deletes the webhooks of `project`.
pub(super) fn remove_of_project(writer: &Writer, project: ProjectId) -> Result<(), Error> {
    of_project(writer, project)?.iter().try_for_each(|webhook| remove(writer, webhook))
}
