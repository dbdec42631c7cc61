//! The answers: written by serde straight from outcomes, whose values were serialized when they were compiled.

use poem_openapi::{Object, Union};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;

use super::events::EventStream;
use super::failure::{ErrorCode, KEY_IS_MISSING};
use crate::{
    domain::id::EnvironmentId,
    engine::{Outcome, Reason},
    http::wire::evaluation::Printed,
};

/// What a flag serves, as an answer of its own or in the list of a bulk answer.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a>(pub &'a Outcome<'a>);

impl Serialize for Served<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outcome = self.0;
        let mut object = serializer.serialize_struct("Served", 5)?;
        object.serialize_field("key", outcome.flag.key())?;
        object.serialize_field("value", &outcome.variation.json)?;
        object.serialize_field("reason", reason(outcome))?;
        object.serialize_field("variant", outcome.variation.key.as_str())?;
        let revision = outcome.flag.flag().shown_revision(outcome.flag.configuration());
        object.serialize_field("metadata", &FlagMetadata { version: Printed(revision) })?;
        object.end()
    }
}

/// `OpenFeature`'s name for a reason.
fn reason(outcome: &Outcome<'_>) -> &'static str {
    match outcome.reason {
        Reason::TargetingRule(_) => "TARGETING_MATCH",
        Reason::PercentageRollout(_) => "SPLIT",
        Reason::Default if outcome.flag.configuration().rules.is_empty() => "STATIC",
        Reason::Default | Reason::Prerequisite => "DEFAULT",
        Reason::Disabled => "DISABLED",
    }
}

#[derive(serde::Serialize)]
struct FlagMetadata {
    version: Printed<u64>,
}

/// What every flag serves.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bulk<'a> {
    flags: Vec<Item<'a>>,
    metadata: SetMetadata,
    event_streams: [EventStream; 1],
}

#[derive(serde::Serialize)]
struct SetMetadata {
    #[serde(rename = "flagSetId")]
    flag_set_id: Printed<EnvironmentId>,
    version: Printed<u64>,
}

impl<'a> Bulk<'a> {
    /// The answer with these outcomes of an environment at this version.
    pub fn new(
        outcomes: &'a [Outcome<'a>],
        environment: EnvironmentId,
        version: u64,
        events: EventStream,
    ) -> Self {
        Self {
            flags: outcomes.iter().map(Item::of).collect(),
            metadata: SetMetadata { flag_set_id: Printed(environment), version: Printed(version) },
            event_streams: [events],
        }
    }
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Served(Served<'a>),
    Lacking(Lacking<'a>),
}

impl<'a> Item<'a> {
    fn of(outcome: &'a Outcome<'a>) -> Self {
        if outcome.lacks_user_key {
            Self::Lacking(Lacking {
                key: outcome.flag.key(),
                error_code: ErrorCode::TargetingKeyMissing.text(),
                error_details: KEY_IS_MISSING,
            })
        } else {
            Self::Served(Served(outcome))
        }
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Lacking<'a> {
    key: &'a str,
    error_code: &'static str,
    error_details: &'static str,
}

/// What a flag serves to the context.
#[derive(Object)]
#[oai(rename = "OfrepEvaluation")]
pub struct ServedView {
    /// The flag's key.
    pub key: String,
    /// What is served.
    pub value: Value,
    /// Why.
    ///
    /// - `STATIC`: the flag has no rules; the default variation.
    /// - `TARGETING_MATCH`: the conditions of a rule hold, and it serves this variation.
    /// - `SPLIT`: the conditions of a rule hold, and its rollout gives this user this variation.
    /// - `DEFAULT`: no rule yielded a variation, or another flag does not serve what this one requires; the default
    ///   variation.
    /// - `DISABLED`: the flag is off here or inactive; the default variation.
    pub reason: String,
    /// The key of the variation.
    pub variant: String,
    /// More about the flag.
    pub metadata: FlagMetadataView,
}

/// What is said of a flag.
#[derive(Object)]
#[oai(rename = "OfrepFlagMetadata")]
pub struct FlagMetadataView {
    /// The revision of the flag in this environment.
    pub version: String,
}

/// Why a flag of a bulk answer serves nothing.
#[derive(Object)]
#[oai(rename = "OfrepFailure", rename_all = "camelCase")]
pub struct LackingView {
    /// The flag's key.
    pub key: String,
    /// `TARGETING_KEY_MISSING`.
    pub error_code: String,
    /// The same for a person.
    pub error_details: String,
}

/// What every flag serves to the context.
#[derive(Object)]
#[oai(rename = "OfrepEvaluations")]
pub struct BulkView {
    /// Every flag that is not archived, in the order of the keys.
    pub flags: Vec<ItemView>,
    /// More about all of them.
    pub metadata: SetMetadataView,
    /// Where a client is told that it should ask again.
    #[oai(rename = "eventStreams")]
    pub event_streams: Vec<EventStreamView>,
}

/// A stream of events.
#[derive(Object)]
#[oai(rename = "OfrepEventStream")]
pub struct EventStreamView {
    /// `sse`: server-sent events.
    pub r#type: String,
    /// Where it is.
    pub endpoint: EndpointView,
}

/// Where a stream of events is, on the server that was asked.
#[derive(Object)]
#[oai(rename = "OfrepEndpoint")]
pub struct EndpointView {
    /// The path and the query, which has a token: do not log or keep it.
    #[oai(rename = "requestUri")]
    pub request_uri: String,
}

/// What is said of the flags of an environment.
#[derive(Object)]
#[oai(rename = "OfrepSetMetadata")]
pub struct SetMetadataView {
    /// The identifier of the environment.
    #[oai(rename = "flagSetId")]
    pub flag_set_id: String,
    /// The version of the environment, which rises with each change.
    pub version: String,
}

/// What a flag serves, or why it serves nothing.
#[derive(Union)]
#[oai(rename = "OfrepItem")]
pub enum ItemView {
    /// What it serves.
    Served(ServedView),
    /// Why it serves nothing.
    Lacking(LackingView),
}
