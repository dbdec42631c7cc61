//! What the file says of itself.

use super::{Access, Error, Writer, tables};
use crate::domain::audit::chain::Head;

const SCHEMA: &str = "schema";
const SIGNING_SECRET: &str = "signing_secret";
const AUDIT_HEAD: &str = "audit_head";

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

/// The last entry of the audit log, as it is noted: its place, little-endian, and its digest.
pub(super) fn audit_head(access: &impl Access) -> Result<Option<Head>, Error> {
    let table = access.table(tables::META)?;
    let Some(found) = redb::ReadableTable::get(&table, AUDIT_HEAD)? else { return Ok(None) };
    let damaged = || Error::Damaged("the note of the head of its audit log cannot be read".into());
    let (place, digest) = found.value().split_first_chunk().ok_or_else(damaged)?;
    let digest = digest.try_into().map_err(|_| damaged())?;
    Ok(Some(Head { place: u64::from_le_bytes(*place), digest }))
}

pub(super) fn set_audit_head(writer: &Writer, head: &Head) -> Result<(), Error> {
    let bytes = [&head.place.to_le_bytes()[..], &head.digest[..]].concat();
    writer.set(tables::META, AUDIT_HEAD, bytes.as_slice())
}
