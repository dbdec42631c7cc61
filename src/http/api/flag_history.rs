//! The history of a flag.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::flag::{self, FlagName},
    http::{
        app::App,
        envelope::Listed,
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::FastJson,
        wire::history::EntryView,
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "history";

pub(super) struct FlagHistoryApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Flags")]
impl FlagHistoryApi {
    /// List the history of a flag
    ///
    /// What was done with it, newest first: to what all environments share, and to the configuration of this one.
    #[oai(path = "/:flag_id/history", method = "get", operation_id = "getFlagHistory")]
    async fn history(
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
    ) -> Result<FastJson<Listed<EntryView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;
        let (environment, name) = (super::environment_id(&environment)?, FlagName(flag_id.0));
        let page = flag::history(&self.0.control, &person.caller, environment, &name, &request)?;
        Ok(FastJson(page::listed(page.map(EntryView::from), ORDER)))
    }
}
