//! A field of a partial update: left out, cleared, or set.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::domain::violation::{Path, Violations};
use crate::http::shape::Shape;

/// What a partial update says about one field that can be cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Left out: the field stays as it is.
    #[default]
    Absent,
    /// Null: the field is cleared.
    Null,
    /// The field becomes this.
    Value(T),
}

impl<T> Patch<T> {
    /// The same statement about a converted value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => Patch::Value(convert(value)),
        }
    }

    /// The same statement, borrowed.
    pub fn as_ref(&self) -> Patch<&T> {
        match self {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => Patch::Value(value),
        }
    }

    /// `None` to leave the field, else what it becomes.
    pub fn change(self) -> Option<Option<T>> {
        match self {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(value) => Some(Some(value)),
        }
    }
}

impl<T: Shape> Shape for Patch<T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        if value.is_null() { Patch::Null } else { Patch::Value(T::read(value, path, faults)) }
    }

    fn placeholder() -> Self {
        Patch::Absent
    }

    fn absent(_: &Path<'_>, _: &mut Violations) -> Self {
        Patch::Absent
    }
}

impl<T: Type> Type for Patch<T> {
    const IS_REQUIRED: bool = false;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        match self {
            Patch::Value(value) => value.as_raw_value(),
            Patch::Absent | Patch::Null => None,
        }
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        match self {
            Patch::Value(value) => value.raw_element_iter(),
            Patch::Absent | Patch::Null => Box::new(std::iter::empty()),
        }
    }
}

// The derive of a request's schema asks for these two; bodies are read by `Shape`.
impl<T: ParseFromJSON> ParseFromJSON for Patch<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            None => Ok(Patch::Absent),
            Some(Value::Null) => Ok(Patch::Null),
            value => T::parse_from_json(value).map(Patch::Value).map_err(ParseError::propagate),
        }
    }
}

impl<T: ToJSON> ToJSON for Patch<T> {
    fn to_json(&self) -> Option<Value> {
        match self {
            Patch::Absent => None,
            Patch::Null => Some(Value::Null),
            Patch::Value(value) => value.to_json(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::shape::read_field;

    #[test]
    fn tells_left_out_from_cleared_from_set() {
        let mut faults = Violations::new();
        let body = json!({"null": null, "set": "x", "wrong": 1});
        let object = body.as_object().unwrap();
        let mut read = |name| read_field::<Patch<String>>(object, name, &Path::ROOT, &mut faults);
        assert_eq!(read("absent"), Patch::Absent);
        assert_eq!(read("null"), Patch::Null);
        assert_eq!(read("set"), Patch::Value("x".to_owned()));
        read("wrong");
        assert_eq!(faults.len(), 1);
        assert_eq!(Patch::Value(1).map(|number| number + 1).change(), Some(Some(2)));
        assert_eq!(Patch::<u8>::Null.change(), Some(None));
        assert_eq!(Patch::<u8>::Absent.change(), None);
    }
}
