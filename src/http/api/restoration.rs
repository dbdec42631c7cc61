//! Restoring the configurations of an environment.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::Tag;
use crate::{
    control::restoration,
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::Person,
        payload::{FastJson, Strict},
        wire::restoration::{RestoreEnvironment, RestoredView, restoration as read},
    },
};

pub(super) struct RestorationApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/environments", tag = "Tag::Environments")]
impl RestorationApi {
    /// Restore an environment
    ///
    /// Makes the configurations of all its flags what they were at a moment, all at once, in one version of the
    /// ruleset. A flag that was made later is turned off; one that was archived or deleted since stays so. What all
    /// environments share does not change. If an old configuration no longer fits, because it names a variation, a
    /// prerequisite or a segment that is gone, or if it is no longer kept, nothing is done, and all that is in the way
    /// is answered; its fields begin with `flags[<key>]`. With `dry_run` nothing is done in any case, and whatever else
    /// would refuse the restoration refuses this, too. Needs the role `editor`.
    #[oai(path = "/:environment_id/restore", method = "post", operation_id = "restoreEnvironment")]
    async fn restore(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
        body: Strict<RestoreEnvironment>,
    ) -> Result<FastJson<Data<RestoredView>>, ApiError> {
        let restoration = body.parse(|body, faults| read(&body, person.call.now, faults))?;
        let id = super::environment_id(&environment_id)?;
        let (control, call) = (&self.0.control, &person.call);
        let restored = restoration::restore(control, call, &person.caller, id, restoration).await?;
        Ok(FastJson(Data { data: RestoredView::of(id.to_string(), restoration, restored) }))
    }
}
