//! API keys. One that was revoked is removed; what was done with it stays in the audit log.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, all,
    codec::{Stored, seal, thaw},
    get, tables,
};
use crate::domain::{
    api_key::{ApiKey, KeyKind},
    id::{ApiKeyId, EnvironmentId, UserId},
    text::Name,
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct ApiKeyV1 {
    id: u128,
    environment: u128,
    name: String,
    kind: String,
    digest: [u8; 32],
    prefix: String,
    created_by: u128,
    created_at: i64,
    expires_at: Option<i64>,
}

impl Stored for ApiKey {
    const NOUN: &'static str = "an API key";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = ApiKeyV1 {
            id: self.id.bits(),
            environment: self.environment.bits(),
            name: self.name.to_string(),
            kind: self.kind.as_str().to_owned(),
            digest: self.digest,
            prefix: self.prefix.clone(),
            created_by: self.created_by.bits(),
            created_at: self.created_at.millis(),
            expires_at: self.expires_at.map(Timestamp::millis),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: ApiKeyV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: ApiKeyId::from_bits(record.id),
            environment: EnvironmentId::from_bits(record.environment),
            name: Name::trusted(&record.name),
            kind: KeyKind::parse(&record.kind)?,
            digest: record.digest,
            prefix: record.prefix,
            created_by: UserId::from_bits(record.created_by),
            created_at: Timestamp::from_millis(record.created_at),
            expires_at: record.expires_at.map(Timestamp::from_millis),
        })
    }
}

/// The API key with this identifier.
pub fn by_id(access: &impl Access, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
    get(access, tables::API_KEYS, id.bits())
}

/// Every API key there is, oldest first.
pub fn every(access: &impl Access) -> Result<Vec<ApiKey>, Error> {
    all(access, tables::API_KEYS)
}

/// Keeps an API key.
pub fn put(writer: &Writer, key: &ApiKey) -> Result<(), Error> {
    writer.put(tables::API_KEYS, key.id.bits(), key)
}

/// Revokes an API key.
pub fn remove(writer: &Writer, id: ApiKeyId) -> Result<(), Error> {
    writer.remove(tables::API_KEYS, id.bits())
}
