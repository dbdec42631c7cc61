//! Webhooks and their deliveries. What is delivered is in `letter.rs`.

use std::collections::BTreeSet;

use poem_openapi::Object;
use serde::Serialize;

use crate::{
    control::webhook::{ShownDelivery, ShownWebhook},
    domain::{
        delivery::{Attempt, Delivery, DeliveryStatus},
        event::EventType,
        id::EnvironmentId,
        text::Description,
        violation::{Path, Violations},
        webhook::{
            Health, PAUSE_AFTER_SECONDS, Switch, WebhookChange, WebhookFields, WebhookStatus, WebhookUrl,
        },
    },
    http::patch::Patch,
    request,
};

/// Environments that a webhook can name, at most: a project has no more.
const MAX_NAMED_ENVIRONMENTS: usize = crate::domain::environment::MAX_ENVIRONMENTS_PER_PROJECT;

request! {
    /// A webhook to be made.
    #[derive(Clone, Debug)]
    pub struct CreateWebhook {
        /// Where events are sent: `https` or `http`, without a user and a fragment.
        #[oai(validator(min_length = 1, max_length = 2048))]
        pub url: String,
        /// What it is for.
        #[oai(validator(max_length = 2000))]
        pub description: Option<String>,
        /// What it is told of, at least one of these.
        #[oai(validator(min_items = 1, unique_items))]
        pub events: Vec<EventType>,
        /// The environments that it is told of, by their ids; where absent or empty, all of the project.
        pub environment_ids: Option<Vec<String>>,
        /// Whether anything is sent; where absent, `true`.
        pub active: Option<bool>,
    }

    /// A partial change of a webhook: an absent field stays, a list replaces the whole list.
    #[derive(Clone, Debug)]
    pub struct UpdateWebhook {
        /// Where events are sent.
        #[oai(validator(min_length = 1, max_length = 2048))]
        pub url: Option<String>,
        /// What it is for; null clears it.
        #[oai(validator(max_length = 2000))]
        pub description: Patch<String>,
        /// What it is told of.
        #[oai(validator(min_items = 1, unique_items))]
        pub events: Option<Vec<EventType>>,
        /// The environments that it is told of; empty is all of the project.
        pub environment_ids: Option<Vec<String>>,
        /// Whether anything is sent. `true` also ends a pause, and what waited is sent at once.
        pub active: Option<bool>,
    }
}

fn url(text: &str, faults: &mut Violations) -> Option<WebhookUrl> {
    WebhookUrl::parse(text).map_err(|message| faults.malformed("url", message)).ok()
}

fn description(text: &str, faults: &mut Violations) -> Option<Description> {
    Description::parse(text, &Path::ROOT.field("description"), faults)
}

fn events(list: Vec<EventType>, faults: &mut Violations) -> BTreeSet<EventType> {
    // In the place of a word that nobody knows stands another one, which says nothing.
    let known = faults.is_empty();
    if list.is_empty() {
        faults.malformed("events", "must name at least one event");
    }
    let mut events = BTreeSet::new();
    for (index, event) in list.into_iter().enumerate() {
        if !events.insert(event) && known {
            faults.malformed(format_args!("events[{index}]"), "is given twice");
        }
    }
    events
}

fn environments(texts: Vec<String>, faults: &mut Violations) -> BTreeSet<EnvironmentId> {
    if texts.len() > MAX_NAMED_ENVIRONMENTS {
        let message = format!("must have at most {MAX_NAMED_ENVIRONMENTS} ids");
        faults.malformed("environment_ids", message);
        return BTreeSet::new();
    }
    let mut environments = BTreeSet::new();
    for (index, text) in texts.iter().enumerate() {
        let place = format!("environment_ids[{index}]");
        match EnvironmentId::parse(text) {
            None => faults.malformed(place, "must be the identifier of an environment, such as env_01J…"),
            Some(id) if !environments.insert(id) => faults.malformed(place, "is given twice"),
            Some(_) => {}
        }
    }
    environments
}

/// The webhook that a body asks for.
pub fn new_webhook(body: CreateWebhook, faults: &mut Violations) -> Option<WebhookFields> {
    let events = events(body.events, faults);
    let url = url(&body.url, faults);
    let description = body.description.and_then(|text| description(&text, faults));
    let environments = environments(body.environment_ids.unwrap_or_default(), faults);
    let switch = Switch::from(body.active.unwrap_or(true));
    Some(WebhookFields { url: url?, description, events, environments, switch })
}

/// The change that a body asks for.
pub fn webhook_change(body: UpdateWebhook, faults: &mut Violations) -> Option<WebhookChange> {
    Some(WebhookChange {
        events: body.events.map(|list| events(list, faults)),
        url: body.url.and_then(|text| url(&text, faults)),
        description: body.description.change().map(|text| text.and_then(|text| description(&text, faults))),
        environments: body.environment_ids.map(|texts| environments(texts, faults)),
        switch: body.active.map(Switch::from),
    })
}

