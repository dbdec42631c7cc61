//! The events of `GET /sdk/stream` (contract A9): what changed, and in which version. Clients fetch what it is.

use bytes::Bytes;
use serde::Serialize;

use crate::{
    domain::{api_key::KeyKind, audit::Action, time::Timestamp},
    http::event_stream::{Printer, event},
    live::feed::{Notice, Subject},
};

/// The first event of a stream.
#[derive(Serialize)]
struct Connected {
    version: u64,
    timestamp: String,
}

/// A change.
#[derive(Serialize)]
struct Changed<'a> {
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
        let name = event_name(notice.action);
        let (version, timestamp) = (notice.version, notice.at.to_string());
        event(name, Some(version), &json(&Changed { flag_key, segment_key, event: name, version, timestamp }))
    }
}

/// Changes of a flag that the contract has no event for: to those who evaluate it, it is another flag now.
const UPDATES: [Action; 1] = [Action::FlagPromoted];

fn event_name(action: Action) -> &'static str {
    if UPDATES.contains(&action) { Action::FlagUpdated.as_str() } else { action.as_str() }
}

impl Printer for Changes {
    fn changes(&self, changes: &[impl AsRef<Notice>]) -> Bytes {
        changes.iter().map(|notice| self.print(notice.as_ref())).collect::<String>().into()
    }
}

/// What is printed here has only texts and numbers, which always are JSON.
fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}
