//! API keys. One that was revoked is removed; what was done with it stays in the audit log.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, all,
    codec::{Stored, seal, thaw},
    get, indexed, tables,
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

/// [`ApiKeyV1`], and what takes its place.
#[derive(Serialize, Deserialize)]
struct ApiKeyV2 {
    id: u128,
    environment: u128,
    name: String,
    kind: String,
    digest: [u8; 32],
    prefix: String,
    created_by: u128,
    created_at: i64,
    expires_at: Option<i64>,
    replaced_by: Option<u128>,
}

impl From<ApiKeyV1> for ApiKeyV2 {
    fn from(old: ApiKeyV1) -> Self {
        let ApiKeyV1 { id, environment, name, kind, digest, prefix, created_by, created_at, expires_at } =
            old;
        let replaced_by = None;
        Self { id, environment, name, kind, digest, prefix, created_by, created_at, expires_at, replaced_by }
    }
}

impl Stored for ApiKey {
    const NOUN: &'static str = "an API key";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = ApiKeyV2 {
            id: self.id.bits(),
            environment: self.environment.bits(),
            name: self.name.to_string(),
            kind: self.kind.as_str().to_owned(),
            digest: self.digest,
            prefix: self.prefix.clone(),
            created_by: self.created_by.bits(),
            created_at: self.created_at.millis(),
            expires_at: self.expires_at.map(Timestamp::millis),
            replaced_by: self.replaced_by.map(ApiKeyId::bits),
        };
        seal(2, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: ApiKeyV2 = match version {
            1 => thaw::<ApiKeyV1>(payload)?.into(),
            2 => thaw(payload)?,
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
            replaced_by: record.replaced_by.map(ApiKeyId::from_bits),
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

/// The API keys of `environment`, oldest first.
pub fn of_environment(access: &impl Access, environment: EnvironmentId) -> Result<Vec<ApiKey>, Error> {
    let ids = indexed(access, tables::API_KEYS_OF, environment.bits())?;
    let mut keys = Vec::with_capacity(ids.len());
    for id in ids {
        keys.extend(by_id(access, ApiKeyId::from_bits(id))?);
    }
    Ok(keys)
}

/// Keeps an API key.
pub fn put(writer: &Writer, key: &ApiKey) -> Result<(), Error> {
    writer.put(tables::API_KEYS, key.id.bits(), key)?;
    writer.set(tables::API_KEYS_OF, (key.environment.bits(), key.id.bits()), ())
}

/// Revokes an API key.
pub fn remove(writer: &Writer, key: &ApiKey) -> Result<(), Error> {
    writer.remove(tables::API_KEYS, key.id.bits())?;
    writer.remove(tables::API_KEY_LAST_USED, key.id.bits())?;
    writer.remove(tables::API_KEYS_OF, (key.environment.bits(), key.id.bits()))
}

/// When an API key was used last, as far as it is kept.
pub fn last_used(access: &impl Access, id: ApiKeyId) -> Result<Option<Timestamp>, Error> {
    let table = access.table(tables::API_KEY_LAST_USED)?;
    Ok(redb::ReadableTable::get(&table, id.bits())?.map(|at| Timestamp::from_millis(at.value())))
}

/// Keeps when API keys were used last. Of one that was revoked meanwhile nothing is kept.
pub fn put_last_used(
    writer: &Writer,
    used: impl IntoIterator<Item = (ApiKeyId, Timestamp)>,
) -> Result<(), Error> {
    let keys = writer.0.open_table(tables::API_KEYS)?;
    let mut table = writer.0.open_table(tables::API_KEY_LAST_USED)?;
    for (id, at) in used {
        if redb::ReadableTable::get(&keys, id.bits())?.is_some() {
            table.insert(id.bits(), at.millis())?;
        }
    }
    Ok(())
}

/// From schema 3 to 4: keys were found by reading all of them.
pub(super) fn index_environments(writer: &Writer) -> Result<(), Error> {
    let every = every(writer)?;
    let mut index = writer.0.open_table(tables::API_KEYS_OF)?;
    for key in every {
        index.insert((key.environment.bits(), key.id.bits()), ())?;
    }
    Ok(())
}
