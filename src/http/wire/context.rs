//! The pieces of a context in a request: read by serde straight from the body, and examined where that fails.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::{
    domain::{
        context::{Attribute, Context, MAX_ATTRIBUTES, MAX_CONTEXT_BYTES, MAX_CONTEXT_DEPTH},
        value,
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// Who is to be evaluated.
    #[derive(Clone, Debug)]
    pub struct ContextBody {
        /// The user's key. Required with `flags`.
        pub user_key: Option<String>,
        /// The user's key, as the published SDKs send it. Counts only with `flag_key`, where `user_key` is absent.
        pub user_id: Option<String>,
        /// The same in camel case.
        pub user_id_camel as "userId": Option<String>,
        /// The session's key. Stands in for the user's key where there is none, only with `flag_key`.
        pub session_id: Option<String>,
        /// The same in camel case.
        pub session_id_camel as "sessionId": Option<String>,
        /// An object with what rules ask for: at most 256 attributes of any JSON, nested at most 10 deep.
        pub attributes: Option<Value>,
    }
}

/// The context that the body at `path` gives, for what may take its time: evaluation reads its own straight from the
/// bytes of the request.
pub(in crate::http) fn owned(
    body: ContextBody,
    path: &Path<'_>,
    faults: &mut Violations,
) -> Context<'static> {
    let attributes = body.attributes.unwrap_or_default();
    let place = path.field("attributes").to_string();
    check_attributes(&attributes, &place, faults);
    check_size(&attributes, &place, faults);
    let members = match attributes {
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name.into(), attribute(value))).collect()
        }
        _ => Vec::new(),
    };
    Context {
        user_key: body.user_key.map(Into::into),
        user_id: body.user_id.or(body.user_id_camel).map(Into::into),
        session_id: body.session_id.or(body.session_id_camel).map(Into::into),
        attributes: members,
    }
}

fn attribute(value: Value) -> Attribute<'static> {
    match value {
        Value::Null => Attribute::Null,
        Value::Bool(value) => Attribute::Bool(value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Attribute::Integer(whole),
            (None, Some(whole)) => whole.into(),
            (None, None) => number.as_f64().map_or(Attribute::Null, Attribute::Float),
        },
        Value::String(text) => Attribute::Text(text.into()),
        Value::Array(elements) => Attribute::List(elements.into_iter().map(attribute).collect()),
        Value::Object(_) => Attribute::Object,
    }
}

/// Notes what is wrong with attributes; null is none.
pub(in crate::http) fn check_attributes(attributes: &Value, path: &str, faults: &mut Violations) {
    match attributes {
        Value::Null => {}
        Value::Object(members) => {
            if members.len() > MAX_ATTRIBUTES {
                faults.malformed(path, format!("must have at most {MAX_ATTRIBUTES} attributes"));
            }
            if value::depth(attributes) > MAX_CONTEXT_DEPTH {
                faults.malformed(path, format!("must be nested at most {MAX_CONTEXT_DEPTH} deep"));
            }
        }
        other => faults.malformed(path, format!("must be an object, not {}", value::kind(other))),
    }
}

/// Notes whether a context is too large.
pub(in crate::http) fn check_size(context: &Value, path: &str, faults: &mut Violations) {
    if context.to_string().len() > MAX_CONTEXT_BYTES {
        faults.malformed(path, format!("must be at most {MAX_CONTEXT_BYTES} bytes of JSON"));
    }
}

/// A string, borrowed from the body wherever it has no escapes. (serde's own `Cow` inside of an `Option` or a `Vec`
/// is always a copy.)
#[derive(Debug)]
pub struct Text<'a>(pub Cow<'a, str>);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The attributes of a context, within their limits.
#[derive(Debug, Default)]
pub struct Attributes<'a>(pub Vec<(Cow<'a, str>, Attribute<'a>)>);

struct AttributesVisitor;

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = Attributes<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Attributes<'de>, A::Error> {
        Attributes::read(members, |_, _| Ok(Taken::No))
    }
}

/// Whether a member was no attribute, and its value was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Taken {
    /// It was.
    Yes,
    /// It is an attribute.
    No,
}

impl<'de> Attributes<'de> {
    /// Reads the members of an object. `take` gets the name of each first, and may read its value as something else.
    pub(in crate::http) fn read<A: MapAccess<'de>>(
        mut members: A,
        mut take: impl FnMut(&str, &mut A) -> Result<Taken, A::Error>,
    ) -> Result<Self, A::Error> {
        let mut attributes: Vec<(Cow<'de, str>, Attribute<'de>)> = Vec::new();
        while let Some(Text(name)) = members.next_key()? {
            if take(&name, &mut members)? == Taken::Yes {
                continue;
            }
            // A name that occurs twice is refused by the reader that explains; so it must not pass here.
            if attributes.len() == MAX_ATTRIBUTES || attributes.iter().any(|(known, _)| *known == name) {
                return Err(de::Error::custom("attributes"));
            }
            attributes.push((name, members.next_value_seed(AttributeSeed { depth: 1 })?));
        }
        Ok(Self(attributes))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AttributesVisitor)
    }
}

/// Reads one attribute that lies inside of `depth` objects and lists.
#[derive(Clone, Copy)]
struct AttributeSeed {
    depth: usize,
}

impl AttributeSeed {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth < MAX_CONTEXT_DEPTH {
            Ok(Self { depth: self.depth + 1 })
        } else {
            Err(E::custom("depth"))
        }
    }
}

impl<'de> de::DeserializeSeed<'de> for AttributeSeed {
    type Value = Attribute<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Attribute<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AttributeSeed {
    type Value = Attribute<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Attribute<'de>, E> {
        Ok(Attribute::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Attribute<'de>, E> {
        Ok(Attribute::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Attribute<'de>, E> {
        Ok(Attribute::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Attribute<'de>, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Attribute<'de>, E> {
        Ok(Attribute::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Attribute<'de>, E> {
        Ok(Attribute::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Attribute<'de>, E> {
        Ok(Attribute::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Attribute<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            list.push(element);
        }
        Ok(Attribute::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attribute<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut names = BTreeSet::new();
        while let Some(Text(name)) = members.next_key()? {
            // As above.
            if !names.insert(name) {
                return Err(de::Error::custom("attributes"));
            }
            members.next_value_seed(inner)?;
        }
        Ok(Attribute::Object)
    }
}
