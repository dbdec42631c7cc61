//! Rollouts in steps that are made later.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, required_environment};
use crate::{
    control::{
        flag::FlagName,
        ramp::{self, Handling},
    },
    domain::id::RampId,
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Created, FastJson, NoContent, Strict},
        wire::ramp::{CreateRamp, RampView, new_ramp},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "ramps";

pub(super) struct RampsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Schedules")]
impl RampsApi {
    /// List the ramps of a flag
    ///
    /// Those in this environment, the newest first: all that are not over, and the last 20 that are.
    #[oai(path = "/:flag_id/ramps", method = "get", operation_id = "listRamps")]
    async fn list(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<RampView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;
        let (environment, name) = (super::environment_id(&environment)?, FlagName(flag_id.0));
        let page = ramp::list(&self.0.control, &person.caller, environment, &name, &request)?;
        Ok(FastJson(page::listed(page.map(RampView::from), ORDER)))
    }

    /// Make a ramp
    ///
    /// A variation goes to more and more users of this environment, in steps at their times; each step is a schedule.
    /// Without `rule_id` the first step adds a rule for everyone, behind all others, and the users whom it leaves get the
    /// default variation. With `rule_id` that rule serves the variation to the share, in place of what it served; users
    /// beyond the share are left to the rules behind it. At 100 percent the rule serves the variation.
    ///
    /// A step changes what its rule serves, and nothing else: what people change meanwhile stays. If the rule is gone, or
    /// the step is refused as any schedule can be, it fails and with it the rest of the ramp. The flag has to be on for
    /// anybody to notice: a ramp does not turn it on. Needs the role `editor`.
    #[oai(path = "/:flag_id/ramps", method = "post", operation_id = "createRamp")]
    async fn create(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        body: Strict<CreateRamp>,
    ) -> Result<Created<Data<RampView>>, ApiError> {
        let new = body.draft(|body, faults| new_ramp(body, person.call.now, faults))?;
        let (environment, name) = (required_environment(&environment_id)?, FlagName(flag_id.0));
        let control = &self.0.control;
        let made = ramp::create(control, &person.call, &person.caller, environment, name, new).await?;
        Ok(Created(Data { data: made.into() }))
    }

    /// Get a ramp
    ///
    /// With its steps, and what became of them.
    #[oai(path = "/:flag_id/ramps/:ramp_id", method = "get", operation_id = "getRamp")]
    async fn get(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The ramp, by its id.
        ramp_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<FastJson<Data<RampView>>, ApiError> {
        let (environment, name) = (required_environment(&environment_id)?, FlagName(flag_id.0));
        let id = ramp_id_of(&ramp_id)?;
        let found = ramp::get(&self.0.control, &person.caller, environment, &name, id)?;
        Ok(FastJson(Data { data: found.into() }))
    }

    /// Pause a ramp
    ///
    /// Its steps wait, and the flag stays as it is. Needs the role `editor`.
    #[oai(path = "/:flag_id/ramps/:ramp_id/pause", method = "post", operation_id = "pauseRamp")]
    async fn pause(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The ramp, by its id.
        ramp_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<FastJson<Data<RampView>>, ApiError> {
        self.handled(&person, flag_id.0, &ramp_id, &environment_id, Handling::Pause).await
    }

    /// Resume a ramp
    ///
    /// Its steps are to come again, each later by as long as the ramp was paused. Needs the role `editor`.
    #[oai(path = "/:flag_id/ramps/:ramp_id/resume", method = "post", operation_id = "resumeRamp")]
    async fn resume(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The ramp, by its id.
        ramp_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<FastJson<Data<RampView>>, ApiError> {
        self.handled(&person, flag_id.0, &ramp_id, &environment_id, Handling::Resume).await
    }

    /// Roll a ramp back
    ///
    /// In one change: the rule that the ramp added is removed, or a rule that it changed serves what it served before the
    /// first step, and the steps to come are cancelled. Everything else about the flag stays, as does a rule that somebody
    /// removed. That can be done until it was done once, also when the ramp is over. Needs the role `editor`.
    #[oai(path = "/:flag_id/ramps/:ramp_id/rollback", method = "post", operation_id = "rollBackRamp")]
    async fn roll_back(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The ramp, by its id.
        ramp_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<FastJson<Data<RampView>>, ApiError> {
        self.handled(&person, flag_id.0, &ramp_id, &environment_id, Handling::RollBack).await
    }

    /// Cancel a ramp
    ///
    /// The steps to come are cancelled, and the flag stays as it is. Needs the role `editor`.
    #[oai(path = "/:flag_id/ramps/:ramp_id", method = "delete", operation_id = "cancelRamp")]
    async fn cancel(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The ramp, by its id.
        ramp_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<NoContent, ApiError> {
        self.handled(&person, flag_id.0, &ramp_id, &environment_id, Handling::Cancel).await?;
        Ok(NoContent)
    }
}

impl RampsApi {
    async fn handled(
        &self,
        person: &Person,
        flag: String,
        ramp: &str,
        environment: &Required<String>,
        handling: Handling,
    ) -> Result<FastJson<Data<RampView>>, ApiError> {
        let (environment, named) = (required_environment(environment)?, (FlagName(flag), ramp_id_of(ramp)?));
        let control = &self.0.control;
        let ramp = ramp::handle(control, &person.call, &person.caller, environment, named, handling).await?;
        Ok(FastJson(Data { data: ramp.into() }))
    }
}

/// The ramp with this identifier; one that cannot be read names nothing.
fn ramp_id_of(text: &str) -> Result<RampId, ApiError> {
    let missing = || ApiError::new(Code::RampNotFound, format!("there is no ramp '{text}'"));
    RampId::parse(text).ok_or_else(missing)
}
