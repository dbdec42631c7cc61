//! Projects, found by identifier, by key and by organization.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    environment, find, flag, get, owned, segment, tables, webhook,
};
use crate::domain::{
    environment::Environment,
    id::{OrganizationId, ProjectId},
    key::ProjectKey,
    project::Project,
    text::{Description, Name},
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct ProjectV1 {
    id: u128,
    organization: u128,
    key: String,
    name: String,
    description: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl Stored for Project {
    const NOUN: &'static str = "a project";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = ProjectV1 {
            id: self.id.bits(),
            organization: self.organization.bits(),
            key: self.key.to_string(),
            name: self.name.to_string(),
            description: self.description.as_ref().map(Description::to_string),
            created_at: self.created_at.millis(),
            updated_at: self.updated_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: ProjectV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: ProjectId::from_bits(record.id),
            organization: OrganizationId::from_bits(record.organization),
            key: ProjectKey::parse(&record.key).ok()?,
            name: Name::trusted(&record.name),
            description: record.description.as_deref().map(Description::trusted),
            created_at: Timestamp::from_millis(record.created_at),
            updated_at: Timestamp::from_millis(record.updated_at),
        })
    }
}

/// The project with this identifier.
pub fn by_id(access: &impl Access, id: ProjectId) -> Result<Option<Project>, Error> {
    get(access, tables::PROJECTS, id.bits())
}

/// The project of `organization` with this key.
pub fn by_key(
    access: &impl Access,
    organization: OrganizationId,
    key: &str,
) -> Result<Option<ProjectId>, Error> {
    Ok(find(access, tables::PROJECT_BY_KEY, (organization.bits(), key))?.map(ProjectId::from_bits))
}

/// The projects of `organization`, by key.
pub fn of_organization(access: &impl Access, organization: OrganizationId) -> Result<Vec<Project>, Error> {
    owned(access, tables::PROJECT_BY_KEY, tables::PROJECTS, organization.bits())
}

/// Keeps a project.
pub fn put(writer: &Writer, project: &Project) -> Result<(), Error> {
    writer.put(tables::PROJECTS, project.id.bits(), project)?;
    writer.set(tables::PROJECT_BY_KEY, (project.organization.bits(), project.key.as_str()), project.id.bits())
}

/// What was in a project that was deleted.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Its environments, oldest first.
    pub environments: Vec<Environment>,
    /// How many flags, archived ones included.
    pub flags: usize,
    /// How many segments.
    pub segments: usize,
}

/// Deletes a project with everything in it: environments, flags, segments and webhooks. What was done stays in the log.
pub fn remove(writer: &Writer, project: &Project) -> Result<Contents, Error> {
    let bits = project.id.bits();
    let environments = environment::of_project(writer, project.id)?;
    for environment in &environments {
        environment::remove(writer, environment)?;
    }
    let flags = flag::remove_of_project(writer, project.id)?;
    let segments = segment::remove_of_project(writer, project.id)?;
    webhook::remove_of_project(writer, project.id)?;
    writer.remove(tables::PROJECT_BY_KEY, (project.organization.bits(), project.key.as_str()))?;
    writer.remove(tables::PROJECTS, bits)?;
    Ok(Contents { environments, flags, segments })
}
