//! Webhooks: where a project's events are sent, which ones, and how that goes (contract B5).

mod address;

pub use address::{MAX_WEBHOOK_URL_LENGTH, WebhookUrl};

use std::{collections::BTreeSet, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    event::EventType,
    id::{EnvironmentId, ProjectId, UserId, WebhookId},
    named::named,
    text::Description,
    time::Timestamp,
};

/// Webhooks of a project, at most.
pub const MAX_WEBHOOKS_PER_PROJECT: usize = 20;
/// Seconds without any success after which a webhook that fails is paused: three days.
pub const PAUSE_AFTER_SECONDS: i64 = 3 * 86_400;
/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// What the text of a secret begins with.
const SECRET_PREFIX: &str = "whsec_";

named! {
    /// How a webhook is.
    WebhookStatus {
        /// Events are sent, and the last one that ended arrived.
        Active = "active",
        /// Events are sent, and since `failing_since` none arrived. After three days of that it is paused.
        Failing = "failing",
        /// It failed for so long that the server stopped sending. `active: true` goes on, with those that wait.
        Paused = "paused",
        /// Somebody switched it off.
        Inactive = "inactive",
    }
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Events are sent.
    Active,
    /// Events are sent, and none has arrived since the first failure, at this moment.
    Failing(Timestamp),
    /// It had failed since the one moment, and was paused at the other.
    Paused {
        /// Its first failure since something arrived.
        failing_since: Timestamp,
        /// When the server stopped sending.
        at: Timestamp,
    },
    /// Somebody switched it off.
    Inactive,
}

impl Health {
    /// Its name in the API.
    pub const fn status(self) -> WebhookStatus {
        match self {
            Self::Active => WebhookStatus::Active,
            Self::Failing(_) => WebhookStatus::Failing,
            Self::Paused { .. } => WebhookStatus::Paused,
            Self::Inactive => WebhookStatus::Inactive,
        }
    }

    /// Whether events are sent, and new ones are queued.
    pub const fn is_sending(self) -> bool {
        match self {
            Self::Active | Self::Failing(_) => true,
            Self::Paused { .. } | Self::Inactive => false,
        }
    }

    /// Since when nothing has arrived, where the last attempts failed.
    pub const fn failing_since(self) -> Option<Timestamp> {
        match self {
            Self::Failing(since) | Self::Paused { failing_since: since, .. } => Some(since),
            Self::Active | Self::Inactive => None,
        }
    }

    /// After something arrived. What does not send stays as it is.
    #[must_use]
    pub const fn after_success(self) -> Self {
        match self {
            Self::Active | Self::Failing(_) => Self::Active,
            Self::Paused { .. } | Self::Inactive => self,
        }
    }

    /// After an attempt that failed at `at`: the first one is remembered, and who fails for too long is paused.
    #[must_use]
    pub fn after_failure(self, at: Timestamp) -> Self {
        match self {
            Self::Active => Self::Failing(at),
            Self::Failing(since) if at >= since.plus_seconds(PAUSE_AFTER_SECONDS) => {
                Self::Paused { failing_since: since, at }
            }
            Self::Failing(_) | Self::Paused { .. } | Self::Inactive => self,
        }
    }

    /// As somebody wants it. Who fails and shall be active is left failing; who was paused begins anew.
    #[must_use]
    pub const fn switched(self, to: Switch) -> Self {
        match (to, self) {
            (Switch::Off, _) => Self::Inactive,
            (Switch::On, Self::Active | Self::Failing(_)) => self,
            (Switch::On, Self::Paused { .. } | Self::Inactive) => Self::Active,
        }
    }
}

/// Whether events shall be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// They shall.
    On,
    /// They shall not.
    Off,
}

impl From<bool> for Switch {
    fn from(active: bool) -> Self {
        if active { Self::On } else { Self::Off }
    }
}

/// What a webhook's events are signed with. It is kept as it is, because it signs; it prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; SECRET_BYTES]);

