//! Accounts of the whole server, for its operators.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, members};
use crate::{
    control::user,
    http::{
        app::App,
        envelope::{Data, Listed},
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{Created, FastJson, NoContent, Strict},
        wire::user::{CreateUser, ProfileView, ResetPassword, placed_user, reset_password},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "users";

pub(super) struct UsersApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/system/users", tag = "Tag::System")]
impl UsersApi {
    /// List the accounts of the server
    ///
    /// Everybody who has an account, of all organizations and of none, oldest first. Needs the role `admin` in the
    /// organization that was made first.
    #[oai(path = "/", method = "get", operation_id = "listUsers")]
    async fn list(
        &self,
        person: Person,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<ProfileView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let request = reader.finish(request)?;
        let page = user::list(&self.0.control, &person.caller, &request)?;
        Ok(FastJson(page::listed(page.map(ProfileView::from), ORDER)))
    }

    /// Make an account
    ///
    /// For somebody else, without an invitation and whether or not registration is open. The account is a member of the
    /// organization at once. Needs the role `admin` in the organization that was made first.
    #[oai(path = "/", method = "post", operation_id = "createUser")]
    async fn create(
        &self,
        person: Person,
        body: Strict<CreateUser>,
    ) -> Result<Created<Data<ProfileView>>, ApiError> {
        let (new, placement) = body.parse(placed_user)?;
        let Person { call, caller } = person;
        let made = user::create(&self.0.control, &call, &caller, new, placement).await?;
        Ok(Created(Data { data: made.into() }))
    }

    /// Reset a password
    ///
    /// All sessions of the account end at once. Personal access tokens stay. Needs the role `admin` in the organization
    /// that was made first.
    #[oai(path = "/:user_id/password", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        person: Person,
        /// The account, by its id.
        user_id: Path<String>,
        body: Strict<ResetPassword>,
    ) -> Result<NoContent, ApiError> {
        let password = body.parse(reset_password)?;
        let id = members::user_id(&user_id)?;
        let Person { call, caller } = person;
        user::reset_password(&self.0.control, &call, &caller, id, password).await?;
        Ok(NoContent)
    }
}
