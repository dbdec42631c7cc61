//! Personal access tokens.

use poem_openapi::Object;
use serde::Serialize;

use super::expiry;
use crate::{
    control::personal_token::{Minted, NewPersonalToken},
    domain::{
        personal_token::PersonalToken,
        role::Role,
        text::Name,
        time::Timestamp,
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// A personal access token to be made.
    #[derive(Clone, Debug)]
    pub struct CreatePersonalToken {
        /// What it is for.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// The highest role that it has anywhere: at most the caller's own.
        pub role: Role,
        /// When it stops working, in RFC 3339; where absent, never.
        pub expires_at: Option<String>,
    }
}

/// The token that a body asks for at `now`.
pub fn new_personal_token(
    body: CreatePersonalToken,
    now: Timestamp,
    faults: &mut Violations,
) -> Option<NewPersonalToken> {
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let expires_at = expiry(body.expires_at.as_deref(), now, faults);
    Some(NewPersonalToken { name: name?, role: body.role, expires_at, text: None })
}

/// A personal access token. The token itself is not kept.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "PersonalToken")]
pub struct PersonalTokenView {
    /// Its identifier: `tok_` and a ULID.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The highest role that it has anywhere. Where its owner has a lower one, that counts.
    pub role: Role,
    /// The first characters of the token, to tell it by.
    pub prefix: String,
    /// When it was made.
    pub created_at: String,
    /// When it stops working; null is never.
    pub expires_at: Option<String>,
}

/// A personal access token, and this once the token itself.
#[derive(Clone, Serialize, Object)]
#[oai(rename = "NewPersonalToken")]
pub struct MintedTokenView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: PersonalTokenView,
    /// The token, to be sent as `Authorization: Bearer pat_...`. It is shown only now: keep it where secrets are kept.
    pub token: String,
}

impl From<&PersonalToken> for PersonalTokenView {
    fn from(token: &PersonalToken) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name.to_string(),
            role: token.role,
            prefix: token.prefix.clone(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
        }
    }
}

impl From<Minted> for MintedTokenView {
    fn from(minted: Minted) -> Self {
        Self { fields: PersonalTokenView::from(&minted.token), token: minted.text.expose() }
    }
}
