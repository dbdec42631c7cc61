//! Organizations and memberships: who may see and do what.

use super::{
    id::{OrganizationId, UserId},
    role::Role,
    text::Name,
    time::Timestamp,
};

/// Organizations that an account belongs to, at most.
pub const MAX_ORGANIZATIONS_PER_USER: usize = 100;
/// Members of an organization, at most.
pub const MAX_MEMBERS_PER_ORGANIZATION: usize = 5_000;

/// An organization: nothing of one is visible to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    /// Identity.
    pub id: OrganizationId,
    /// What people call it.
    pub name: Name,
    /// When it was made.
    pub created_at: Timestamp,
}

/// That a user belongs to an organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// The organization.
    pub organization: OrganizationId,
    /// The user.
    pub user: UserId,
    /// What the user may do there.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}
