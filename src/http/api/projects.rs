//! Projects.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::project,
    domain::{
        id::ProjectId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Created, FastJson, NoContent, Strict},
        wire::project::{CreateProject, ProjectView, UpdateProject, new_project, project_change},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "projects";

pub(super) struct ProjectsApi(pub(super) Arc<App>);

pub(super) fn project_id(text: &str) -> Result<ProjectId, ApiError> {
    let missing = || ApiError::new(Code::ProjectNotFound, format!("there is no project '{text}'"));
    ProjectId::parse(text).ok_or_else(missing)
}

#[OpenApi(prefix_path = "/api/v1/projects", tag = "Tag::Projects")]
impl ProjectsApi {
    /// List projects
    ///
    /// Every project of every organization that the caller belongs to, oldest first.
    #[oai(path = "/", method = "get", operation_id = "listProjects")]
    async fn list(
        &self,
        person: Person,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<ProjectView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let request = reader.finish(request)?;
        let projects = project::list(&self.0.control, &person.caller)?;
        let page = paginate(projects, Direction::Ascending, &request, |project| {
            (SortKey::Number(project.created_at.millis()), project.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|project| ProjectView::from(&project)), ORDER)))
    }

    /// Create a project
    ///
    /// It starts with the environments `development`, `staging` and `production`. Needs the role `admin`.
    #[oai(path = "/", method = "post", operation_id = "createProject")]
    async fn create(
        &self,
        person: Person,
        body: Strict<CreateProject>,
    ) -> Result<Created<Data<ProjectView>>, ApiError> {
        let new = body.parse(new_project)?;
        let project = project::create(&self.0.control, &person.call, &person.caller, new).await?;
        Ok(Created(Data { data: ProjectView::from(&project) }))
    }

    /// Get a project
    ///
    /// A project of another organization does not exist for the caller.
    #[oai(path = "/:project_id", method = "get", operation_id = "getProject")]
    async fn get(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Path<String>,
    ) -> Result<FastJson<Data<ProjectView>>, ApiError> {
        let id = self::project_id(&project_id)?;
        let project = project::get(&self.0.control, &person.caller, id)?;
        Ok(FastJson(Data { data: ProjectView::from(&project) }))
    }

    /// Change a project
    ///
    /// What is absent stays. Needs the role `admin`.
    #[oai(path = "/:project_id", method = "put", operation_id = "updateProject")]
    async fn update(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Path<String>,
        body: Strict<UpdateProject>,
    ) -> Result<FastJson<Data<ProjectView>>, ApiError> {
        let change = body.parse(project_change)?;
        let id = self::project_id(&project_id)?;
        let project = project::update(&self.0.control, &person.call, &person.caller, id, change).await?;
        Ok(FastJson(Data { data: ProjectView::from(&project) }))
    }

    /// Delete a project
    ///
    /// With everything in it: its environments with their API keys and statistics, its flags and its segments. It is gone
    /// with the answer, and so are its keys and whatever follows with them; nothing brings it back. What was done in it
    /// stays in the audit log. A frozen environment in it refuses that with 423, unless `X-PhaseFlag-Break-Glass` says
    /// why. Needs the role `admin`.
    #[oai(path = "/:project_id", method = "delete", operation_id = "deleteProject")]
    async fn delete(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Path<String>,
        /// The project's key, to show that it is meant.
        confirm: Query<Required<String>>,
    ) -> Result<NoContent, ApiError> {
        let mut reader = Reader::default();
        let confirm = reader.required("confirm", &confirm);
        let confirm = reader.finish(confirm)?;
        let id = self::project_id(&project_id)?;
        project::delete(&self.0.control, &person.call, &person.caller, id, confirm).await?;
        Ok(NoContent)
    }
}
