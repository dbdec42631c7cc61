//! Environments.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, projects::project_id};
use crate::{
    control::environment,
    domain::page::{Direction, SortKey, paginate},
    http::{
        app::App,
        envelope::{Data, Listed},
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Created, FastJson, Strict},
        wire::environment::{CreateEnvironment, EnvironmentView, new_environment},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "environments";

pub(super) struct EnvironmentsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/environments", tag = "Tag::Environments")]
impl EnvironmentsApi {
    /// List environments
    ///
    /// The environments of a project, oldest first.
    #[oai(path = "/", method = "get", operation_id = "listEnvironments")]
    async fn list(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<EnvironmentView>>, ApiError> {
        let mut reader = Reader::default();
        let project = reader.required("project_id", &project_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (project, request) = reader.finish((project, request))?;
        let project = self::project_id(&project)?;
        let environments = environment::list(&self.0.control, &person.caller, project)?;
        let page = paginate(environments, Direction::Ascending, &request, |environment| {
            (SortKey::Number(environment.created_at.millis()), environment.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|environment| EnvironmentView::from(&environment)), ORDER)))
    }

    /// Create an environment
    ///
    /// Every flag of the project is off and without rules in it. Needs the role `admin`.
    #[oai(path = "/", method = "post", operation_id = "createEnvironment")]
    async fn create(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Query<Required<String>>,
        body: Strict<CreateEnvironment>,
    ) -> Result<Created<Data<EnvironmentView>>, ApiError> {
        let mut reader = Reader::default();
        let project = reader.required("project_id", &project_id);
        let project = reader.finish(project)?;
        let new = body.parse(new_environment)?;
        let project = self::project_id(&project)?;
        let environment =
            environment::create(&self.0.control, &person.call, &person.caller, project, new).await?;
        Ok(Created(Data { data: EnvironmentView::from(&environment) }))
    }

    /// Get an environment
    ///
    /// An environment of another organization does not exist for the caller.
    #[oai(path = "/:environment_id", method = "get", operation_id = "getEnvironment")]
    async fn get(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
    ) -> Result<FastJson<Data<EnvironmentView>>, ApiError> {
        let id = super::environment_id(&environment_id)?;
        let environment = environment::get(&self.0.control, &person.caller, id)?;
        Ok(FastJson(Data { data: EnvironmentView::from(&environment) }))
    }
}
