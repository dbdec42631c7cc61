//! The flags that depend on a flag.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::flag::{self, FlagName},
    domain::page::{Direction, SortKey, paginate},
    http::{
        app::App,
        envelope::Listed,
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::FastJson,
        wire::dependent::DependentView,
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "dependents";

pub(super) struct FlagDependentsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Flags")]
impl FlagDependentsApi {
    /// List the flags that depend on a flag
    ///
    /// By key, in every environment of the project: those that have it as a prerequisite, and those that depend on it
    /// through others. Archived flags are left out. As long as there is one, the flag cannot be archived.
    #[oai(path = "/:flag_id/dependents", method = "get", operation_id = "getFlagDependents")]
    async fn dependents(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// Any environment of the project, by its id.
        environment_id: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<DependentView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;
        let (environment, name) = (super::environment_id(&environment)?, FlagName(flag_id.0));
        let dependents = flag::dependents(&self.0.control, &person.caller, environment, &name)?;
        let page = paginate(dependents, Direction::Ascending, &request, |it| {
            (SortKey::Text(it.flag.key.to_string()), it.environment.id.bits())
        });
        Ok(FastJson(page::listed(page.map(DependentView::from), ORDER)))
    }
}
