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
        payload::{Created, FastJson, NoContent, Strict},
        wire::environment::{
            CreateEnvironment, EnvironmentView, FreezeEnvironment, UpdateEnvironment, environment_change,
            freeze_reason, new_environment,
        },
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

    /// Change an environment
    ///
    /// What is absent stays. Needs the role `admin`.
    #[oai(path = "/:environment_id", method = "put", operation_id = "updateEnvironment")]
    async fn update(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
        body: Strict<UpdateEnvironment>,
    ) -> Result<FastJson<Data<EnvironmentView>>, ApiError> {
        let change = body.parse(environment_change)?;
        let id = super::environment_id(&environment_id)?;
        let updated = environment::update(&self.0.control, &person.call, &person.caller, id, change).await?;
        Ok(FastJson(Data { data: EnvironmentView::from(&updated) }))
    }

    /// Delete an environment
    ///
    /// With everything in it: what it says of every flag, its API keys and its statistics. It is gone with the answer, and
    /// so are its keys and whatever follows with them; nothing brings it back. What was done in it stays in the audit log.
    /// The last environment of a project stays. A frozen one refuses that with 423, unless `X-PhaseFlag-Break-Glass` says
    /// why. Needs the role `admin`.
    #[oai(path = "/:environment_id", method = "delete", operation_id = "deleteEnvironment")]
    async fn delete(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = super::environment_id(&environment_id)?;
        environment::delete(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(NoContent)
    }

    /// Freeze an environment
    ///
    /// From the answer on, whatever would change its ruleset is refused with 423, also a change of what all
    /// environments share of a flag, and one of a segment. A new flag may be made: it is off there. An admin who says
    /// why in `X-PhaseFlag-Break-Glass` can change it all the same, and the history tells of it. Freezing again
    /// replaces the reason. Needs the role `admin`.
    #[oai(path = "/:environment_id/freeze", method = "post", operation_id = "freezeEnvironment")]
    async fn freeze(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
        body: Strict<FreezeEnvironment>,
    ) -> Result<FastJson<Data<EnvironmentView>>, ApiError> {
        let reason = body.parse(freeze_reason)?;
        let id = super::environment_id(&environment_id)?;
        let frozen = environment::freeze(&self.0.control, &person.call, &person.caller, id, reason).await?;
        Ok(FastJson(Data { data: EnvironmentView::from(&frozen) }))
    }

    /// Unfreeze an environment
    ///
    /// One that is not frozen stays as it is. Needs the role `admin`.
    #[oai(path = "/:environment_id/unfreeze", method = "post", operation_id = "unfreezeEnvironment")]
    async fn unfreeze(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
    ) -> Result<FastJson<Data<EnvironmentView>>, ApiError> {
        let id = super::environment_id(&environment_id)?;
        let environment = environment::unfreeze(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(FastJson(Data { data: EnvironmentView::from(&environment) }))
    }
}
