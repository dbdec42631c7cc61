//! Invitations.

use poem_openapi::Object;
use serde::Serialize;

use crate::{
    control::invitation::{Issued, NewInvitation},
    domain::{invitation::Invitation, role::Role, user::Email, violation::Violations},
    request,
};

/// Where the dashboard accepts invitations. The token stands behind the `#`, so that no server and no log on the way
/// sees it; the address is relative, because the server does not know by what name people reach it.
const ACCEPT: &str = "/invitation#token=";

request! {
    /// Somebody to be invited.
    #[derive(Clone, Debug)]
    pub struct CreateInvitation {
        /// The address of the person, who alone can accept.
        #[oai(validator(max_length = 254))]
        pub email: String,
        /// What the person may do as a member.
        pub role: Role,
    }

    /// An invitation to be accepted.
    #[derive(Clone)]
    pub struct AcceptInvitation {
        /// Its token.
        pub invitation_token: String,
    }
}

/// The invitation that a body asks for.
pub fn new_invitation(body: CreateInvitation, faults: &mut Violations) -> Option<NewInvitation> {
    let email = Email::parse(&body.email).map_err(|message| faults.malformed("email", message));
    Some(NewInvitation { email: email.ok()?, role: body.role })
}

/// An invitation. Its token is not kept.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Invitation")]
pub struct InvitationView {
    /// Its identifier: `inv_` and a ULID.
    pub id: String,
    /// Whom it is for.
    pub email: String,
    /// What the person may do as a member.
    pub role: Role,
    /// The organization to join.
    pub organization_id: String,
    /// The account that made it.
    pub invited_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it stops working.
    pub expires_at: String,
}

/// An invitation, and this once its token.
#[derive(Clone, Serialize, Object)]
#[oai(rename = "NewInvitation")]
pub struct IssuedView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: InvitationView,
    /// The token, for `POST /auth/register` or `POST /auth/invitations/accept`. It is shown only now: send it to the
    /// person who is invited, and to nobody else.
    pub token: String,
    /// The page of the dashboard that accepts it: a path below the address by which people reach this server, with the
    /// token behind the `#`.
    pub url: String,
}

impl From<&Invitation> for InvitationView {
    fn from(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email.as_str().to_owned(),
            role: invitation.role,
            organization_id: invitation.organization.to_string(),
            invited_by: invitation.invited_by.to_string(),
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
        }
    }
}

impl From<Issued> for IssuedView {
    fn from(issued: Issued) -> Self {
        let token = issued.text.expose();
        let url = format!("{ACCEPT}{token}");
        Self { fields: InvitationView::from(&issued.invitation), token, url }
    }
}
