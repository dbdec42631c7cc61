//! Members of organizations.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, organizations};
use crate::{
    control::member,
    domain::{
        id::UserId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{FastJson, NoContent, Strict},
        wire::member::{MemberView, SetRole},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "members";

pub(super) struct MembersApi(pub(super) Arc<App>);

pub(super) fn user_id(text: &str) -> Result<UserId, ApiError> {
    let missing = || ApiError::new(Code::MemberNotFound, format!("there is no member '{text}'"));
    UserId::parse(text).ok_or_else(missing)
}

#[OpenApi(prefix_path = "/api/v1/organizations", tag = "Tag::Organizations")]
impl MembersApi {
    /// List members
    ///
    /// Who belongs to the organization, those who joined first first.
    #[oai(path = "/:organization_id/members", method = "get", operation_id = "listMembers")]
    async fn list(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<MemberView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let request = reader.finish(request)?;
        let id = organizations::organization_id(&organization_id)?;
        let members = member::list(&self.0.control, &person.caller, id)?;
        let page = paginate(members, Direction::Ascending, &request, |member| {
            (SortKey::Number(member.membership.created_at.millis()), member.user.id.bits())
        });
        Ok(FastJson(page::listed(page.map(MemberView::from), ORDER)))
    }

    /// Change the role of a member
    ///
    /// The last `admin` of an organization stays one. People become members by invitation alone. Needs the role
    /// `admin`.
    #[oai(path = "/:organization_id/members/:user_id", method = "put", operation_id = "setMemberRole")]
    async fn set_role(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
        /// The member's account, by its id.
        user_id: Path<String>,
        body: Strict<SetRole>,
    ) -> Result<FastJson<Data<MemberView>>, ApiError> {
        let role = body.parse(|body, _| Some(body.role))?;
        let id = organizations::organization_id(&organization_id)?;
        let user = self::user_id(&user_id)?;
        let member = member::set_role(&self.0.control, &person.call, &person.caller, id, user, role).await?;
        Ok(FastJson(Data { data: member.into() }))
    }

    /// Remove a member
    ///
    /// From the answer on the person sees nothing of the organization. The last `admin` cannot go. Needs the role
    /// `admin`; but everybody who signed in may leave.
    #[oai(path = "/:organization_id/members/:user_id", method = "delete", operation_id = "removeMember")]
    async fn remove(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
        /// The member's account, by its id.
        user_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = organizations::organization_id(&organization_id)?;
        let user = self::user_id(&user_id)?;
        member::remove(&self.0.control, &person.call, &person.caller, id, user).await?;
        Ok(NoContent)
    }
}
