//! The audit log.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Query};

use super::{Tag, environment_id, projects::project_id};
use crate::{
    control::audit,
    domain::{
        audit::{Action, Resource, Search},
        id::UserId,
        time::Timestamp,
    },
    http::{
        app::App,
        envelope::Listed,
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::FastJson,
        wire::audit::AuditEntryView,
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "audit_logs";
/// What a moment must be.
const MOMENT: &str = "must be a moment in RFC 3339, such as 2027-01-01T00:00:00Z";

pub(super) struct AuditLogsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/audit-logs", tag = "Tag::Audit")]
impl AuditLogsApi {
    /// List the audit log
    ///
    /// What was done in the organizations that the caller belongs to, newest first. Every parameter narrows the list
    /// further. What concerns all environments of a project, such as a change of a segment or of a flag's name, has no
    /// `environment_id`, and is not found by one.
    #[oai(path = "/", method = "get", operation_id = "listAuditLogs")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the API")]
    async fn list(
        &self,
        person: Person,
        /// Only what was done in this project, by its id.
        project_id: Query<Optional<String>>,
        /// Only what concerns this environment alone, by its id.
        environment_id: Query<Optional<String>>,
        /// Only what was done with things of this kind.
        resource_type: Query<Optional<Resource>>,
        /// Only what was done with this thing, by its id.
        resource_id: Query<Optional<String>>,
        /// Only what this account did, by its id.
        actor_id: Query<Optional<String>>,
        /// Only this action.
        action: Query<Optional<Action>>,
        /// Only what was done at this moment or later, in RFC 3339.
        from: Query<Optional<String>>,
        /// Only what was done before this moment, in RFC 3339.
        to: Query<Optional<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<AuditEntryView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let search = Search {
            resource: reader.word("resource_type", &resource_type, Resource::ALL),
            thing: reader.read(
                "resource_id",
                &resource_id,
                Resource::read_id,
                "must be the identifier of a thing, such as flg_01J…",
            ),
            actor: reader.read(
                "actor_id",
                &actor_id,
                UserId::parse,
                "must be the identifier of an account, such as usr_01J…",
            ),
            action: reader.word("action", &action, Action::ALL),
            from: reader.read("from", &from, Timestamp::parse, MOMENT),
            to: reader.read("to", &to, Timestamp::parse, MOMENT),
            ..Search::default()
        };
        let (search, request) = reader.finish((search, request))?;
        let search = Search {
            project: project_id.text().map(self::project_id).transpose()?,
            environment: environment_id.text().map(self::environment_id).transpose()?,
            ..search
        };
        let page = audit::list(&self.0.control, &person.caller, search, &request)?;
        Ok(FastJson(page::listed(page.map(AuditEntryView::from), ORDER)))
    }
}
