//! The audit log.

use std::sync::Arc;

use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi, param::Query, payload::Payload};

use super::{Tag, environment_id, projects::project_id};
use crate::{
    control::audit,
    domain::{
        audit::{Action, Resource, Search, chain::Head},
        id::UserId,
        time::Timestamp,
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::ApiError,
        guard::Person,
        lines::{Lines, NDJSON},
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::FastJson,
        wire::{
            audit::{AuditEntryView, ChainView},
            sort::Format,
        },
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
    /// `environment_id`, and is not found by one. Of a project or an environment that was deleted it is still told what
    /// was done in it.
    ///
    /// With `format=ndjson` there are no pages: everything that is found comes at once, also newest first, one entry a
    /// line and as it was when the request came, however long the client takes to read it. An answer that breaks off
    /// without its end is not the whole of it.
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
        /// How the list is written; where absent, `json`. With `ndjson` neither `page` nor `per_page` nor `cursor`.
        format: Query<Optional<Format>>,
    ) -> Result<AuditLog, ApiError> {
        let mut reader = Reader::default();
        let format = reader.word("format", &format, Format::ALL).unwrap_or(Format::Json);
        let paging = [("page", page.text()), ("per_page", per_page.text()), ("cursor", cursor.text())];
        if format == Format::Lines {
            for (name, _) in paging.iter().filter(|(_, text)| text.is_some()) {
                reader.refuse(name, "must not be given together with format=ndjson");
            }
        }
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
        match format {
            Format::Json => {
                let page = audit::list(&self.0.control, &person.caller, search, &request)?;
                Ok(AuditLog::Page(FastJson(page::listed(page.map(AuditEntryView::from), ORDER))))
            }
            Format::Lines => {
                let app = Arc::clone(&self.0);
                let mut export = audit::export(&app.control, &person.caller, search)?;
                let next = move || {
                    let entries = export.next(&app.control)?;
                    Ok(entries.map(|entries| entries.into_iter().map(AuditEntryView::from).collect()))
                };
                Ok(AuditLog::Lines(Lines::new::<AuditEntryView>(next)))
            }
        }
    }

    /// Verify the audit log
    ///
    /// Every entry carries the SHA-256 of the one before, and the last one is noted beside the log, so that an entry that
    /// was altered, taken out or cut off in the data file shows. This walks along the whole chain, which is one for all
    /// organizations of the server. Who can write the data file can also write a whole new chain: against that, note the
    /// `head` elsewhere, and send it later as `noted`. Needs the role `admin` in the organization that was made first.
    #[oai(path = "/verify", method = "get", operation_id = "verifyAuditLog")]
    async fn verify(
        &self,
        person: Person,
        /// A `head` that an earlier answer had: the entry at its place has to be the same still.
        noted: Query<Optional<String>>,
    ) -> Result<FastJson<Data<ChainView>>, ApiError> {
        let mut reader = Reader::default();
        let noted = reader.read("noted", &noted, Head::parse, "must be the head of an earlier answer");
        let noted = reader.finish(noted)?;
        let app = Arc::clone(&self.0);
        let walk = move || audit::verify(&app.control, &person.caller, noted);
        let verdict = tokio::task::spawn_blocking(walk).await.map_err(ApiError::internal)??;
        Ok(FastJson(Data { data: ChainView::from(verdict) }))
    }
}

/// The audit log, in either format.
pub(super) enum AuditLog {
    Page(FastJson<Listed<AuditEntryView>>),
    Lines(Lines),
}

impl IntoResponse for AuditLog {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => page.into_response(),
            Self::Lines(lines) => lines.into_response(),
        }
    }
}

impl ApiResponse for AuditLog {
    fn meta() -> MetaResponses {
        let mut meta = FastJson::<Listed<AuditEntryView>>::meta();
        for answer in &mut meta.responses {
            answer.content.push(MetaMediaType { content_type: NDJSON, schema: String::schema_ref() });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        <FastJson<Listed<AuditEntryView>> as Payload>::register(registry);
    }
}
