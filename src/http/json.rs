//! Parses a request body into a document. Stricter than serde's own `Value`: a name that occurs twice in an object
//! is refused, because two readers of such a body would see two different requests.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::domain::violation::{Fault, Violations};

/// Reads the syntax of a whole body. Nesting is limited to 128 levels by `serde_json`.
pub fn parse(bytes: &[u8]) -> Result<Value, Violations> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize::<_, Document>(&mut deserializer);
    let (path, error) = match parsed {
        Ok(Document(value)) => match deserializer.end() {
            Ok(()) => return Ok(value),
            Err(error) => (String::new(), error),
        },
        Err(error) => (error.path().to_string(), error.into_inner()),
    };
    // serde_path_to_error prints the document itself as a dot, and a place that it lost track of as a question mark.
    let path = if path == "." { "" } else { path.trim_end_matches('?').trim_end_matches('.') };
    Err(Violations::one(Fault::Malformed, path, format!("is not valid JSON: {error}")))
}

/// What is written as an object. Where serde reads a struct by itself, it also takes a list of its members.
#[derive(Debug, Default)]
pub struct Object<T>(pub T);

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor).map(Document)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Document(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(de::Error::custom(format_args!("`{name}` occurs twice in one object")));
            }
            let Document(member) = members.next_value()?;
            object.insert(name, member);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> (String, String) {
        let faults = parse(body.as_bytes()).unwrap_err();
        let first = faults.reported().next().cloned().unwrap();
        (first.path, first.message)
    }

    #[test]
    fn reads_every_kind_of_value() {
        let text = r#"{"b":[null,true,-1,18446744073709551615,1.5,"ü\n"],"a":{}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn a_name_occurs_once_in_an_object() {
        let (path, message) = fault(r#"{"rules":[{"a":1},{"a":1,"b":2,"a":3}]}"#);
        assert_eq!(path, "rules[1]");
        assert_eq!(message, "is not valid JSON: `a` occurs twice in one object at line 1 column 34");
    }

    #[test]
    fn a_place_that_is_not_known_is_not_made_up() {
        assert_eq!(fault("{").0, "");
        assert_eq!(fault(r#"{"a": {"b": "#).0, "a.b");
    }

    #[test]
    fn broken_syntax_is_one_clean_fault_with_its_place() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for (body, place) in [
            (r#"{"a": [1, }"#, "line 1 column 11"),
            ("{\n\"a\":\n 1e999}", "line 3 column"),
            (r#"{"a": "\ud800"}"#, "line 1 column"),
            (r#"{"a": 1} x"#, "line 1 column 10"),
            ("nope", "line 1 column"),
            (deep.as_str(), "recursion limit exceeded at line 1"),
        ] {
            let (_, message) = fault(body);
            assert!(
                message.starts_with("is not valid JSON: ") && message.contains(place),
                "{body}: {message}"
            );
            assert!(!message.contains("::") && !message.contains("invalid type"), "{message}");
        }
        assert!(parse(b"\"\xff\xfe\"").is_err());
        assert!(parse(b"").is_err());
    }
}
