//! API keys (SDK keys): what SDKs and servers evaluate with. The kinds come from the contract, B2.

use super::{
    id::{ApiKeyId, EnvironmentId, UserId},
    named::named,
    text::Name,
    time::Timestamp,
};

/// API keys of an environment that are not revoked, at most.
pub const MAX_API_KEYS_PER_ENVIRONMENT: usize = 200;
/// Seconds for which a key that is rotated may go on, at most: 30 days.
pub const MAX_GRACE_SECONDS: u32 = 30 * 86_400;

named! {
    /// Where a key is meant to live, and so what it may read.
    KeyKind {
        /// Kept on a server: may evaluate and read the whole ruleset.
        Server = "server",
        /// Shipped to browsers: may evaluate, but never read rules.
        Client = "client",
    }
}

/// An API key as it is kept: the key itself is known to its owner alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Identity.
    pub id: ApiKeyId,
    /// The environment whose flags it evaluates.
    pub environment: EnvironmentId,
    /// What people call it.
    pub name: Name,
    /// What it may read.
    pub kind: KeyKind,
    /// SHA-256 of the key.
    pub digest: [u8; 32],
    /// The first characters of the key, by which people tell keys apart.
    pub prefix: String,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, if it does.
    pub expires_at: Option<Timestamp>,
    /// The key that takes its place, once it was rotated.
    pub replaced_by: Option<ApiKeyId>,
}

impl ApiKey {
    /// Whether the key still works at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// The key after it was rotated at `now`: it ends with its grace, or with its own time if that comes first.
    #[must_use]
    pub fn rotated(&self, successor: ApiKeyId, now: Timestamp, grace_seconds: u32) -> Self {
        let end = now.plus_seconds(grace_seconds.into());
        let expires_at = Some(self.expires_at.map_or(end, |own| own.min(end)));
        Self { expires_at, replaced_by: Some(successor), ..self.clone() }
    }

    /// When a key ends that takes its place at `now`: it lives as long as this one was made to live.
    pub fn end_of_successor(&self, now: Timestamp) -> Option<Timestamp> {
        let lifetime = self.expires_at?.millis().saturating_sub(self.created_at.millis());
        Some(Timestamp::from_millis(now.millis().saturating_add(lifetime)))
    }
}
