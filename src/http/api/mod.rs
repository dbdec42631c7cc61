//! The endpoints: one file per resource. A handler translates: it reads parameters and body into domain values, asks
//! `control`, and shows what it answers.

mod api_keys;
mod auth;
mod environments;
mod evaluate;
pub(super) mod examples;
mod flags;
mod projects;
mod sdk;
mod segments;
mod system;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::{
    domain::id::EnvironmentId,
    http::{
        app::App,
        error::{ApiError, Code},
    },
};

/// What every client should know before it begins.
pub(super) const DESCRIPTION: &str = include_str!("description.md");

/// Errors that do not follow from what an operation looks like.
pub(super) const ERRORS: [(&str, Code); 6] = [
    ("login", Code::InvalidCredentials),
    ("refresh", Code::RefreshTokenInvalid),
    ("register", Code::RegistrationDisabled),
    ("register", Code::EmailAlreadyExists),
    ("createApiKey", Code::EnvironmentNotFound),
    ("evaluate", Code::FlagNotFound),
];

/// What operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// Accounts and sessions.
    Auth,
    /// What flags belong to.
    Projects,
    /// Where flags are configured.
    Environments,
    /// What SDKs and servers evaluate with.
    ApiKeys,
    /// Flags, their targeting and their history.
    Flags,
    /// Named groups of contexts that the rules of a project share.
    Segments,
    /// What an application asks while it runs. Authenticated by an API key.
    Evaluation,
    /// What SDKs fetch and report. Authenticated by an API key.
    Sdk,
    /// The server itself.
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
        evaluate::EvaluateApi(app()),
        sdk::SdkApi(app()),
        system::SystemApi(app()),
        system::OperatorsApi,
    )
}

/// The environment with this identifier; one that cannot be read names nothing.
fn environment_id(text: &str) -> Result<EnvironmentId, ApiError> {
    let missing = || ApiError::new(Code::EnvironmentNotFound, format!("there is no environment '{text}'"));
    EnvironmentId::parse(text).ok_or_else(missing)
}
