//! The stream of an environment's changes.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Header;

use super::Tag;
use crate::http::{
    app::App,
    error::ApiError,
    event_stream::EventStream,
    guard::Sdk,
    wire::stream::{Changes, connected},
};

pub(super) struct StreamApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/sdk", tag = "Tag::Sdk")]
impl StreamApi {
    /// Follow changes
    ///
    /// Server-sent events. The first one is `connected`, with `{version, timestamp}`. Then comes an event for each
    /// change of the environment's ruleset: `flag.created`, `flag.updated`, `flag.toggled`, `flag.archived`,
    /// `segment.created`, `segment.updated` or `segment.deleted`, with the ruleset's version as its id and with
    /// `{flag_key, event, version, timestamp}`; for a segment `flag_key` is null, and a `server` key is told the
    /// `segment_key`. An event says that something changed and not what: fetch the ruleset or evaluate again.
    ///
    /// Who reads slowly gets the last of many changes alone, and who comes back with a `Last-Event-ID` that is not the
    /// present version gets one event at once; where the server no longer knows what changed, that is a `flag.updated`
    /// without a `flag_key`. A comment comes at least every 30 seconds. The stream ends when the key is revoked or
    /// expires, and when the server stops. Both kinds of keys may follow.
    #[oai(path = "/stream", method = "get", operation_id = "followChanges")]
    async fn stream(
        &self,
        sdk: Sdk,
        /// The version of the last event that the client has seen.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> Result<EventStream, ApiError> {
        let now = sdk.call.now;
        let follower = self.0.control.live().follow(&sdk.key, self.0.streams)?;
        let (version, printer) = (follower.version(), Changes(sdk.key.key.kind));
        // An identifier that is not ours is no version that we know.
        let is_behind = last_event_id.0.is_some_and(|seen| seen.trim().parse() != Ok(version));
        let first = if is_behind {
            // Should the connection end between the two, the client is still behind.
            connected(version, None, now) + &printer.print(&follower.last_change(now))
        } else {
            connected(version, Some(version), now)
        };
        Ok(EventStream::new(follower, first.into(), printer))
    }
}
