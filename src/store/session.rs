//! Sessions. One that ended is removed: its tokens are dead because it is not there.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    get, tables,
};
use crate::domain::{
    id::{SessionId, UserId},
    time::Timestamp,
    user::Session,
};

#[derive(Serialize, Deserialize)]
struct SessionV1 {
    id: u128,
    user: u128,
    generation: u64,
    created_at: i64,
    expires_at: i64,
}

impl Stored for Session {
    const NOUN: &'static str = "a session";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = SessionV1 {
            id: self.id.bits(),
            user: self.user.bits(),
            generation: self.generation,
            created_at: self.created_at.millis(),
            expires_at: self.expires_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: SessionV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: SessionId::from_bits(record.id),
            user: UserId::from_bits(record.user),
            generation: record.generation,
            created_at: Timestamp::from_millis(record.created_at),
            expires_at: Timestamp::from_millis(record.expires_at),
        })
    }
}

/// The session with this identifier.
pub fn by_id(access: &impl Access, id: SessionId) -> Result<Option<Session>, Error> {
    get(access, tables::SESSIONS, id.bits())
}

/// Keeps a session.
pub fn put(writer: &Writer, session: &Session) -> Result<(), Error> {
    writer.put(tables::SESSIONS, session.id.bits(), session)
}

/// Ends a session.
pub fn remove(writer: &Writer, id: SessionId) -> Result<(), Error> {
    writer.remove(tables::SESSIONS, id.bits())
}

/// Removes up to `most` sessions that expired by `end`, oldest first, so that the table does not grow for ever.
///
/// Sessions that people keep refreshing are the oldest ones: they must not hide those behind them.
pub fn sweep(writer: &Writer, end: Timestamp, most: usize) -> Result<(), Error> {
    let expired: Vec<u128> = {
        let table = writer.table(tables::SESSIONS)?;
        let mut expired = Vec::new();
        for row in table.iter()? {
            let (key, bytes) = row?;
            if Session::open(bytes.value())?.expires_at <= end {
                expired.push(key.value());
            }
            if expired.len() == most {
                break;
            }
        }
        expired
    };
    expired.into_iter().try_for_each(|key| writer.remove(tables::SESSIONS, key))
}
