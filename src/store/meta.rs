//! What the file says of itself.

use super::{Access, Error, Writer, tables};

const SCHEMA: &str = "schema";
const SIGNING_SECRET: &str = "signing_secret";

/// The version of the file's schema; 0 for a new file.
pub(super) fn schema(access: &impl Access) -> Result<u32, Error> {
    let table = access.table(tables::META)?;
    let Some(found) = redb::ReadableTable::get(&table, SCHEMA)? else { return Ok(0) };
    let bytes =
        found.value().try_into().map_err(|_| Error::Damaged("its schema version cannot be read".into()))?;
    Ok(u32::from_le_bytes(bytes))
}

pub(super) fn set_schema(writer: &Writer, version: u32) -> Result<(), Error> {
    writer.set(tables::META, SCHEMA, version.to_le_bytes().as_slice())
}

/// The secret that signs tokens, if one was made.
pub fn signing_secret(access: &impl Access) -> Result<Option<Vec<u8>>, Error> {
    let table = access.table(tables::META)?;
    Ok(redb::ReadableTable::get(&table, SIGNING_SECRET)?.map(|secret| secret.value().to_vec()))
}

/// Keeps the secret that signs tokens.
pub fn set_signing_secret(writer: &Writer, secret: &[u8]) -> Result<(), Error> {
    writer.set(tables::META, SIGNING_SECRET, secret)
}
