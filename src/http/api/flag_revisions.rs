//! The revisions of a flag, and the way back to one.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{
    Tag, environment_id,
    flags::{flag_view, tagged_flag},
    required_environment,
};
use crate::{
    control::{flag::FlagName, revision},
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{FastJson, Strict},
        tagged::Tagged,
        wire::{
            flag::FlagView,
            revision::{RevisionDiffView, RevisionItemView, RevisionView, RollBackFlag},
        },
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "revisions";

pub(super) struct FlagRevisionsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Flags")]
impl FlagRevisionsApi {
    /// List the revisions of a flag
    ///
    /// What the flag was in this environment, newest first: every change of what all environments share, or of this
    /// one's configuration, made one. The newest 1,000 numbers are kept; a change of both takes two.
    #[oai(path = "/:flag_id/revisions", method = "get", operation_id = "listFlagRevisions")]
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
    ) -> Result<FastJson<Listed<RevisionItemView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;
        let (environment, name) = (self::environment_id(&environment)?, FlagName(flag_id.0));
        let page = revision::list(&self.0.control, &person.caller, environment, &name, &request)?;
        Ok(FastJson(page::listed(page.map(RevisionItemView::from), ORDER)))
    }

    /// Compare two revisions of a flag
    ///
    /// Field by field, and in lists rule by rule, variation by variation and prerequisite by prerequisite.
    #[oai(path = "/:flag_id/revisions/diff", method = "get", operation_id = "diffFlagRevisions")]
    async fn diff(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// The one revision.
        from: Query<Required<u64>>,
        /// The other.
        to: Query<Required<u64>>,
    ) -> Result<FastJson<Data<RevisionDiffView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let both = [reader.required("from", &from), reader.required("to", &to)];
        let (environment, [from, to]) = reader.finish((environment, both))?;
        let (environment, name) = (self::environment_id(&environment)?, FlagName(flag_id.0));
        let both = [number(&from)?, number(&to)?];
        let differences = revision::compare(&self.0.control, &person.caller, environment, &name, both)?;
        Ok(FastJson(Data { data: RevisionDiffView::of(both, differences) }))
    }

    /// Get a revision of a flag
    ///
    /// The whole flag as it was in this environment. Its warnings and its stage are what they would be now.
    #[oai(path = "/:flag_id/revisions/:revision", method = "get", operation_id = "getFlagRevision")]
    async fn get(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The number of the revision.
        revision: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<FastJson<Data<RevisionView>>, ApiError> {
        let environment = required_environment(&environment_id)?;
        let (name, number) = (FlagName(flag_id.0), number(&revision)?);
        let control = &self.0.control;
        let (revision, shown) = revision::get(control, &person.caller, environment, &name, number)?;
        let view = flag_view(control, &shown, person.call.now)?;
        Ok(FastJson(Data { data: RevisionView::of(&revision, view) }))
    }

    /// Roll a flag back
    ///
    /// To what it was at a revision: that makes a new revision with the content of the old one, of what all
    /// environments share and of this environment's configuration. It is checked as any other change: a variation that
    /// the old one lacks may be in use, a prerequisite or a segment that it names may be gone. An archived flag has to
    /// be restored first, and going back to when it was archived does not archive it. Needs the role `editor`.
    #[oai(path = "/:flag_id/rollback", method = "post", operation_id = "rollBackFlag")]
    async fn roll_back(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        body: Strict<RollBackFlag>,
    ) -> Result<Tagged<FastJson<Data<FlagView>>>, ApiError> {
        let number = body.parse(|body, _| Some(body.revision))?;
        let environment = required_environment(&environment_id)?;
        let (control, name) = (&self.0.control, FlagName(flag_id.0));
        let shown =
            revision::roll_back(control, &person.call, &person.caller, environment, name, number).await?;
        tagged_flag(control, &shown, person.call.now, FastJson)
    }
}

/// The number of a revision; what is none names nothing.
fn number(text: &str) -> Result<u64, ApiError> {
    let missing = || ApiError::new(Code::RevisionNotFound, format!("there is no revision '{text}'"));
    text.parse().map_err(|_| missing())
}
