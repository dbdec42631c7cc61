//! The endpoints: one file per resource. A handler translates: it reads parameters and body into domain values, asks
//! `control`, and shows what it answers.

mod api_keys;
mod audit_logs;
mod auth;
mod environments;
mod evaluate;
mod flags;
mod notes;
mod projects;
mod sdk;
mod segments;
mod stream;
mod system;

pub(super) use self::notes::notes;

use std::sync::Arc;

use poem::http::Method;
use poem_openapi::Tags;

use crate::{
    domain::id::EnvironmentId,
    http::{
        app::App,
        error::{ApiError, Code},
    },
};

pub(super) use evaluate::Direct as Hot;

/// What applications ask all the time.
pub(super) const HOT: (Method, &str) = (Method::POST, "/api/v1/evaluate");

/// What every client should know before it begins.
pub(super) const DESCRIPTION: &str = include_str!("description.md");

/// What operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// Accounts and sessions.
    #[oai(rename = "Accounts")]
    Auth,
    /// What flags and environments belong to.
    Projects,
    /// Where flags are configured: each environment says of each flag whether it is on, and who gets what.
    Environments,
    /// What applications authenticate with. A key belongs to one environment.
    #[oai(rename = "API keys")]
    ApiKeys,
    /// Flags, their targeting, their history and how often they were served. Every address names the environment
    /// whose view of the flag is meant.
    Flags,
    /// Named groups of contexts that the rules of a project share.
    Segments,
    /// Who did what, when and from where.
    #[oai(rename = "Audit log")]
    Audit,
    /// What an application asks while it runs. Authenticated by an API key.
    Evaluation,
    /// What SDKs that evaluate by themselves fetch and report. Authenticated by an API key.
    #[oai(rename = "SDKs")]
    Sdk,
    /// The server itself. Needs no credentials and is not limited.
    System,
}

/// Every endpoint.
pub(super) fn all(app: &Arc<App>) -> impl poem_openapi::OpenApi + use<> {
    let app = || Arc::clone(app);
    (
        auth::AuthApi(app()),
        projects::ProjectsApi(app()),
        environments::EnvironmentsApi(app()),
        api_keys::ApiKeysApi(app()),
        flags::FlagsApi(app()),
        segments::SegmentsApi(app()),
        audit_logs::AuditLogsApi(app()),
        evaluate::EvaluateApi(app()),
        sdk::SdkApi(app()),
        stream::StreamApi(app()),
        system::SystemApi(app()),
        system::OperatorsApi,
    )
}

/// The environment with this identifier; one that cannot be read names nothing.
fn environment_id(text: &str) -> Result<EnvironmentId, ApiError> {
    let missing = || ApiError::new(Code::EnvironmentNotFound, format!("there is no environment '{text}'"));
    EnvironmentId::parse(text).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use poem_openapi::OpenApi;

    use super::*;

    #[test]
    fn the_shortcut_leads_to_an_operation_that_is_declared() {
        let (method, path) = HOT;
        let declared = evaluate::EvaluateApi::meta();
        let mut paths = declared.iter().flat_map(|api| &api.paths).filter(|known| known.path == path);
        let operations = paths.next().map(|known| &known.operations);
        assert!(operations.is_some_and(|known| known.iter().any(|operation| operation.method == method)));
    }
}
