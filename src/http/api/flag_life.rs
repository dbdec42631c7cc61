//! What follows in a flag's life.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, flags::tagged_flag, required_environment};
use crate::{
    control::{flag::FlagName, flag_life},
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::Person,
        parameter::Required,
        payload::{Created, FastJson, Strict},
        tagged::Tagged,
        wire::{
            flag::FlagView,
            flag_life::{CloneFlag, new_copy},
        },
    },
};

pub(super) struct FlagLifeApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Flags")]
impl FlagLifeApi {
    /// Restore an archived flag
    ///
    /// It is active again, with the configurations that it had, in every environment. What it requires must be there:
    /// it may have been archived since. Needs the role `editor`.
    #[oai(path = "/:flag_id/restore", method = "post", operation_id = "restoreFlag")]
    async fn restore(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// Any environment of the project, by its id: the answer shows the flag there.
        environment_id: Query<Required<String>>,
    ) -> Result<Tagged<FastJson<Data<FlagView>>>, ApiError> {
        let environment = required_environment(&environment_id)?;
        let (control, name) = (&self.0.control, FlagName(flag_id.0));
        let shown = flag_life::restore(control, &person.call, &person.caller, environment, name).await?;
        tagged_flag(control, &shown, person.call.now, FastJson)
    }

    /// Clone a flag
    ///
    /// Makes a flag with the same type, variations, labels and bucketing, and in each environment with the same default,
    /// rules and prerequisites. It is active, and off everywhere; its rules have ids of their own. Unless the bucketing
    /// has a salt, the two share out users differently. Needs the role `editor`.
    #[oai(path = "/:flag_id/clone", method = "post", operation_id = "cloneFlag")]
    async fn copy(
        &self,
        person: Person,
        /// The original, by its id or its key. It may be archived.
        flag_id: Path<String>,
        /// Any environment of the project, by its id: the answer shows the copy there.
        environment_id: Query<Required<String>>,
        body: Strict<CloneFlag>,
    ) -> Result<Tagged<Created<Data<FlagView>>>, ApiError> {
        let new = body.parse(|body, faults| new_copy(&body, faults))?;
        let environment = required_environment(&environment_id)?;
        let (control, name) = (&self.0.control, FlagName(flag_id.0));
        let shown = flag_life::copy(control, &person.call, &person.caller, environment, name, new).await?;
        tagged_flag(control, &shown, person.call.now, Created)
    }
}
