//! The server itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use poem::http::StatusCode;
use poem::web::Data as PoemData;
use poem::{IntoResponse, Response};
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::{ApiResponse, types::Type};

use super::Tag;
use crate::{
    domain::operator::OPERATORS,
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::{Anybody, Person},
        metrics::{self, Sources},
        middleware::paths::Paths,
        payload::{FastJson, written},
        wire::{
            operator::OperatorView,
            system::{Health, Ready, Setup},
        },
    },
};

pub(super) struct SystemApi(pub(super) Arc<App>);

#[OpenApi(tag = "Tag::System")]
impl SystemApi {
    /// Check that it is alive
    ///
    /// 200 as long as the process answers. `degraded` means that the data file fails: evaluation goes on, changes do
    /// not.
    #[oai(path = "/health", method = "get", operation_id = "getHealth")]
    async fn health(&self) -> FastJson<Health> {
        let (status, database) = match self.0.control.check() {
            Ok(()) => ("ok", "ok"),
            Err(_) => ("degraded", "unavailable"),
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        FastJson(Health { status: status.to_owned(), version, database: database.to_owned() })
    }

    /// Check that it takes requests
    ///
    /// 200 once the data file is open, migrated and compiled; 503 from the moment that shutdown begins.
    #[oai(path = "/ready", method = "get", operation_id = "getReady")]
    async fn ready(&self) -> Readiness {
        Readiness(self.0.ready.load(Ordering::Relaxed))
    }

    /// Ask what is needed to begin
    ///
    /// Whether anybody has an account yet: the first one becomes admin. And whether strangers may make one. It takes no
    /// credentials, as there may be none.
    #[oai(path = "/api/v1/system/setup", method = "get", operation_id = "getSetup")]
    async fn setup(&self, _anybody: Anybody) -> Result<FastJson<Data<Setup>>, ApiError> {
        let control = &self.0.control;
        let needs_admin = !control.has_accounts()?;
        Ok(FastJson(Data { data: Setup { needs_admin, registration: control.registration() } }))
    }

    /// Read its metrics
    ///
    /// For Prometheus and whatever reads its text format, version 0.0.4. What each metric means is in the README.
    #[oai(path = "/metrics", method = "get", operation_id = "getMetrics")]
    async fn metrics(&self, paths: PoemData<&Arc<Paths>>) -> Result<Exposition, ApiError> {
        let (app, paths) = (Arc::clone(&self.0), Arc::clone(paths.0));
        // It looks at the disk, and at the counters of every flag.
        let text = tokio::task::spawn_blocking(move || metrics::exposition(&Sources::new(&app, &paths)));
        Ok(Exposition(text.await.map_err(ApiError::internal)?))
    }
}

/// What targeting is made of.
pub(super) struct OperatorsApi;

#[OpenApi(prefix_path = "/api/v1/system", tag = "Tag::System")]
impl OperatorsApi {
    /// List the operators of conditions
    ///
    /// The table from which conditions are read, checked and evaluated.
    #[oai(path = "/operators", method = "get", operation_id = "listOperators")]
    async fn operators(&self, _person: Person) -> FastJson<Data<Vec<OperatorView>>> {
        FastJson(Data { data: OPERATORS.iter().map(OperatorView::from).collect() })
    }
}

struct Exposition(String);

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        Response::builder().content_type(metrics::CONTENT_TYPE).body(self.0)
    }
}

impl ApiResponse for Exposition {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The metrics",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: "text/plain; charset=utf-8",
                    schema: String::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

struct Readiness(bool);

impl IntoResponse for Readiness {
    fn into_response(self) -> Response {
        let status = if self.0 { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        written(status, &Ready { ready: self.0 })
    }
}

impl ApiResponse for Readiness {
    fn meta() -> MetaResponses {
        let answer = |status, description| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json", schema: Ready::schema_ref() }],
            headers: vec![],
        };
        MetaResponses { responses: vec![answer(200, "Ready"), answer(503, "Not ready")] }
    }

    fn register(registry: &mut Registry) {
        Ready::register(registry);
    }
}
