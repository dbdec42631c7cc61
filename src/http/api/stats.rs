//! How often flags were served, and why.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::{flag::FlagName, stats},
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::Person,
        parameter::{Optional, Reader, Required},
        payload::FastJson,
        wire::{
            sort::Period,
            stats::{EnvironmentStatsView, FlagStatsView},
        },
    },
};

pub(super) struct StatsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1")]
impl StatsApi {
    /// Get how often a flag was served
    ///
    /// By variation, by reason and over time: what the server evaluated, by `POST /api/v1/evaluate` and by OFREP, and
    /// what applications reported with `POST /api/v1/sdk/events`.
    #[oai(path = "/flags/:flag_id/stats", method = "get", operation_id = "getFlagStats", tag = "Tag::Flags")]
    async fn of_flag(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// How far back, in whole hours of the clock; where absent, `24h`.
        period: Query<Optional<Period>>,
    ) -> Result<FastJson<Data<FlagStatsView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let period = reader.word("period", &period, Period::ALL).unwrap_or(Period::Day);
        let environment = super::environment_id(&reader.finish(environment)?)?;
        let (name, now) = (FlagName(flag_id.0), person.call.now);
        let app = Arc::clone(&self.0);
        let read =
            move || stats::of_flag(&app.control, &person.caller, environment, &name, period.window(), now);
        let stats = tokio::task::spawn_blocking(read).await.map_err(ApiError::internal)??;
        let data = FlagStatsView::of(stats, environment.to_string(), period.as_str(), now);
        Ok(FastJson(Data { data }))
    }

    /// Get how often the flags of an environment were served
    ///
    /// In all and over time, which flags were served most, and which never.
    #[oai(
        path = "/environments/:environment_id/stats",
        method = "get",
        operation_id = "getEnvironmentStats",
        tag = "Tag::Environments"
    )]
    async fn of_environment(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
        /// How far back, in whole hours of the clock; where absent, `24h`.
        period: Query<Optional<Period>>,
    ) -> Result<FastJson<Data<EnvironmentStatsView>>, ApiError> {
        let mut reader = Reader::default();
        let period = reader.word("period", &period, Period::ALL).unwrap_or(Period::Day);
        reader.finish(Some(()))?;
        let environment = super::environment_id(&environment_id)?;
        let (app, now) = (Arc::clone(&self.0), person.call.now);
        let read =
            move || stats::of_environment(&app.control, &person.caller, environment, period.window(), now);
        let stats = tokio::task::spawn_blocking(read).await.map_err(ApiError::internal)??;
        let data = EnvironmentStatsView::of(stats, environment.to_string(), period.as_str(), now);
        Ok(FastJson(Data { data }))
    }
}
