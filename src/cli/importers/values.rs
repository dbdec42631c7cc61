//! Values of variations: the type that they share, and keys for those that have no name.

use serde_json::Value;

use super::keys::{Grammar, Keys};
use crate::{domain::flag::FlagType, http::wire::flag_change::VariationBody};

/// The type that a value has as a variation; null has none.
pub(super) fn type_of(value: &Value) -> Option<FlagType> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(FlagType::Boolean),
        Value::Number(_) => Some(FlagType::Number),
        Value::String(_) => Some(FlagType::String),
        Value::Array(_) | Value::Object(_) => Some(FlagType::Json),
    }
}

/// The type that all values share; `None` if they do not.
pub(super) fn shared_type<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<FlagType> {
    let mut types = values.into_iter().map(type_of);
    let first = types.next()??;
    types.all(|other| other == Some(first)).then_some(first)
}

/// `on`, which is true, and `off`, which is false.
pub(super) fn on_and_off() -> Vec<VariationBody> {
    [("on", true), ("off", false)].map(|(key, value)| variation(key, value)).into()
}

/// A variation without a name of its own.
pub(super) fn variation(key: &str, value: impl Into<Value>) -> VariationBody {
    VariationBody { key: key.to_owned(), name: None, value: value.into() }
}

/// A name for a value that has none: booleans are on and off, short text is its own name.
pub(super) fn name_of(value: &Value, place: usize) -> String {
    const MAX_TELLING: usize = 40;
    match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::String(text) if !text.is_empty() && text.len() <= MAX_TELLING => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            format!("variation-{}", place + 1)
        }
    }
}

/// Variations without names, each value once, with keys after their values.
#[derive(Debug)]
pub(super) struct Values {
    keys: Keys,
    pub(super) variations: Vec<VariationBody>,
}

impl Values {
    pub(super) fn new() -> Self {
        Self { keys: Keys::new(Grammar::Word), variations: Vec::new() }
    }

    /// The key of the variation with this value, which is added if there is none.
    pub(super) fn key(&mut self, value: &Value) -> String {
        if let Some(known) = self.variations.iter().find(|known| known.value == *value) {
            return known.key.clone();
        }
        let key = self.keys.mint(&name_of(value, self.variations.len()));
        self.variations.push(variation(&key, value.clone()));
        key
    }
}
