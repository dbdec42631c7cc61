//! Invitations to organizations.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, organizations};
use crate::{
    auth::token,
    control::invitation,
    domain::{
        id::InvitationId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::{Person, SignedIn},
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{Created, FastJson, NoContent, Strict},
        wire::{
            invitation::{AcceptInvitation, CreateInvitation, InvitationView, IssuedView, new_invitation},
            organization::OrganizationView,
        },
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "invitations";

pub(super) struct InvitationsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Organizations")]
impl InvitationsApi {
    /// List invitations
    ///
    /// Those that can be accepted, oldest first, without their tokens. Needs the role `admin`.
    #[oai(
        path = "/organizations/:organization_id/invitations",
        method = "get",
        operation_id = "listInvitations"
    )]
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
    ) -> Result<FastJson<Listed<InvitationView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let request = reader.finish(request)?;
        let id = organizations::organization_id(&organization_id)?;
        let invitations = invitation::list(&self.0.control, &person.call, &person.caller, id)?;
        let page = paginate(invitations, Direction::Ascending, &request, |invitation| {
            (SortKey::Number(invitation.created_at.millis()), invitation.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|invitation| InvitationView::from(&invitation)), ORDER)))
    }

    /// Invite somebody
    ///
    /// The answer is the only one that ever shows the token. The server sends no mail: pass the token on. It works once,
    /// for seven days, and for the invited address alone. An earlier invitation of the same address is withdrawn. Needs
    /// the role `admin`.
    #[oai(
        path = "/organizations/:organization_id/invitations",
        method = "post",
        operation_id = "createInvitation"
    )]
    async fn create(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
        body: Strict<CreateInvitation>,
    ) -> Result<Created<Data<IssuedView>>, ApiError> {
        let new = body.parse(new_invitation)?;
        let id = organizations::organization_id(&organization_id)?;
        let issued = invitation::create(&self.0.control, &person.call, &person.caller, id, new).await?;
        Ok(Created(Data { data: issued.into() }))
    }

    /// Withdraw an invitation
    ///
    /// From the answer on nobody can accept it. Needs the role `admin`.
    #[oai(
        path = "/organizations/:organization_id/invitations/:invitation_id",
        method = "delete",
        operation_id = "revokeInvitation"
    )]
    async fn revoke(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
        /// The invitation, by its id; its token is no name for it.
        invitation_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let missing = || {
            ApiError::new(Code::InvitationNotFound, format!("there is no invitation '{}'", *invitation_id))
        };
        let organization = organizations::organization_id(&organization_id)?;
        let id = InvitationId::parse(&invitation_id).ok_or_else(missing)?;
        invitation::revoke(&self.0.control, &person.call, &person.caller, organization, id).await?;
        Ok(NoContent)
    }

    /// Accept an invitation
    ///
    /// Makes the caller a member of the organization, which is the answer. Only the account with the invited address can
    /// accept, in upper or lower case; whoever has none yet gives the token to `POST /auth/register`. No personal access
    /// token can do this.
    #[oai(path = "/auth/invitations/accept", method = "post", operation_id = "acceptInvitation")]
    async fn accept(
        &self,
        person: SignedIn,
        body: Strict<AcceptInvitation>,
    ) -> Result<FastJson<Data<OrganizationView>>, ApiError> {
        let AcceptInvitation { invitation_token } = body.parse(|body, _| Some(body))?;
        let digest = token::digest(&invitation_token);
        let joined = invitation::accept(&self.0.control, &person.call, &person.caller, digest).await?;
        Ok(FastJson(Data { data: joined.into() }))
    }
}
