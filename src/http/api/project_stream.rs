//! The stream of a project's changes, for people who look at it.

use std::sync::Arc;

use bytes::Bytes;
use poem_openapi::{OpenApi, param::Path};

use super::{Tag, projects::project_id};
use crate::{
    control::{
        call::Caller,
        watch::{self, Refusal},
    },
    domain::project::Project,
    http::{
        app::App,
        error::ApiError,
        event_stream::{EventStream, Source},
        guard::Person,
        wire::stream::{sighted, watching},
    },
    live::watch::Watcher,
};

pub(super) struct ProjectStreamApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/projects", tag = "Tag::Projects")]
impl ProjectStreamApi {
    /// Follow a project
    ///
    /// Server-sent events, for a dashboard: the first one is `connected`, with `{timestamp}`. Then comes an event for
    /// each change of a flag or a segment in any of the project's environments, named as those of `GET /sdk/stream`, with
    /// `{environment_id, flag_key, segment_key, event, version, timestamp}`; and a `changed`, with `{timestamp}` alone,
    /// where something else may have changed, of the project or of its organization (members, invitations, which projects
    /// there are): fetch everything then. An event says that something changed and not what.
    ///
    /// A comment comes at least every 30 seconds. The stream ends when the session or the token does, when the caller
    /// may no longer see the project, and when the server stops. Nothing is kept for those who come back: they fetch
    /// what they show. An account may have 20 such streams at the same time.
    #[oai(path = "/:project_id/stream", method = "get", operation_id = "followProject")]
    async fn stream(
        &self,
        person: Person,
        /// The project's id.
        project_id: Path<String>,
    ) -> Result<EventStream, ApiError> {
        let Person { call, caller } = person;
        let project = self::project_id(&project_id.0)?;
        let (project, watcher) = watch::begin(&self.0.control, &caller, project)?;
        let looking = Looking { app: Arc::clone(&self.0), caller, project, watcher };
        Ok(EventStream::of(watching(call.now).into(), looking))
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Hidden(error) => error.into(),
            Refusal::Crowded => Self::too_many_streams("as many people as it takes, or as you may, look on"),
        }
    }
}

/// Somebody who looks at a project. Whether they still may is asked at each event and each sign of life.
struct Looking {
    app: Arc<App>,
    caller: Arc<Caller>,
    project: Project,
    watcher: Watcher,
}

impl Source for Looking {
    async fn next(&mut self) -> Option<Bytes> {
        let sight = self.watcher.next().await?;
        let now = (self.app.clock)();
        watch::may_go_on(&self.app.control, &self.caller, &self.project, now).ok()?;
        Some(sighted(&sight, now))
    }
}
