//! API keys.

use poem_openapi::Object;
use serde::Serialize;

use super::expiry;
use crate::{
    control::api_key::{Minted, NewApiKey},
    domain::{
        api_key::{ApiKey, KeyKind},
        text::Name,
        time::Timestamp,
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// An API key to be made.
    #[derive(Clone, Debug)]
    pub struct CreateApiKey {
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// `server` keys read whole rulesets; `client` keys are for browsers, and evaluate only.
        pub kind: KeyKind,
        /// When it stops working, in RFC 3339; where absent, never.
        pub expires_at: Option<String>,
    }
}

/// The key that a body asks for at `now`.
pub fn new_api_key(body: CreateApiKey, now: Timestamp, faults: &mut Violations) -> Option<NewApiKey> {
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let expires_at = expiry(body.expires_at.as_deref(), now, faults);
    Some(NewApiKey { name: name?, kind: body.kind, expires_at })
}

/// An API key. The key itself is not kept.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "ApiKey")]
pub struct ApiKeyView {
    /// Its identifier: `key_` and a ULID.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is meant to live, and so what it may read.
    pub kind: KeyKind,
    /// The first characters of the key, to tell it by.
    pub prefix: String,
    /// The environment that it evaluates.
    pub environment_id: String,
    /// The account that made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it stops working; null is never.
    pub expires_at: Option<String>,
}

/// An API key, and this once the key itself.
#[derive(Clone, Serialize, Object)]
#[oai(rename = "NewApiKey")]
pub struct MintedView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: ApiKeyView,
    /// The key. It is shown only now: keep it where secrets are kept.
    pub key: String,
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.to_string(),
            kind: key.kind,
            prefix: key.prefix.clone(),
            environment_id: key.environment.to_string(),
            created_by: key.created_by.to_string(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }
}

impl From<Minted> for MintedView {
    fn from(minted: Minted) -> Self {
        Self { fields: ApiKeyView::from(&minted.key), key: minted.text.expose() }
    }
}
