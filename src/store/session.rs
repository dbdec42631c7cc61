//! Sessions. One that ended is removed: its tokens are dead because it is not there.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, all,
    codec::{Stored, seal, thaw},
    get, indexed, tables,
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

/// The sessions of `user`, oldest first, expired ones included.
pub fn of_user(access: &impl Access, user: UserId) -> Result<Vec<SessionId>, Error> {
    let ids = indexed(access, tables::SESSIONS_OF, user.bits())?;
    Ok(ids.into_iter().map(SessionId::from_bits).collect())
}

/// Keeps a session.
pub fn put(writer: &Writer, session: &Session) -> Result<(), Error> {
    writer.put(tables::SESSIONS, session.id.bits(), session)?;
    writer.set(tables::SESSIONS_OF, (session.user.bits(), session.id.bits()), ())
}

/// Ends a session of `user`.
pub fn remove(writer: &Writer, user: UserId, id: SessionId) -> Result<(), Error> {
    writer.remove(tables::SESSIONS, id.bits())?;
    writer.remove(tables::SESSIONS_OF, (user.bits(), id.bits()))
}

/// From schema 2 to 3: sessions were not found by user.
pub(super) fn index_users(writer: &Writer) -> Result<(), Error> {
    let every: Vec<Session> = all(writer, tables::SESSIONS)?;
    let mut index = writer.0.open_table(tables::SESSIONS_OF)?;
    for session in every {
        index.insert((session.user.bits(), session.id.bits()), ())?;
    }
    Ok(())
}

/// Removes up to `most` sessions that expired by `end`, oldest first, so that the table does not grow for ever.
///
/// Sessions that people keep refreshing are the oldest ones: they must not hide those behind them.
pub fn sweep(writer: &Writer, end: Timestamp, most: usize) -> Result<(), Error> {
    let expired: Vec<(UserId, SessionId)> = {
        let table = writer.table(tables::SESSIONS)?;
        let mut expired = Vec::new();
        for row in table.iter()? {
            let session = Session::open(row?.1.value())?;
            if session.expires_at <= end {
                expired.push((session.user, session.id));
            }
            if expired.len() == most {
                break;
            }
        }
        expired
    };
    expired.into_iter().try_for_each(|(user, id)| remove(writer, user, id))
}