impl SigningSecret {
    /// A secret of freshly drawn bytes, or of those that were kept.
    pub const fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept.
    pub const fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// `whsec_` and the bytes in base64: what the owner of the receiver is shown.
    pub fn expose(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Identity.
    pub id: WebhookId,
    /// The project whose events it gets.
    pub project: ProjectId,
    /// Where they are sent.
    pub url: WebhookUrl,
    /// What it is for.
    pub description: Option<Description>,
    /// Which ones.
    pub events: BTreeSet<EventType>,
    /// Of which environments; of all where there is none.
    pub environments: BTreeSet<EnvironmentId>,
    /// How it goes.
    pub health: Health,
    /// What they are signed with.
    pub secret: SigningSecret,
    /// Who made it.
    pub created_by: UserId,
    /// Rises with every change, but not with how it goes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// Whether it is told of such an event in `environment`.
    pub fn wants(&self, event: EventType, environment: EnvironmentId) -> bool {
        self.health.is_sending()
            && self.events.contains(&event)
            && (self.environments.is_empty() || self.environments.contains(&environment))
    }

    /// The webhook without an environment that is deleted, if it named it. One that named no other is switched off: no
    /// environment at all would mean all of them.
    #[must_use]
    pub fn without(&self, environment: EnvironmentId) -> Option<Self> {
        let mut rest = self.clone();
        if !rest.environments.remove(&environment) {
            return None;
        }
        if rest.environments.is_empty() {
            return Some(Self { health: self.health.switched(Switch::Off), ..self.clone() });
        }
        Some(rest)
    }
}

/// What somebody says of a webhook to be made.
#[derive(Clone, Debug)]
pub struct WebhookFields {
    /// As in [`Webhook`].
    pub url: WebhookUrl,
    /// As in [`Webhook`].
    pub description: Option<Description>,
    /// As in [`Webhook`].
    pub events: BTreeSet<EventType>,
    /// As in [`Webhook`].
    pub environments: BTreeSet<EnvironmentId>,
    /// Whether it sends.
    pub switch: Switch,
}

/// A partial change: `None` leaves a field as it is, and a list replaces the whole list.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// As in [`Webhook`].
    pub url: Option<WebhookUrl>,
    /// As in [`Webhook`]; or none any more.
    pub description: Option<Option<Description>>,
    /// As in [`Webhook`].
    pub events: Option<BTreeSet<EventType>>,
    /// As in [`Webhook`].
    pub environments: Option<BTreeSet<EnvironmentId>>,
    /// Whether it sends.
    pub switch: Option<Switch>,
}

impl WebhookChange {
    /// Applies this change; a webhook that it leaves equal keeps its revision and its time.
    #[must_use]
    pub fn apply(self, webhook: &Webhook, now: Timestamp) -> Webhook {
        let changed = Webhook {
            url: self.url.unwrap_or_else(|| webhook.url.clone()),
            description: self.description.unwrap_or_else(|| webhook.description.clone()),
            events: self.events.unwrap_or_else(|| webhook.events.clone()),
            environments: self.environments.unwrap_or_else(|| webhook.environments.clone()),
            health: self.switch.map_or(webhook.health, |switch| webhook.health.switched(switch)),
            ..webhook.clone()
        };
        if changed == *webhook {
            return changed;
        }
        Webhook { revision: webhook.revision + 1, updated_at: now, ..changed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn three_days_of_failure_pause_and_one_success_forgives() {
        let almost = NOON.plus_seconds(PAUSE_AFTER_SECONDS - 1);
        let failing = Health::Active.after_failure(NOON);
        assert_eq!(failing.after_failure(almost), Health::Failing(NOON));
        let at = NOON.plus_seconds(PAUSE_AFTER_SECONDS);
        let paused = failing.after_failure(at);
        assert_eq!(paused, Health::Paused { failing_since: NOON, at });
        assert!(!paused.is_sending());
        assert_eq!(failing.after_success().after_failure(at), Health::Failing(at));
        assert_eq!(paused.switched(Switch::On), Health::Active);
        assert_eq!(failing.switched(Switch::On), failing);
        assert_eq!(Health::Inactive.after_success(), Health::Inactive);
    }

    #[test]
    fn a_secret_is_shown_as_the_standard_wants_and_never_printed() {
        let secret = SigningSecret::new([0; SECRET_BYTES]);
        assert_eq!(secret.expose(), "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(format!("{secret:?}"), "***");
    }
}
