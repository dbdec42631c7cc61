//! Projects: what flags belong to.

use super::{
    id::{OrganizationId, ProjectId},
    key::ProjectKey,
    text::{Description, Name},
    time::Timestamp,
};

/// Projects of an organization, at most.
pub const MAX_PROJECTS_PER_ORGANIZATION: usize = 1_000;

/// A project of an organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Identity.
    pub id: ProjectId,
    /// The organization that it belongs to.
    pub organization: OrganizationId,
    /// Unique in the organization.
    pub key: ProjectKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Option<Description>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
