//! A value of the file with the place where it stands. What is absent and what is null are the same; what is mistyped
//! is refused with its place, never taken for something else.

use serde_json::Value;

use super::note::Refusal;
use crate::domain::value::kind;

/// A value of the file.
#[derive(Clone, Debug)]
pub(super) struct Node<'v> {
    pub(super) value: &'v Value,
    pub(super) place: String,
}

impl<'v> Node<'v> {
    /// The whole file.
    pub(super) fn root(value: &'v Value) -> Self {
        Self { value, place: String::new() }
    }

    /// The refusal of this value.
    pub(super) fn refuse(&self, reason: impl Into<String>) -> Refusal {
        Refusal { place: self.place.clone(), reason: reason.into() }
    }

    fn mistyped(&self, wanted: &str) -> Refusal {
        self.refuse(format!("is {}, not {wanted}", kind(self.value)))
    }

    /// The member `name`, unless it is absent or null.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        let dot = if self.place.is_empty() { "" } else { "." };
        Some(Self { value, place: format!("{}{dot}{name}", self.place) })
    }

    /// The member `name`, which must be there.
    pub(super) fn need(&self, name: &str) -> Result<Self, Refusal> {
        self.get(name).ok_or_else(|| self.refuse(format!("has no `{name}`")))
    }

    pub(super) fn text(&self) -> Result<&'v str, Refusal> {
        self.value.as_str().ok_or_else(|| self.mistyped("a string"))
    }

    pub(super) fn truth(&self) -> Result<bool, Refusal> {
        self.value.as_bool().ok_or_else(|| self.mistyped("true or false"))
    }

    /// A number, or a string that reads as one: some products write numbers as text.
    pub(super) fn number(&self) -> Result<f64, Refusal> {
        let number = match self.value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| self.mistyped("a number"))
    }

    /// A place in a list.
    pub(super) fn index(&self) -> Result<usize, Refusal> {
        let index = self.value.as_u64().and_then(|index| usize::try_from(index).ok());
        index.ok_or_else(|| self.mistyped("a whole number of 0 or more"))
    }

    /// The canonical text of a string or a number: identifiers are either.
    pub(super) fn name(&self) -> Result<String, Refusal> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.mistyped("a string or a number"))
            }
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, Refusal> {
        let items = self.value.as_array().ok_or_else(|| self.mistyped("a list"))?;
        let item = |(at, value)| Self { value, place: format!("{}[{at}]", self.place) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The members of an object, in the order of the file.
    pub(super) fn members(&self) -> Result<Vec<(&'v str, Self)>, Refusal> {
        let members = self.value.as_object().ok_or_else(|| self.mistyped("an object"))?;
        let dot = if self.place.is_empty() { "" } else { "." };
        let member = |(name, value): (&'v String, &'v Value)| {
            (name.as_str(), Self { value, place: format!("{}{dot}{name}", self.place) })
        };
        Ok(members.iter().map(member).collect())
    }

    /// The texts of a list.
    pub(super) fn texts(&self) -> Result<Vec<&'v str>, Refusal> {
        let items = self.value.as_array().ok_or_else(|| self.mistyped("a list"))?;
        let texts: Option<_> = items.iter().map(Value::as_str).collect();
        texts.ok_or_else(|| self.refuse("is not a list of strings"))
    }

    pub(super) fn list_of(&self, name: &str) -> Result<Vec<Self>, Refusal> {
        self.get(name).map_or(Ok(Vec::new()), |node| node.list())
    }

    pub(super) fn texts_of(&self, name: &str) -> Result<Vec<&'v str>, Refusal> {
        self.get(name).map_or(Ok(Vec::new()), |node| node.texts())
    }

    pub(super) fn text_of(&self, name: &str) -> Result<Option<&'v str>, Refusal> {
        self.get(name).map(|node| node.text()).transpose()
    }

    pub(super) fn truth_of(&self, name: &str) -> Result<bool, Refusal> {
        self.get(name).map_or(Ok(false), |node| node.truth())
    }

    pub(super) fn number_of(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.get(name).map(|node| node.number()).transpose()
    }
}
