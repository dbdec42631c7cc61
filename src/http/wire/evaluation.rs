//! The answers of `POST /evaluate`: written straight from outcomes, whose values were serialized when they were
//! compiled.

use std::borrow::Cow;
use std::collections::BTreeMap;

use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;

use crate::{engine::Outcome, http::envelope::Data};

/// The room that most evaluations fit into, in bytes.
const TYPICAL_EVALUATION: usize = 144;

/// What is said of a key that names no flag.
const NOT_FOUND: &[u8] = br#":{"value":null,"reason":"FLAG_NOT_FOUND","rule_id":null,"variation_key":null}"#;

/// Evaluations by flag key. An answer can have hundreds of them, so they are put together from pieces that are JSON
/// already: values were printed when they were compiled, and no key, name or identifier needs an escape.
pub struct Evaluations<'a> {
    /// In the order in which they were asked for, each key once.
    pub answered: Vec<Answered<'a>>,
    /// When, with milliseconds.
    pub evaluated_at: String,
}

/// What is answered to one key.
#[derive(Clone, Copy, Debug)]
pub enum Answered<'a> {
    /// What its flag serves.
    Served(Outcome<'a>),
    /// No flag has this key.
    NotFound(&'a str),
}

impl Evaluations<'_> {
    /// The body of the answer.
    pub fn json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = Vec::with_capacity((self.answered.len() + 1) * TYPICAL_EVALUATION);
        json.extend_from_slice(br#"{"data":{"evaluations":{"#);
        for (place, answered) in self.answered.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            match answered {
                Answered::Served(outcome) => append(outcome, &mut json),
                Answered::NotFound(key) => {
                    serde_json::to_writer(&mut json, key)?;
                    json.extend_from_slice(NOT_FOUND);
                }
            }
        }
        json.extend_from_slice(br#"},"evaluated_at":"#);
        serde_json::to_writer(&mut json, &self.evaluated_at)?;
        json.extend_from_slice(b"}}");
        Ok(json)
    }
}

fn append(outcome: &Outcome<'_>, json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(outcome.flag.key().as_bytes());
    json.extend_from_slice(br#"":{"value":"#);
    json.extend_from_slice(outcome.variation.json.get().as_bytes());
    json.extend_from_slice(br#","reason":""#);
    json.extend_from_slice(outcome.reason.name().as_bytes());
    match outcome.rule_id() {
        Some(id) => {
            json.extend_from_slice(br#"","rule_id":""#);
            id.append_to(json);
            json.push(b'"');
        }
        None => json.extend_from_slice(br#"","rule_id":null"#),
    }
    json.extend_from_slice(br#","variation_key":""#);
    json.extend_from_slice(outcome.variation.key.as_str().as_bytes());
    json.extend_from_slice(br#""}"#);
}

/// What prints, as a string.
struct Printed<T>(T);

impl<T: std::fmt::Display> Serialize for Printed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The flat answer that the published SDKs read.
pub struct Flat<'a>(pub &'a Outcome<'a>);

impl Serialize for Flat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (flag, variation) = (self.0.flag.key(), self.0.variation);
        let mut object = serializer.serialize_struct("Flat", 5)?;
        object.serialize_field("flag_key", flag)?;
        object.serialize_field(
            "variation_id",
            &Printed(VariationId { flag, variation: variation.key.as_str() }),
        )?;
        object.serialize_field("variation_key", variation.key.as_str())?;
        object.serialize_field("value", &variation.json)?;
        object.serialize_field("reason", self.0.reason.sdk_name())?;
        object.end()
    }
}

/// How the published SDKs name a variation: stable over time, and unique among all flags of a project.
pub struct VariationId<'a> {
    /// The flag's key.
    pub flag: &'a str,
    /// The variation's key.
    pub variation: &'a str,
}

impl std::fmt::Display for VariationId<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.flag, self.variation)
    }
}