/// A webhook, without its secret.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Webhook")]
pub struct WebhookView {
    /// Its identifier: `whk_` and a ULID.
    pub id: String,
    /// The project whose events it gets.
    pub project_id: String,
    /// Where they are sent.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it is told of.
    pub events: Vec<EventType>,
    /// The environments that it is told of; empty is all of the project.
    pub environment_ids: Vec<String>,
    /// Whether anything is sent: it is neither paused nor switched off.
    pub active: bool,
    /// How it goes.
    pub status: WebhookStatus,
    /// When the first attempt failed since one succeeded, if the last ones failed.
    pub failing_since: Option<String>,
    /// When the server stopped sending, if it did.
    pub paused_at: Option<String>,
    /// Why it did, as a sentence.
    pub paused_reason: Option<String>,
    /// Deliveries that wait to be sent, for the first time or again.
    pub pending_deliveries: u64,
    /// Rises with every change.
    pub revision: u64,
    /// The account that made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&ShownWebhook> for WebhookView {
    fn from(ShownWebhook { webhook, pending }: &ShownWebhook) -> Self {
        let paused_at = match webhook.health {
            Health::Paused { at, .. } => Some(at),
            Health::Active | Health::Failing(_) | Health::Inactive => None,
        };
        let days = PAUSE_AFTER_SECONDS / 86_400;
        Self {
            id: webhook.id.to_string(),
            project_id: webhook.project.to_string(),
            url: webhook.url.to_string(),
            description: webhook.description.as_ref().map(ToString::to_string),
            events: webhook.events.iter().copied().collect(),
            environment_ids: webhook.environments.iter().map(ToString::to_string).collect(),
            active: webhook.health.is_sending(),
            status: webhook.health.status(),
            failing_since: webhook.health.failing_since().map(|at| at.to_string()),
            paused_at: paused_at.map(|at| at.to_string()),
            paused_reason: paused_at.map(|_| format!("Nothing arrived for {days} days.")),
            pending_deliveries: *pending,
            revision: webhook.revision,
            created_by: webhook.created_by.to_string(),
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
        }
    }
}

/// A webhook, and this once its secret.
#[derive(Clone, Serialize, Object)]
#[oai(rename = "NewWebhook")]
pub struct SecretWebhookView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: WebhookView,
    /// What its events are signed with. It is shown only now: keep it where secrets are kept.
    pub secret: String,
}

impl From<&ShownWebhook> for SecretWebhookView {
    fn from(shown: &ShownWebhook) -> Self {
        Self { fields: shown.into(), secret: shown.webhook.secret.expose() }
    }
}

/// One event on its way to one webhook, and what became of it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Delivery")]
pub struct DeliveryView {
    /// Its identifier: `dlv_` and a ULID.
    pub id: String,
    /// The webhook.
    pub webhook_id: String,
    /// The event: `id` in the body, and `webhook-id` in the headers.
    pub event_id: String,
    /// What it tells of.
    pub event_type: EventType,
    /// Where it happened, if in one environment.
    pub environment_id: Option<String>,
    /// The flag that it is about, if it is about one.
    pub flag_key: Option<String>,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_attempt_at: Option<String>,
    /// When it was tried last.
    pub last_attempt_at: Option<String>,
    /// The status of the last answer, if there was one.
    pub response_status: Option<u16>,
    /// How long the last attempt took, in milliseconds.
    pub latency_ms: Option<u32>,
    /// Why the last attempt failed, or why it was given up.
    pub error: Option<String>,
    /// The first 2 KiB of the last answer.
    pub response_body: Option<String>,
    /// The delivery whose event was wanted again.
    pub redelivery_of: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was over.
    pub finished_at: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let last = delivery.last;
        let answer = |last: &Attempt| {
            last.status.is_some().then(|| String::from_utf8_lossy(&last.answer).into_owned())
        };
        Self {
            id: delivery.id.to_string(),
            webhook_id: delivery.webhook.to_string(),
            event_id: delivery.event.to_string(),
            event_type: delivery.event_type,
            environment_id: delivery.environment.map(|id| id.to_string()),
            flag_key: delivery.flag_key,
            status: delivery.progress.status(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.progress.next_attempt_at().map(|at| at.to_string()),
            last_attempt_at: last.as_ref().map(|last| last.at.to_string()),
            response_status: last.as_ref().and_then(|last| last.status),
            latency_ms: last.as_ref().map(|last| last.latency_millis),
            response_body: last.as_ref().and_then(answer),
            error: delivery.abandoned.or_else(|| last.and_then(|last| last.error)),
            redelivery_of: delivery.redelivery_of.map(|id| id.to_string()),
            created_at: delivery.created_at.to_string(),
            finished_at: delivery.progress.finished_at().map(|at| at.to_string()),
        }
    }
}

/// A delivery with what is sent.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "DeliveryWithBody")]
pub struct WholeDeliveryView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: DeliveryView,
    /// The body, to the byte.
    pub request_body: String,
}

impl From<ShownDelivery> for WholeDeliveryView {
    fn from(ShownDelivery { delivery, body }: ShownDelivery) -> Self {
        Self { fields: delivery.into(), request_body: String::from_utf8_lossy(&body).into_owned() }
    }
}
