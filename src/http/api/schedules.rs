//! Changes of flags that are made later.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, required_environment};
use crate::{
    control::{flag::FlagName, schedule},
    domain::{id::ScheduleId, schedule::ScheduleStatus},
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Created, FastJson, NoContent, Strict},
        wire::schedule::{CreateSchedule, ScheduleView, new_schedule},
    },
};

/// The orders of the lists, for their cursors.
const ORDER: &str = "schedules";
const UPCOMING_ORDER: &str = "upcoming";

pub(super) struct SchedulesApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Schedules")]
impl SchedulesApi {
    /// List what is to come
    ///
    /// The schedules of all flags of an environment whose time is to come, steps of ramps included, the next first.
    #[oai(path = "/schedules", method = "get", operation_id = "listUpcomingSchedules")]
    async fn upcoming(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<ScheduleView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let request = page::request(&mut reader, UPCOMING_ORDER, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;
        let environment = super::environment_id(&environment)?;
        let page = schedule::upcoming(&self.0.control, &person.caller, environment, &request)?;
        Ok(FastJson(page::listed(page.map(ScheduleView::from), UPCOMING_ORDER)))
    }

    /// List the schedules of a flag
    ///
    /// What is to be done with the flag in this environment, and what was done with it so, the latest moment first. All
    /// that are to come are kept, at most 100, and the last 200 that are over. Steps of ramps are among them, and are
    /// kept with their ramp. An export of the project has no schedules; neither are they promoted or cloned.
    #[oai(path = "/flags/:flag_id/schedules", method = "get", operation_id = "listSchedules")]
    #[expect(clippy::too_many_arguments, reason = "the parameters of the operation")]
    async fn list(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// Only those of which this has become.
        status: Query<Optional<ScheduleStatus>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<ScheduleView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let status = reader.word("status", &status, ScheduleStatus::ALL);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (environment, status, request) = reader.finish((environment, status, request))?;
        let (environment, name) = (super::environment_id(&environment)?, FlagName(flag_id.0));
        let page = schedule::list(&self.0.control, &person.caller, environment, &name, status, &request)?;
        Ok(FastJson(page::listed(page.map(ScheduleView::from), ORDER)))
    }

    /// Schedule a change of a flag
    ///
    /// It is checked as if it were made now, and made at its time, once and as a change by whoever scheduled it: with a
    /// revision, and an entry in the audit log that names the schedule. What is due at the same moment is made in the
    /// order in which it was scheduled; what was due while the server was down is made in order when it is up again, and
    /// its entries say when that was.
    ///
    /// At its time it is checked once more. If the variation is gone, the environment is frozen, the flag is archived, or
    /// whoever scheduled it may no longer change flags (a personal access token: has ended), it fails: its `status` and
    /// `failure` say so, and so does the history of the flag. It is not tried again. Needs the role `editor`.
    #[oai(path = "/flags/:flag_id/schedules", method = "post", operation_id = "createSchedule")]
    async fn create(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        body: Strict<CreateSchedule>,
    ) -> Result<Created<Data<ScheduleView>>, ApiError> {
        let new = body.parse(|body, faults| new_schedule(body, person.call.now, faults))?;
        let (environment, name) = (required_environment(&environment_id)?, FlagName(flag_id.0));
        let control = &self.0.control;
        let made = schedule::create(control, &person.call, &person.caller, environment, name, new).await?;
        Ok(Created(Data { data: made.into() }))
    }

    /// Get a schedule
    ///
    /// What is to be done, and what became of it.
    #[oai(path = "/flags/:flag_id/schedules/:schedule_id", method = "get", operation_id = "getSchedule")]
    async fn get(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The schedule, by its id.
        schedule_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<FastJson<Data<ScheduleView>>, ApiError> {
        let (environment, name) = (required_environment(&environment_id)?, FlagName(flag_id.0));
        let id = schedule_id_of(&schedule_id)?;
        let found = schedule::get(&self.0.control, &person.caller, environment, &name, id)?;
        Ok(FastJson(Data { data: found.into() }))
    }

    /// Cancel a schedule
    ///
    /// It stays in the list as `cancelled`. Of a ramp, the other steps are made as they would have been. Needs the role
    /// `editor`.
    #[oai(
        path = "/flags/:flag_id/schedules/:schedule_id",
        method = "delete",
        operation_id = "cancelSchedule"
    )]
    async fn cancel(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The schedule, by its id.
        schedule_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<NoContent, ApiError> {
        let (environment, name) = (required_environment(&environment_id)?, FlagName(flag_id.0));
        let id = schedule_id_of(&schedule_id)?;
        let control = &self.0.control;
        schedule::cancel(control, &person.call, &person.caller, environment, name, id).await?;
        Ok(NoContent)
    }
}

/// The schedule with this identifier; one that cannot be read names nothing.
fn schedule_id_of(text: &str) -> Result<ScheduleId, ApiError> {
    let missing = || ApiError::new(Code::ScheduleNotFound, format!("there is no schedule '{text}'"));
    ScheduleId::parse(text).ok_or_else(missing)
}
