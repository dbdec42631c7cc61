//! Projects.

use poem_openapi::Object;
use serde::Serialize;

use super::key;
use crate::{
    control::project::NewProject,
    domain::{
        id::OrganizationId,
        key::ProjectKey,
        project::{Project, ProjectChange},
        text::{Description, Name},
        violation::{Path, Violations},
    },
    http::patch::Patch,
    request,
};

request! {
    /// A project to be made. It starts with the environments `development`, `staging` and `production`.
    #[derive(Clone, Debug)]
    pub struct CreateProject {
        /// The organization; where absent, the oldest one that the caller belongs to.
        pub organization_id: Option<String>,
        /// Unique in the organization; never changes.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// What it is for.
        #[oai(validator(max_length = 2000))]
        pub description: Option<String>,
    }
}

/// The project that a body asks for.
pub fn new_project(body: CreateProject, faults: &mut Violations) -> Option<NewProject> {
    let organization = match body.organization_id.as_deref().map(OrganizationId::parse) {
        None => None,
        Some(Some(id)) => Some(id),
        Some(None) => {
            faults.malformed("organization_id", "must be the id of an organization");
            None
        }
    };
    let key = key(ProjectKey::parse, &body.key, "key", faults);
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let description =
        body.description.and_then(|text| Description::parse(&text, &Path::ROOT.field("description"), faults));
    Some(NewProject { organization, key: key?, name: name?, description })
}

request! {
    /// What to change of a project; what is absent stays.
    #[derive(Clone, Debug)]
    pub struct UpdateProject {
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it is for; null takes it away.
        #[oai(validator(max_length = 2000))]
        pub description: Patch<String>,
    }
}

/// The change that a body asks for.
pub fn project_change(body: UpdateProject, faults: &mut Violations) -> Option<ProjectChange> {
    let name = body.name.map(|name| Name::parse(&name, &Path::ROOT.field("name"), faults));
    let mut parse = |text: String| Description::parse(&text, &Path::ROOT.field("description"), faults);
    let description = body.description.change().map(|text| text.and_then(&mut parse));
    Some(ProjectChange { name: name.flatten(), description })
}

/// A project.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Project")]
pub struct ProjectView {
    /// Its identifier: `prj_` and a ULID.
    pub id: String,
    /// Unique in the organization.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The organization that it belongs to.
    pub organization_id: String,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Project> for ProjectView {
    fn from(project: &Project) -> Self {
        Self {
            id: project.id.to_string(),
            key: project.key.to_string(),
            name: project.name.to_string(),
            description: project.description.as_ref().map(ToString::to_string),
            organization_id: project.organization.to_string(),
            created_at: project.created_at.to_string(),
            updated_at: project.updated_at.to_string(),
        }
    }
}
