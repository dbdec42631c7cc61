//! The answers: written straight from outcomes, whose values were serialized when they were compiled.

use poem_openapi::{Object, Union};
use serde_json::Value;

use super::events::EventStream;
use super::failure::{ErrorCode, KEY_IS_MISSING};
use crate::{
    domain::id::EnvironmentId,
    engine::{Outcome, Reason},
};

/// The room that most evaluations fit into, in bytes.
const TYPICAL_EVALUATION: usize = 128;
/// The room for what a bulk answer has beside them, in bytes.
const TYPICAL_REST: usize = 512;

/// What a flag serves, as an answer of its own.
pub fn served(outcome: &Outcome<'_>) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(TYPICAL_EVALUATION);
    append(outcome, &mut json)?;
    Ok(json)
}

/// Appends what a flag serves, put together from pieces that are JSON already: values were printed when they were
/// compiled, and no key or name needs an escape.
fn append(outcome: &Outcome<'_>, json: &mut Vec<u8>) -> serde_json::Result<()> {
    json.extend_from_slice(br#"{"key":""#);
    json.extend_from_slice(outcome.flag.key().as_bytes());
    json.extend_from_slice(br#"","value":"#);
    json.extend_from_slice(outcome.variation.json.get().as_bytes());
    json.extend_from_slice(br#","reason":""#);
    json.extend_from_slice(reason(outcome).as_bytes());
    json.extend_from_slice(br#"","variant":""#);
    json.extend_from_slice(outcome.variation.key.as_str().as_bytes());
    json.extend_from_slice(br#"","metadata":{"version":""#);
    serde_json::to_writer(&mut *json, &outcome.flag.flag().shown_revision(outcome.flag.configuration()))?;
    json.extend_from_slice(br#""}}"#);
    Ok(())
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

/// What every flag of an environment serves.
pub struct Bulk<'a> {
    /// By flag.
    pub outcomes: &'a [Outcome<'a>],
    /// The environment.
    pub environment: EnvironmentId,
    /// Its version.
    pub version: u64,
    /// Where changes are told.
    pub events: EventStream,
}

impl Bulk<'_> {
    /// The body of the answer.
    pub fn json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = Vec::with_capacity(self.outcomes.len() * TYPICAL_EVALUATION + TYPICAL_REST);
        json.extend_from_slice(br#"{"flags":["#);
        for (place, outcome) in self.outcomes.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            if outcome.lacks_user_key {
                serde_json::to_writer(&mut json, &Lacking::of(outcome))?;
            } else {
                append(outcome, &mut json)?;
            }
        }
        json.extend_from_slice(br#"],"metadata":{"flagSetId":""#);
        self.environment.append_to(&mut json);
        json.extend_from_slice(br#"","version":""#);
        serde_json::to_writer(&mut json, &self.version)?;
        json.extend_from_slice(br#""},"eventStreams":["#);
        serde_json::to_writer(&mut json, &self.events)?;
        json.extend_from_slice(b"]}");
        Ok(json)
    }
}

/// Why a flag serves nothing.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Lacking<'a> {
    key: &'a str,
    error_code: &'static str,
    error_details: &'static str,
}

impl<'a> Lacking<'a> {
    fn of(outcome: &'a Outcome<'_>) -> Self {
        Self {
            key: outcome.flag.key(),
            error_code: ErrorCode::TargetingKeyMissing.text(),
            error_details: KEY_IS_MISSING,
        }
    }
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
