//! API keys.

use poem_openapi::Object;
use serde::Serialize;

use super::expiry;
use crate::{
    control::api_key::{Minted, NewApiKey, Rotated, Rotation, ShownKey},
    domain::{
        api_key::{KeyKind, MAX_GRACE_SECONDS},
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

    /// How an API key is to be rotated.
    #[derive(Clone, Debug)]
    pub struct RotateApiKey {
        /// For how many seconds the old key goes on; 0 ends it at once.
        #[oai(validator(minimum(value = "0"), maximum(value = "2592000")))]
        pub grace_seconds: u32,
        /// When the new key stops working, in RFC 3339; where absent, it lives as long as the old one was made to live.
        pub expires_at: Option<String>,
    }
}

/// The rotation that a body asks for at `now`.
pub fn rotation(body: RotateApiKey, now: Timestamp, faults: &mut Violations) -> Option<Rotation> {
    if body.grace_seconds > MAX_GRACE_SECONDS {
        faults.malformed("grace_seconds", format!("must be at most {MAX_GRACE_SECONDS}, which is 30 days"));
    }
    let expires_at = expiry(body.expires_at.as_deref(), now, faults);
    Some(Rotation { grace_seconds: body.grace_seconds, expires_at })
}

/// The key that a body asks for at `now`.
pub fn new_api_key(body: CreateApiKey, now: Timestamp, faults: &mut Violations) -> Option<NewApiKey> {
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let expires_at = expiry(body.expires_at.as_deref(), now, faults);
    Some(NewApiKey { name: name?, kind: body.kind, expires_at, text: None })
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
    /// When it was used last; null is never.
    pub last_used_at: Option<String>,
    /// The API key that takes its place, where it was rotated.
    pub replaced_by: Option<String>,
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

/// An API key that was rotated, and the one in its place.
#[derive(Clone, Serialize, Object)]
#[oai(rename = "RotatedApiKey")]
pub struct RotatedView {
    /// The key in its place, shown only now.
    pub new: MintedView,
    /// The key that was rotated: it works until it expires.
    pub old: ApiKeyView,
}

impl From<ShownKey> for ApiKeyView {
    fn from(ShownKey { key, last_used_at }: ShownKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.to_string(),
            kind: key.kind,
            prefix: key.prefix,
            environment_id: key.environment.to_string(),
            created_by: key.created_by.to_string(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            last_used_at: last_used_at.map(|at| at.to_string()),
            replaced_by: key.replaced_by.map(|id| id.to_string()),
        }
    }
}

impl From<Minted> for MintedView {
    fn from(Minted { key, text }: Minted) -> Self {
        Self { fields: ShownKey { key, last_used_at: None }.into(), key: text.expose() }
    }
}

impl From<Rotated> for RotatedView {
    fn from(rotated: Rotated) -> Self {
        Self { new: rotated.new.into(), old: rotated.old.into() }
    }
}
