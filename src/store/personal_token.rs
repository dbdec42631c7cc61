//! Personal access tokens, found by account and by the digest of their text.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, by_digest,
    codec::{Stored, seal, thaw},
    get, tables, under,
};
use crate::domain::{
    id::{PersonalTokenId, UserId},
    personal_token::PersonalToken,
    role::Role,
    text::Name,
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct PersonalTokenV1 {
    id: u128,
    user: u128,
    name: String,
    role: String,
    digest: [u8; 32],
    prefix: String,
    created_at: i64,
    expires_at: Option<i64>,
}

impl Stored for PersonalToken {
    const NOUN: &'static str = "a personal access token";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = PersonalTokenV1 {
            id: self.id.bits(),
            user: self.user.bits(),
            name: self.name.to_string(),
            role: self.role.as_str().to_owned(),
            digest: self.digest,
            prefix: self.prefix.clone(),
            created_at: self.created_at.millis(),
            expires_at: self.expires_at.map(Timestamp::millis),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: PersonalTokenV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: PersonalTokenId::from_bits(record.id),
            user: UserId::from_bits(record.user),
            name: Name::trusted(&record.name),
            role: Role::parse(&record.role)?,
            digest: record.digest,
            prefix: record.prefix,
            created_at: Timestamp::from_millis(record.created_at),
            expires_at: record.expires_at.map(Timestamp::from_millis),
        })
    }
}

/// The token of `user` with this identifier.
pub fn by_id(
    access: &impl Access,
    user: UserId,
    id: PersonalTokenId,
) -> Result<Option<PersonalToken>, Error> {
    get(access, tables::PERSONAL_TOKENS, (user.bits(), id.bits()))
}

/// The token whose text has this digest.
pub fn with_digest(access: &impl Access, digest: &[u8; 32]) -> Result<Option<PersonalToken>, Error> {
    by_digest(access, tables::PERSONAL_TOKEN_BY_DIGEST, tables::PERSONAL_TOKENS, digest)
}

/// The tokens of `user`, oldest first, expired ones included.
pub fn of_user(access: &impl Access, user: UserId) -> Result<Vec<PersonalToken>, Error> {
    under(access, tables::PERSONAL_TOKENS, user.bits())
}

/// Keeps a token.
pub fn put(writer: &Writer, token: &PersonalToken) -> Result<(), Error> {
    let key = (token.user.bits(), token.id.bits());
    writer.put(tables::PERSONAL_TOKENS, key, token)?;
    writer.set(tables::PERSONAL_TOKEN_BY_DIGEST, &token.digest, key)
}

/// Revokes a token.
pub fn remove(writer: &Writer, token: &PersonalToken) -> Result<(), Error> {
    writer.remove(tables::PERSONAL_TOKENS, (token.user.bits(), token.id.bits()))?;
    writer.remove(tables::PERSONAL_TOKEN_BY_DIGEST, &token.digest)
}
