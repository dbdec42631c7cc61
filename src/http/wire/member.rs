//! Members of organizations.

use poem_openapi::Object;
use serde::Serialize;

use crate::{control::member::Member, domain::role::Role, request};

request! {
    /// The next role of a member.
    #[derive(Clone, Debug)]
    pub struct SetRole {
        /// What the member may do.
        pub role: Role,
    }
}

/// Somebody who belongs to an organization.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Member")]
pub struct MemberView {
    /// The account's identifier: `usr_` and a ULID.
    pub user_id: String,
    /// How the person signs in.
    pub email: String,
    /// What the person is called.
    pub full_name: Option<String>,
    /// What the person may do in the organization.
    pub role: Role,
    /// Since when the person belongs to it.
    pub joined_at: String,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { user, membership } = member;
        Self {
            user_id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            full_name: user.full_name.as_ref().map(ToString::to_string),
            role: membership.role,
            joined_at: membership.created_at.to_string(),
        }
    }
}
