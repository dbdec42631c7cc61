//! The stream that tells providers to ask again: its address in a bulk answer, and its events.

use bytes::Bytes;
use serde::Serialize;

use crate::{
    auth::stream_token::Grant,
    control::Control,
    http::event_stream::{Printer, event},
    live::feed::Notice,
};

/// Where the stream is.
pub const EVENTS: &str = "/ofrep/v1/events";
/// The only name of an event. Clients look at the type in its data.
const MESSAGE: &str = "message";
/// What clients are told to do.
const REFETCH: &str = "refetchEvaluation";

/// Where a bulk answer says that changes are told.
#[derive(Serialize)]
pub struct EventStream {
    r#type: &'static str,
    endpoint: Endpoint,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    /// Without an origin: it is the one that the client asked.
    request_uri: String,
}

impl EventStream {
    /// The stream of somebody who has the answer at `version`.
    pub fn new(control: &Control, grant: Grant, version: u64) -> Self {
        let token = control.stream_tokens().issue(grant);
        let request_uri = format!("{EVENTS}?token={token}&version={version}");
        Self { r#type: "sse", endpoint: Endpoint { request_uri } }
    }
}

/// An event's data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    r#type: &'static str,
    etag: String,
    last_modified: i64,
}

/// Prints one event for any number of changes: a client asks for everything anyway.
#[derive(Clone, Copy, Debug)]
pub struct Refetch;

impl Refetch {
    /// The event about the last change.
    pub fn print(self, last: &Notice) -> Bytes {
        let message =
            Message { r#type: REFETCH, etag: last.version.to_string(), last_modified: last.at.seconds() };
        // Texts and numbers always are JSON.
        let data = serde_json::to_string(&message).unwrap_or_default();
        event(MESSAGE, Some(last.version), &data).into()
    }
}

impl Printer for Refetch {
    fn changes(&self, changes: &[impl AsRef<Notice>]) -> Bytes {
        changes.last().map(|last| self.print(last.as_ref())).unwrap_or_default()
    }
}
