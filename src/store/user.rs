//! Accounts, found by identifier and by email.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, all,
    codec::{Stored, seal, thaw},
    find, get, tables,
};
use crate::domain::{
    id::UserId,
    text::Name,
    time::Timestamp,
    user::{Email, User},
};

#[derive(Serialize, Deserialize)]
struct UserV1 {
    id: u128,
    email: String,
    full_name: Option<String>,
    password_hash: String,
    created_at: i64,
    last_login_at: Option<i64>,
}

impl Stored for User {
    const NOUN: &'static str = "a user";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = UserV1 {
            id: self.id.bits(),
            email: self.email.as_str().to_owned(),
            full_name: self.full_name.as_ref().map(Name::to_string),
            password_hash: self.password_hash.clone(),
            created_at: self.created_at.millis(),
            last_login_at: self.last_login_at.map(Timestamp::millis),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: UserV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: UserId::from_bits(record.id),
            email: Email::parse(&record.email).ok()?,
            full_name: record.full_name.as_deref().map(Name::trusted),
            password_hash: record.password_hash,
            created_at: Timestamp::from_millis(record.created_at),
            last_login_at: record.last_login_at.map(Timestamp::from_millis),
        })
    }
}

/// The account with this identifier.
pub fn by_id(access: &impl Access, id: UserId) -> Result<Option<User>, Error> {
    get(access, tables::USERS, id.bits())
}

/// The account with this address.
pub fn by_email(access: &impl Access, email: &Email) -> Result<Option<User>, Error> {
    match find(access, tables::USER_BY_EMAIL, email.folded().as_str())? {
        Some(bits) => by_id(access, UserId::from_bits(bits)),
        None => Ok(None),
    }
}

/// Whether anybody has an account.
pub fn exists(access: &impl Access) -> Result<bool, Error> {
    Ok(redb::ReadableTable::first(&access.table(tables::USERS)?)?.is_some())
}

/// Every account, oldest first.
pub fn every(access: &impl Access) -> Result<Vec<User>, Error> {
    all(access, tables::USERS)
}

/// Keeps an account.
pub fn put(writer: &Writer, user: &User) -> Result<(), Error> {
    writer.put(tables::USERS, user.id.bits(), user)?;
    writer.set(tables::USER_BY_EMAIL, user.email.folded().as_str(), user.id.bits())
}
