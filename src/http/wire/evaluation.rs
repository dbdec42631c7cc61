//! The answers of `POST /evaluate`: written by serde straight from outcomes, whose values were serialized when they
//! were compiled.

use std::borrow::Cow;
use std::collections::BTreeMap;

use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

use crate::{engine::Outcome, http::envelope::Data};

/// The reason of a key that names no flag.
const FLAG_NOT_FOUND: &str = "FLAG_NOT_FOUND";

/// Evaluations by flag key; `None` where no flag has the key.
pub struct Evaluations<'a> {
    /// In the order in which they were asked for, each key once.
    pub outcomes: Vec<(Cow<'a, str>, Option<Outcome<'a>>)>,
    /// When, with milliseconds.
    pub evaluated_at: String,
}

impl Serialize for Evaluations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Evaluations", 2)?;
        object.serialize_field("evaluations", &ByKey(&self.outcomes))?;
        object.serialize_field("evaluated_at", &self.evaluated_at)?;
        object.end()
    }
}

struct ByKey<'a>(&'a [(Cow<'a, str>, Option<Outcome<'a>>)]);

impl Serialize for ByKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, outcome) in self.0 {
            map.serialize_entry(key, &Documented(outcome.as_ref()))?;
        }
        map.end()
    }
}

struct Documented<'a>(Option<&'a Outcome<'a>>);

impl Serialize for Documented<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Evaluation", 4)?;
        match self.0 {
            Some(outcome) => {
                object.serialize_field("value", &outcome.variation.json)?;
                object.serialize_field("reason", outcome.reason.name())?;
                match outcome.rule_id() {
                    Some(id) => object.serialize_field("rule_id", &Printed(id))?,
                    None => object.serialize_field("rule_id", &())?,
                }
                object.serialize_field("variation_key", outcome.variation.key.as_str())?;
            }
            None => {
                object.serialize_field("value", &())?;
                object.serialize_field("reason", FLAG_NOT_FOUND)?;
                object.serialize_field("rule_id", &())?;
                object.serialize_field("variation_key", &())?;
            }
        }
        object.end()
    }
}

/// What prints, as a string.
pub(in crate::http) struct Printed<T>(pub T);

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
    use super::*;
    use crate::{domain::id::RuleId, engine::Reason};

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
}
