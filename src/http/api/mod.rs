//! The endpoints: one file per resource. A handler translates: it reads parameters and body into domain values, asks
//! `control`, and shows what it answers.

mod api_keys;
mod audit_logs;
mod auth;
mod backup;
mod differences;
mod environments;
mod evaluate;
mod flag_dependents;
mod flag_history;
mod flag_life;
mod flag_revisions;
mod flags;
mod invitations;
pub(super) mod manifests;
mod members;
mod notes;
mod organizations;
mod personal_tokens;
mod previews;
mod project_stream;
mod projects;
mod promotions;
mod ramps;
mod restoration;
mod schedules;
mod sdk;
mod segments;
mod stats;
mod stream;
mod system;
mod testing;
mod users;
mod webhook_deliveries;
mod webhooks;

pub(super) use self::notes::notes;

use std::sync::Arc;

use poem::IntoEndpoint;
use poem::http::Method;
use poem_openapi::Tags;

use crate::{
    domain::id::EnvironmentId,
    http::{
        app::App,
        error::{ApiError, Code},
        ofrep,
        parameter::{Reader, Required},
        shortcut::{Address, Shortcut},
    },
};

/// What applications ask all the time.
const HOT: [(Method, Address); 3] = [
    (Method::POST, Address::Path("/api/v1/evaluate")),
    (Method::POST, Address::Below(ofrep::api::FLAG)),
    (Method::POST, Address::Path(ofrep::api::FLAGS)),
];

/// The routes with a shortcut to what applications ask all the time.
pub(super) fn with_shortcut(app: &Arc<App>, routes: impl IntoEndpoint<Endpoint: 'static>) -> Shortcut {
    let [evaluate, flag, flags] = HOT;
    Shortcut::new(routes)
        .to(evaluate, evaluate::Direct(Arc::clone(app)))
        .to(flag, ofrep::api::DirectFlag(Arc::clone(app)))
        .to(flags, ofrep::api::DirectFlags(Arc::clone(app)))
}

/// What every client should know before it begins.
pub(super) const DESCRIPTION: &str = include_str!("description.md");

/// What operations are grouped by.
#[derive(Tags)]
pub(super) enum Tag {
    /// Accounts and sessions.
    #[oai(rename = "Accounts")]
    Auth,
    /// What scripts act with for a person.
    #[oai(rename = "Personal access tokens")]
    PersonalTokens,
    /// What projects belong to, who belongs to them with which role, and who is invited. Nothing of one is visible to
    /// another.
    Organizations,
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
    /// Changes of flags that are made later: one by one, or as ramps that give a variation to more and more users. They
    /// are made exactly once and in order, also when the server was down at their time; then as soon as it is up again.
    Schedules,
    /// Named groups of contexts that the rules of a project share.
    Segments,
    /// Where a project's events are sent, and what became of each. Every change of a flag is one event for each
    /// environment that sees it, written down with the change; it is sent at least once, in the order of the changes of
    /// each flag. The description of `createWebhook` says what arrives.
    Webhooks,
    /// Who did what, when and from where.
    #[oai(rename = "Audit log")]
    Audit,
    /// What an application asks while it runs. Authenticated by an API key.
    Evaluation,
    /// What SDKs that evaluate by themselves fetch and report. Authenticated by an API key.
    #[oai(rename = "SDKs")]
    Sdk,
    /// The `OpenFeature` Remote Evaluation Protocol 0.3.0, for the providers of `OpenFeature`: they need the server's
    /// address and an API key.
    #[oai(rename = "OpenFeature")]
    Ofrep,
    /// The server itself.
    System,
}

/// Every endpoint.
pub(super) fn all(app: &Arc<App>) -> impl poem_openapi::OpenApi + use<> {
    let app = || Arc::clone(app);
    (
        // The framework knows no longer tuples than of 16.
        (
            auth::AuthApi(app()),
            personal_tokens::PersonalTokensApi(app()),
            organizations::OrganizationsApi(app()),
            members::MembersApi(app()),
            invitations::InvitationsApi(app()),
        ),
        (
            projects::ProjectsApi(app()),
            project_stream::ProjectStreamApi(app()),
            manifests::ManifestsApi(app()),
        ),
        (
            environments::EnvironmentsApi(app()),
            restoration::RestorationApi(app()),
            differences::DifferencesApi(app()),
            promotions::PromotionsApi(app()),
        ),
        api_keys::ApiKeysApi(app()),
        (
            flags::FlagsApi(app()),
            flag_dependents::FlagDependentsApi(app()),
            flag_history::FlagHistoryApi(app()),
            flag_revisions::FlagRevisionsApi(app()),
            flag_life::FlagLifeApi(app()),
            previews::PreviewsApi(app()),
        ),
        (schedules::SchedulesApi(app()), ramps::RampsApi(app())),
        (
            segments::SegmentsApi(app()),
            webhooks::WebhooksApi(app()),
            webhook_deliveries::DeliveriesApi(app()),
        ),
        audit_logs::AuditLogsApi(app()),
        evaluate::EvaluateApi(app()),
        sdk::SdkApi(app()),
        ofrep::api::OfrepApi(app()),
        stream::StreamApi(app()),
        stats::StatsApi(app()),
        system::SystemApi(app()),
        (system::OperatorsApi, backup::BackupApi(app()), testing::TestingApi(app()), users::UsersApi(app())),
    )
}

/// The environment with this identifier; one that cannot be read names nothing.
fn environment_id(text: &str) -> Result<EnvironmentId, ApiError> {
    let missing = || ApiError::new(Code::EnvironmentNotFound, format!("there is no environment '{text}'"));
    EnvironmentId::parse(text).ok_or_else(missing)
}

/// The environment that an address names.
fn required_environment(parameter: &Required<String>) -> Result<EnvironmentId, ApiError> {
    let mut reader = Reader::default();
    let environment = reader.required("environment_id", parameter);
    environment_id(&reader.finish(environment)?)
}

#[cfg(test)]
mod tests {
    use poem_openapi::OpenApi;

    use super::*;

    #[test]
    fn the_shortcut_leads_to_operations_that_are_declared() {
        let declared = [evaluate::EvaluateApi::meta(), ofrep::api::OfrepApi::meta()];
        for (method, address) in HOT {
            let is = |path: &str| match address {
                Address::Path(own) => path == own,
                Address::Below(own) => {
                    path.strip_prefix(own).is_some_and(|rest| rest.starts_with(['{', ':']))
                }
            };
            let mut paths =
                declared.iter().flatten().flat_map(|api| &api.paths).filter(|known| is(&known.path));
            let operations = paths.next().map(|known| &known.operations);
            assert!(
                operations.is_some_and(|known| known.iter().any(|operation| operation.method == method)),
                "{address:?}"
            );
        }
    }
}
