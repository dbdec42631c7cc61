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

/// What becomes of a project; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// What people call it.
    pub name: Option<Name>,
    /// What it is for, or nothing.
    pub description: Option<Option<Description>>,
}

impl ProjectChange {
    /// The project after the change.
    pub fn apply(self, before: &Project, now: Timestamp) -> Project {
        let after = Project {
            name: self.name.unwrap_or_else(|| before.name.clone()),
            description: self.description.unwrap_or_else(|| before.description.clone()),
            ..before.clone()
        };
        if after == *before { after } else { Project { updated_at: now, ..after } }
    }
}
