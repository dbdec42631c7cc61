//! The body of `POST /evaluate`, read twice at most: once by serde, straight into a borrowed context, which is all
//! that a sound request costs; and if that fails, once more with every fault noted.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::{
    domain::{
        context::{Attribute, Context, MAX_ATTRIBUTES, MAX_CONTEXT_BYTES, MAX_CONTEXT_DEPTH},
        value,
        violation::{Path, Violations},
    },
    http::{error::ApiError, json, shape::Shape},
    request,
};

/// Keys of one request, at most.
pub const MAX_FLAGS: usize = 1_000;
/// The key that stands for every flag that is not archived.
pub const ALL_FLAGS: &str = "*";

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

    /// What is to be evaluated: `flags`, as documented, or `flag_key`, as the published SDKs send it.
    #[derive(Clone, Debug)]
    pub struct EvaluateBody {
        /// Flag keys, at most 1,000; `*` stands for every flag that is not archived.
        #[oai(validator(max_items = 1000))]
        pub flags: Option<Vec<String>>,
        /// A single flag's key; the answer is flat.
        pub flag_key: Option<String>,
        /// Who is to be evaluated, in at most 64 KiB of JSON.
        pub context: Option<ContextBody>,
    }
}

/// What is asked for.
#[derive(Debug)]
pub enum Asked<'a> {
    /// The documented form.
    Flags(Vec<Cow<'a, str>>),
    /// The form of the published SDKs.
    One(Cow<'a, str>),
}

/// A sound request.
#[derive(Debug)]
pub struct Evaluate<'a> {
    /// What is asked for.
    pub asked: Asked<'a>,
    /// For whom.
    pub context: Context<'a>,
}

/// Reads the body of a request.
pub fn read(bytes: &[u8]) -> Result<Evaluate<'_>, ApiError> {
    // A context lies inside of its body, so only a larger body can have too large a context.
    if bytes.len() <= MAX_CONTEXT_BYTES
        && let Ok(raw) = serde_json::from_slice::<RawBody<'_>>(bytes)
        && let Some(sound) = raw.sound()
    {
        return Ok(sound);
    }
    let faults = diagnose(bytes);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let raw = serde_json::from_slice::<RawBody<'_>>(bytes).map_err(ApiError::internal)?;
    raw.sound().ok_or_else(|| ApiError::internal("a body is sound to one reader and not to the other"))
}

/// Everything that is wrong with a body.
fn diagnose(bytes: &[u8]) -> Violations {
    let document = match json::parse(bytes) {
        Ok(document) => document,
        Err(faults) => return faults,
    };
    let mut faults = Violations::new();
    let body = EvaluateBody::read(&document, &Path::ROOT, &mut faults);
    match (&body.flags, &body.flag_key) {
        (None, None) => faults.malformed("flags", "is required, or flag_key in its place"),
        (Some(_), Some(_)) => faults.malformed("flag_key", "must not be given together with flags"),
        (Some(flags), None) => {
            if flags.len() > MAX_FLAGS {
                faults.malformed("flags", format!("must have at most {MAX_FLAGS} keys"));
            }
            let user_key = body.context.as_ref().and_then(|context| context.user_key.as_deref());
            if user_key.is_none_or(str::is_empty) {
                faults.malformed("context.user_key", "is required and must not be empty");
            }
        }
        (None, Some(_)) => {}
    }
    let context = &document["context"];
    if context.to_string().len() > MAX_CONTEXT_BYTES {
        faults.malformed("context", format!("must be at most {MAX_CONTEXT_BYTES} bytes of JSON"));
    }
    check_attributes(&context["attributes"], &mut faults);
    faults
}

pub(super) fn check_attributes(attributes: &Value, faults: &mut Violations) {
    match attributes {
        Value::Null => {}
        Value::Object(members) => {
            if members.len() > MAX_ATTRIBUTES {
                faults.malformed(
                    "context.attributes",
                    format!("must have at most {MAX_ATTRIBUTES} attributes"),
                );
            }
            if value::depth(attributes) > MAX_CONTEXT_DEPTH {
                faults.malformed(
                    "context.attributes",
                    format!("must be nested at most {MAX_CONTEXT_DEPTH} deep"),
                );
            }
        }
        other => {
            faults.malformed("context.attributes", format!("must be an object, not {}", value::kind(other)));
        }
    }
}

/// The body as serde reads it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBody<'a> {
    #[serde(borrow, default)]
    flags: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    flag_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    context: Option<RawContext<'a>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContext<'a> {
    #[serde(borrow, default)]
    user_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default, rename = "userId")]
    user_id_camel: Option<Text<'a>>,
    #[serde(borrow, default)]
    session_id: Option<Text<'a>>,
    #[serde(borrow, default, rename = "sessionId")]
    session_id_camel: Option<Text<'a>>,
    #[serde(borrow, default)]
    attributes: Option<Attributes<'a>>,
}

impl<'a> RawBody<'a> {
    /// The request, unless it breaks a rule beyond its syntax.
    fn sound(self) -> Option<Evaluate<'a>> {
        let raw = self.context.unwrap_or_default();
        let text = |text: Option<Text<'a>>| text.map(|text| text.0);
        let mut context = Context {
            user_key: text(raw.user_key),
            user_id: None,
            session_id: text(raw.session_id).or(text(raw.session_id_camel)),
            attributes: raw.attributes.map(|attributes| attributes.0).unwrap_or_default(),
        };
        let asked = match (self.flags, self.flag_key) {
            (Some(flags), None) => {
                let named = context.user_key.as_ref().is_some_and(|key| !key.is_empty());
                if !named || flags.len() > MAX_FLAGS {
                    return None;
                }
                Asked::Flags(flags.into_iter().map(|text| text.0).collect())
            }
            (None, Some(key)) => {
                context.user_id = text(raw.user_id).or(text(raw.user_id_camel));
                Asked::One(key.0)
            }
            (None, None) | (Some(_), Some(_)) => return None,
        };
        Some(Evaluate { asked, context })
    }
}

/// A string, borrowed from the body wherever it has no escapes. (serde's own `Cow` inside of an `Option` or a `Vec`
/// is always a copy.)
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

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

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attributes<'de>, A::Error> {
        let mut attributes: Vec<(Cow<'de, str>, Attribute<'de>)> = Vec::new();
        while let Some(Text(name)) = members.next_key()? {
            // A name that occurs twice is refused by the reader that explains; so it must not pass here.
            if attributes.len() == MAX_ATTRIBUTES || attributes.iter().any(|(known, _)| *known == name) {
                return Err(de::Error::custom("attributes"));
            }
            attributes.push((name, members.next_value_seed(AttributeSeed { depth: 1 })?));
        }
        Ok(Attributes(attributes))
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
        while members.next_key::<IgnoredAny>()?.is_some() {
            members.next_value_seed(inner)?;
        }
        Ok(Attribute::Object)
    }
}

#[cfg(test)]
mod tests;
