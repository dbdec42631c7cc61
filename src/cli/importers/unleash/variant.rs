//! Variants become variations. What applications ask as `isEnabled` and `getVariant` is one answer here.

use serde_json::{Value, json};

use super::Feature;
use crate::{
    cli::importers::{
        keys::{Grammar, Keys},
        node::Node,
        note::Refusal,
        remarks::Remarks,
        values::{on_and_off, type_of, variation},
    },
    domain::flag::FlagType,
    http::wire::flag_change::VariationBody,
};

/// The variations of a feature.
#[derive(Debug)]
pub(super) struct Variants {
    flag_type: FlagType,
    /// Whether the payloads had to become text.
    mixed: bool,
    off: String,
    on: String,
    /// Name, payload and key of each.
    known: Vec<(String, Option<Value>, String)>,
    bodies: Vec<VariationBody>,
}

impl Variants {
    /// The variations that all strategies of a feature in all environments serve.
    pub(super) fn of(feature: &Feature<'_>) -> Result<Self, Refusal> {
        let mut found: Vec<(String, Option<Value>)> = Vec::new();
        let mut plain = false;
        for setting in &feature.settings {
            plain |= setting.strategies.is_empty() && setting.variants.is_empty();
            let mut lists = vec![setting.variants.clone()];
            for strategy in &setting.strategies {
                let own = strategy.list_of("variants")?;
                plain |= !serves(&own)? && !serves(&setting.variants)?;
                lists.push(own);
            }
            for variant in lists.iter().flatten() {
                let read = (variant.need("name")?.text()?.to_owned(), payload(variant)?);
                if !found.contains(&read) {
                    found.push(read);
                }
            }
        }
        Ok(if found.is_empty() { Self::none() } else { Self::some(found, plain) })
    }

    fn none() -> Self {
        Self {
            flag_type: FlagType::Boolean,
            mixed: false,
            off: "off".to_owned(),
            on: "on".to_owned(),
            known: Vec::new(),
            bodies: on_and_off(),
        }
    }

    fn some(found: Vec<(String, Option<Value>)>, plain: bool) -> Self {
        let mut types: Vec<_> = found.iter().map(|(_, value)| value.as_ref().and_then(type_of)).collect();
        types.dedup();
        let (flag_type, mixed) = match types.as_slice() {
            [Some(one)] => (*one, false),
            [None] => (FlagType::String, false),
            _ => (FlagType::String, true),
        };
        let named = types == [None];
        let filler = |name: &str| match flag_type {
            _ if named => Value::from(name),
            FlagType::String | FlagType::Boolean => Value::from(""),
            FlagType::Number => Value::from(0),
            FlagType::Json => json!({}),
        };
        let mut keys = Keys::new(Grammar::Word);
        let off = keys.mint("disabled");
        let mut bodies = vec![variation(&off, filler("disabled"))];
        let on = if plain { keys.mint("enabled") } else { off.clone() };
        if plain {
            bodies.push(variation(&on, filler("enabled")));
        }
        let mut known = Vec::new();
        for (name, payload) in found {
            let key = keys.mint(&name);
            let value = match &payload {
                None if named => Value::from(name.as_str()),
                None => Value::from(""),
                Some(Value::String(text)) => Value::from(text.as_str()),
                Some(other) if mixed => Value::from(other.to_string()),
                Some(other) => other.clone(),
            };
            let shown = Remarks::default().name(Some(&name), "").filter(|shown| *shown != key);
            bodies.push(VariationBody { key: key.clone(), name: shown, value });
            known.push((name, payload, key));
        }
        Self { flag_type, mixed, off, on, known, bodies }
    }

    /// What people have to know who asked for variants.
    pub(super) fn tell(&self, place: &str, remarks: &mut Remarks) {
        if self.known.is_empty() {
            return;
        }
        let message = format!(
            "`isEnabled` and `getVariant` are one answer here: the variation, which is `{}` where the feature is not \
             enabled, and its value, which is the payload or else the name",
            self.off
        );
        remarks.approximated(place, message);
        if self.mixed {
            remarks
                .approximated(place, "payloads of several types, or of some variants alone, are text here");
        }
    }

    pub(super) fn flag_type(&self) -> FlagType {
        self.flag_type
    }

    pub(super) fn bodies(&self) -> Vec<VariationBody> {
        self.bodies.clone()
    }

    /// The key of what is served where the feature is not enabled.
    pub(super) fn off(&self) -> &str {
        &self.off
    }

    /// The key of what is served where it is enabled without a variant.
    pub(super) fn on(&self) -> &str {
        &self.on
    }

    pub(super) fn are_none(&self) -> bool {
        self.known.is_empty()
    }

    /// The key of a variant.
    pub(super) fn key(&self, variant: &Node<'_>) -> Result<String, Refusal> {
        let read = (variant.need("name")?.text()?, payload(variant)?);
        let found = self.known.iter().find(|(name, payload, _)| *name == read.0 && *payload == read.1);
        found.map(|(_, _, key)| key.clone()).ok_or_else(|| variant.refuse("is no variant of the feature"))
    }

    /// The one variation that is served where a dependency on one of the variants `wanted`, or on any, is met.
    pub(super) fn demanded(&self, wanted: &[&str]) -> Option<String> {
        if self.are_none() {
            return wanted.is_empty().then(|| self.on.clone());
        }
        let [wanted] = wanted else { return None };
        let mut named = self.known.iter().filter(|(name, _, _)| name == wanted);
        let only = named.next().filter(|_| named.next().is_none());
        only.map(|(_, _, key)| key.clone())
    }
}

/// Whether a list of variants serves any of them.
pub(super) fn serves(variants: &[Node<'_>]) -> Result<bool, Refusal> {
    let mut any = false;
    for variant in variants {
        any |= weight(variant)? > 0.0;
    }
    Ok(any)
}

/// The weight of a variant among the others.
pub(super) fn weight(variant: &Node<'_>) -> Result<f64, Refusal> {
    Ok(variant.number_of("weight")?.unwrap_or(0.0).max(0.0))
}

/// What a variant carries.
fn payload(variant: &Node<'_>) -> Result<Option<Value>, Refusal> {
    let Some(payload) = variant.get("payload") else { return Ok(None) };
    let value = payload.need("value")?;
    let read = match payload.need("type")?.text()? {
        "number" => value.text()?.trim().parse().ok().filter(Value::is_number),
        "json" => value.text()?.parse().ok().filter(|value: &Value| value.is_object() || value.is_array()),
        _ => Some(Value::from(value.text()?)),
    };
    read.map(Some).ok_or_else(|| value.refuse("is not what the type of its payload says"))
}
