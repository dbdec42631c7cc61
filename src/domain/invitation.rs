//! Invitations: that whoever has a certain email address may join an organization.

use super::{
    id::{InvitationId, OrganizationId, UserId},
    role::Role,
    time::Timestamp,
    user::Email,
};

/// Invitations of an organization that nobody has accepted yet, at most.
pub const MAX_PENDING_INVITATIONS: usize = 200;
/// How long an invitation can be accepted, in seconds: 7 days.
pub const INVITATION_LIFETIME: i64 = 7 * 24 * 3600;

/// An invitation as it is kept: its token is known to whoever was invited alone. One that was accepted or withdrawn is
/// gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Invitation {
    /// Identity.
    pub id: InvitationId,
    /// The organization to join.
    pub organization: OrganizationId,
    /// Whom it is for.
    pub email: Email,
    /// What the new member may do there.
    pub role: Role,
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// Who made it.
    pub invited_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Invitation {
    /// Whether it can still be accepted at `now`.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether it is for the person with this address.
    pub fn is_for(&self, email: &Email) -> bool {
        self.email.folded() == email.folded()
    }
}
