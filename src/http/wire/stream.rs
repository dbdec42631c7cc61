//! The events of `GET /sdk/stream` (contract A9), and those for people who look at a project: what changed, and in which
//! version. Clients fetch what it is.

use bytes::Bytes;
use serde::Serialize;

use crate::{
    domain::{api_key::KeyKind, time::Timestamp},
    http::event_stream::{Printer, SIGN_OF_LIFE, event},
    live::{
        feed::{Notice, Subject},
        watch::Sight,
    },
};

/// The first event of a stream.
#[derive(Serialize)]
struct Connected {
    version: u64,
    timestamp: String,
}

/// An event that only says when.
#[derive(Serialize)]
struct Moment {
    timestamp: String,
}

/// A change.
#[derive(Serialize)]
struct Changed<'a> {
    /// The environment, for those who look at all of a project.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_id: Option<String>,
    /// The flag; null where a segment changed, or where it is not known what did.
    flag_key: Option<&'a str>,
    /// The segment, for those who may know segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_key: Option<&'a str>,
    event: &'static str,
    version: u64,
    timestamp: String,
}

/// The first event. `id` is the version that the client is told to have.
pub fn connected(version: u64, id: Option<u64>, now: Timestamp) -> String {
    event("connected", id, &json(&Connected { version, timestamp: now.to_string() }))
}

/// Prints changes for a kind of key: a client key does not learn of segments by name.
#[derive(Clone, Copy, Debug)]
pub struct Changes(pub KeyKind);

impl Changes {
    /// One change.
    pub fn print(self, notice: &Notice) -> String {
        let (flag_key, segment_key) = match (&notice.subject, self.0) {
            (Some(Subject::Flag(key)), _) => (Some(key.as_str()), None),
            (Some(Subject::Segment(key)), KeyKind::Server) => (None, Some(key.as_str())),
            (Some(Subject::Segment(_)), KeyKind::Client) | (None, _) => (None, None),
        };
        let name = notice.action.told_as().as_str();
        let (version, timestamp) = (notice.version, notice.at.to_string());
        let environment_id = None;
        let change = Changed { environment_id, flag_key, segment_key, event: name, version, timestamp };
        event(name, Some(version), &json(&change))
    }
}

impl Printer for Changes {
    fn changes(&self, changes: &[impl AsRef<Notice>]) -> Bytes {
        changes.iter().map(|notice| self.print(notice.as_ref())).collect::<String>().into()
    }
}

/// The first event for one who looks at a project.
pub fn watching(now: Timestamp) -> String {
    event("connected", None, &json(&Moment { timestamp: now.to_string() }))
}

/// What one who looks at a project is told.
pub fn sighted(sight: &Sight, now: Timestamp) -> Bytes {
    match sight {
        Sight::Change(environment, notice) => {
            let (flag_key, segment_key) = match &notice.subject {
                Some(Subject::Flag(key)) => (Some(key.as_str()), None),
                Some(Subject::Segment(key)) => (None, Some(key.as_str())),
                None => (None, None),
            };
            let name = notice.action.told_as().as_str();
            let (version, timestamp) = (notice.version, notice.at.to_string());
            let environment_id = Some(environment.to_string());
            let change = Changed { environment_id, flag_key, segment_key, event: name, version, timestamp };
            event(name, None, &json(&change)).into()
        }
        Sight::Missed => event("changed", None, &json(&Moment { timestamp: now.to_string() })).into(),
        Sight::Beat => Bytes::from_static(SIGN_OF_LIFE),
    }
}

/// What is printed here has only texts and numbers, which always are JSON.
fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}
