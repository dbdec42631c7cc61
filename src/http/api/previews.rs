//! What a change of a flag would do.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::{Error, flag::FlagName, preview},
    domain::violation::Violations,
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::Person,
        parameter::{Reader, Required},
        payload::{FastJson, Strict},
        wire::preview::{CHANGE, PreviewFlag, PreviewView, Trial, trial},
    },
};

pub(super) struct PreviewsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Flags")]
impl PreviewsApi {
    /// Preview a change of a flag
    ///
    /// Which of the given contexts would get another value in this environment if the change were made, also of flags
    /// that have this one as a prerequisite. Nothing is changed and nothing is counted, so it needs no more than the
    /// role `viewer`, and goes in a frozen environment too. A change that would be refused because of what it says is
    /// refused here as well, with `change.` before the places of its faults.
    #[oai(path = "/:flag_id/preview", method = "post", operation_id = "previewFlag")]
    async fn preview(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        body: Strict<PreviewFlag>,
    ) -> Result<FastJson<Data<PreviewView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let environment = reader.finish(environment)?;
        let Trial { change, contexts } = body.parse(|body, faults| trial(body, &environment, faults))?;
        let environment = super::environment_id(&environment)?;
        let (app, caller, now) = (Arc::clone(&self.0), person.caller, person.call.now);
        let name = FlagName(flag_id.0);
        // Many contexts against many rules take a while, and others wait for this thread.
        let tried =
            move || preview::preview(&app.control, &caller, environment, &name, change, &contexts, now);
        let preview = tokio::task::spawn_blocking(tried).await.map_err(ApiError::internal)?;
        Ok(FastJson(Data { data: preview.map_err(of_change)?.into() }))
    }
}

/// What `control` says of a change has paths that begin at the change.
fn of_change(error: Error) -> Error {
    match error {
        Error::Invalid(of_change) => {
            let mut faults = Violations::new();
            faults.add_of(CHANGE, of_change);
            faults.into()
        }
        other => other,
    }
}
