//! How two environments compare.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::compare::{Comparison, compare},
    domain::page::{Direction, SortKey, paginate},
    http::{
        app::App,
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::FastJson,
        wire::difference::DifferencesView,
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "differences";

pub(super) struct DifferencesApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/environments", tag = "Tag::Environments")]
impl DifferencesApi {
    /// Compare two environments
    ///
    /// The flags of which this environment does not say what another one of the same project says, by key. In the
    /// differences, `from` is what the other one says and `to` what this one says: what a promotion from this one to
    /// the other would change. Archived flags are left out.
    #[oai(path = "/:environment_id/diff", method = "get", operation_id = "compareEnvironments")]
    async fn diff(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Path<String>,
        /// The environment that it is compared with, by its id.
        against: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<DifferencesView>, ApiError> {
        let mut reader = Reader::default();
        let against = reader.required("against", &against);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (against, request) = reader.finish((against, request))?;
        let (this, other) = (super::environment_id(&environment_id)?, super::environment_id(&against)?);
        let Comparison { different, equal } = compare(&self.0.control, &person.caller, this, other)?;
        let page = paginate(different, Direction::Ascending, &request, |it| {
            (SortKey::Text(it.flag.key.to_string()), it.flag.id.bits())
        });
        Ok(FastJson(DifferencesView::of(page, equal, ORDER)))
    }
}
