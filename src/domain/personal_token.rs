//! Personal access tokens: what scripts act with for a person, with a role of their own.

use super::{
    id::{PersonalTokenId, UserId},
    organization::Membership,
    role::Role,
    text::Name,
    time::Timestamp,
};

/// Personal access tokens of an account, expired ones included, at most.
pub const MAX_PERSONAL_TOKENS_PER_USER: usize = 50;

/// A personal access token as it is kept: the token itself is known to its owner alone. One that was revoked is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalToken {
    /// Identity.
    pub id: PersonalTokenId,
    /// For whom it acts.
    pub user: UserId,
    /// What its owner calls it.
    pub name: Name,
    /// The highest role that it has anywhere.
    pub role: Role,
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// The first characters of the token, by which its owner tells it from others.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, if it does.
    pub expires_at: Option<Timestamp>,
}

impl PersonalToken {
    /// Whether the token still works at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// What the token may do of what its owner may: in each organization the lower of the two roles.
    pub fn limit(&self, mut memberships: Vec<Membership>) -> Vec<Membership> {
        for membership in &mut memberships {
            membership.role = membership.role.min(self.role);
        }
        memberships
    }
}