/// What a flag serves to the context.
#[derive(serde::Serialize, Object)]
#[oai(rename = "Evaluation")]
pub struct EvaluationView {
    /// What is served; null where there is no such flag.
    pub value: Value,
    /// Why.
    ///
    /// - `TARGETING_RULE`: the conditions of the rule hold, and it serves this variation.
    /// - `PERCENTAGE_ROLLOUT`: the conditions of the rule hold, and its rollout gives this user this variation.
    /// - `DEFAULT`: no rule yielded a variation; the default variation.
    /// - `DISABLED`: the flag is off here, inactive or archived; the default variation.
    /// - `PREREQUISITE`: another flag does not serve what this one requires; the default variation.
    /// - `FLAG_NOT_FOUND`: no flag has this key; everything else is null.
    pub reason: String,
    /// The id of the rule that yielded the variation; null unless the reason is one of the first two.
    pub rule_id: Option<String>,
    /// The key of the variation; null where there is no such flag.
    pub variation_key: Option<String>,
}

/// The answer to `flags`.
#[derive(serde::Serialize, Object)]
#[oai(rename = "Evaluations")]
pub struct EvaluationsView {
    /// The evaluations, by flag key; each key that was asked for once.
    pub evaluations: BTreeMap<String, EvaluationView>,
    /// When the server evaluated, with milliseconds.
    pub evaluated_at: String,
}

/// The flat answer to a single `flag_key`, as the published SDKs read it.
#[derive(serde::Serialize, Object)]
#[oai(rename = "FlatEvaluation")]
pub struct FlatView {
    /// The flag's key.
    pub flag_key: String,
    /// The variation's id, as in the top-level shape of the ruleset.
    pub variation_id: String,
    /// The variation's key.
    pub variation_key: String,
    /// What is served.
    pub value: Value,
    /// Why: `targeting_match`, `percentage_rollout`, `default`, `disabled` or `prerequisite_failed`, with the meanings
    /// of the documented reasons in the same order.
    pub reason: String,
}

/// Either answer, for the description of the API.
pub struct EvaluateAnswer;

impl Type for EvaluateAnswer {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "EvaluateAnswer".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            Data::<EvaluationsView>::register(registry);
            FlatView::register(registry);
            MetaSchema {
                description: Some("To `flags` the evaluations by key, to `flag_key` one flat evaluation."),
                any_of: vec![Data::<EvaluationsView>::schema_ref(), FlatView::schema_ref()],
                ..MetaSchema::ANY
            }
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        domain::{
            id::RuleId,
            key::{FlagKey, VariationKey},
        },
        engine::Reason,
    };

    #[test]
    fn every_reason_is_described() {
        let rule = RuleId::from_bits(1);
        let reasons = [
            Reason::TargetingRule(rule),
            Reason::PercentageRollout(rule),
            Reason::Default,
            Reason::Disabled,
            Reason::Prerequisite,
        ];
        let mut registry = Registry::new();
        EvaluateAnswer::register(&mut registry);
        let described = format!("{registry:?}", registry = registry.schemas);
        for reason in reasons {
            assert!(described.contains(reason.name()) && described.contains(reason.sdk_name()), "{reason:?}");
        }
    }

    #[test]
    fn what_is_put_together_is_json_whatever_was_asked_for() {
        let keys = ["plain", "\"}, \\ \u{0}\n€", ""];
        let unknown =
            json!({"value": null, "reason": "FLAG_NOT_FOUND", "rule_id": null, "variation_key": null});
        for count in 0..=keys.len() {
            let answered = keys[..count].iter().copied().map(Answered::NotFound).collect();
            let json = Evaluations { answered, evaluated_at: "now".to_owned() }.json().unwrap();
            let by_key: serde_json::Map<_, _> =
                keys[..count].iter().map(|key| (String::from(*key), unknown.clone())).collect();
            let expected = json!({"data": {"evaluations": by_key, "evaluated_at": "now"}});
            assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), expected);
        }
    }

    #[test]
    fn no_key_needs_an_escape() {
        for char in (0..=u16::MAX).filter_map(|code| char::from_u32(code.into())) {
            let text = format!("a{char}");
            let quoted = Value::from(text.as_str()).to_string();
            let is_key = FlagKey::parse(&text).is_ok() || VariationKey::parse(&text).is_ok();
            assert!(!is_key || quoted == format!("\"{text}\""), "{quoted}");
        }
    }
}
