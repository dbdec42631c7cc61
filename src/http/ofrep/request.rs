//! The body of a request: `{"context": {"targetingKey": "...", ...attributes}}`, read by serde straight into a
//! borrowed context; only a body with a fault is read a second time, to explain it.

use std::borrow::Cow;
use std::fmt;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::failure::{ErrorCode, refusal};
use crate::{
    domain::{
        context::{Context, MAX_CONTEXT_BYTES},
        value,
        violation::Violations,
    },
    http::{
        error::ApiError,
        json::{self, Object},
        wire::context::{Attributes, Taken, Text, check_attributes, check_size},
    },
};

/// The member of a context that is no attribute.
const TARGETING_KEY: &str = "targetingKey";

/// Reads the body of a request; an empty one says nothing about anybody.
pub fn read(bytes: &[u8]) -> Result<Context<'_>, ApiError> {
    if bytes.is_empty() {
        return Ok(Context::anonymous());
    }
    // A context lies inside of its body, so only a larger body can have too large a context.
    if bytes.len() <= MAX_CONTEXT_BYTES
        && let Ok(Object(sound)) = serde_json::from_slice::<Object<Body<'_>>>(bytes)
    {
        return Ok(sound.into());
    }
    examine(bytes)?;
    let Object(sound) = serde_json::from_slice::<Object<Body<'_>>>(bytes).map_err(ApiError::internal)?;
    Ok(sound.into())
}

/// Everything that is wrong with a body.
fn examine(bytes: &[u8]) -> Result<(), ApiError> {
    let document = json::parse(bytes).map_err(|faults| refusal(ErrorCode::ParseError, faults))?;
    let mut faults = Violations::new();
    if !document.is_object() {
        faults.malformed("", format!("must be an object, not {}", value::kind(&document)));
        return Err(refusal(ErrorCode::ParseError, faults));
    }
    let mut context = document["context"].clone();
    check_size(&context, "context", &mut faults);
    let key = context.as_object_mut().and_then(|context| context.shift_remove(TARGETING_KEY));
    if let Some(key) = key.filter(|key| !key.is_null() && !key.is_string()) {
        faults.malformed("context.targetingKey", format!("must be a string, not {}", value::kind(&key)));
    }
    check_attributes(&context, "context", &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(refusal(ErrorCode::InvalidContext, faults)) }
}

#[derive(serde::Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    context: Option<Members<'a>>,
}

impl<'a> From<Body<'a>> for Context<'a> {
    fn from(body: Body<'a>) -> Self {
        let Members { targeting_key, attributes } = body.context.unwrap_or_default();
        Self { user_key: targeting_key, attributes: attributes.0, ..Self::default() }
    }
}

#[derive(Default)]
struct Members<'a> {
    targeting_key: Option<Cow<'a, str>>,
    attributes: Attributes<'a>,
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a context")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Members<'de>, A::Error> {
        let mut targeting_key = None;
        let attributes = Attributes::read(members, |name, members| {
            if name != TARGETING_KEY {
                return Ok(Taken::No);
            }
            // Twice is refused by the reader that explains, as with every name.
            let value: Option<Text<'de>> = members.next_value()?;
            match targeting_key.replace(value.map(|text| text.0)) {
                None => Ok(Taken::Yes),
                Some(_) => Err(A::Error::custom(TARGETING_KEY)),
            }
        })?;
        Ok(Members { targeting_key: targeting_key.flatten(), attributes })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The body, for the description of the API.
pub struct EvaluationRequest;

impl Type for EvaluationRequest {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "OfrepRequest".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |_| {
            let key = MetaSchema {
                description: Some("Who it is; rules know it as `user_key`."),
                nullable: true,
                ..MetaSchema::new("string")
            };
            let context = MetaSchema {
                description: Some(
                    "Who is to be evaluated, in at most 64 KiB of JSON. Every other member is an attribute: at most \
                     256 of any JSON, nested at most 10 deep.",
                ),
                nullable: true,
                properties: vec![(TARGETING_KEY, MetaSchemaRef::Inline(Box::new(key)))],
                additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
                ..MetaSchema::new("object")
            };
            MetaSchema {
                description: Some("What is asked. Members that are not known are ignored."),
                properties: vec![("context", MetaSchemaRef::Inline(Box::new(context)))],
                additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
                ..MetaSchema::new("object")
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
    use crate::domain::context::{Attribute, AttributeView, MAX_ATTRIBUTES, MAX_CONTEXT_DEPTH};

    /// The protocol's code and the fields of a refusal.
    fn refused(body: &str) -> (String, Vec<String>) {
        let envelope = read(body.as_bytes()).expect_err(body).envelope();
        let fields = envelope["error"]["details"]["fields"].as_array().expect("fields").clone();
        let fields = fields.iter().map(|field| field["field"].as_str().unwrap_or_default().to_owned());
        (envelope["errorCode"].as_str().unwrap_or_default().to_owned(), fields.collect())
    }

    #[test]
    fn attributes_are_siblings_of_the_key_and_all_is_borrowed() {
        let body = r#"{"more":[1],"context":{"plan":"pro","targetingKey":"u","n":[1,{"x":null}]}}"#;
        let context = read(body.as_bytes()).unwrap();
        assert!(matches!(context.user_key, Some(Cow::Borrowed("u"))));
        assert!(matches!(&context.attributes[0].1, Attribute::Text(Cow::Borrowed("pro"))));
        assert_eq!(context.attributes.len(), 2);
        assert_eq!(context.attribute("user_key"), Some(AttributeView::Text("u")));
    }

    #[test]
    fn what_is_not_there_is_nobody() {
        for body in
            ["", "{}", r#"{"context":null}"#, r#"{"context":{}}"#, r#"{"context":{"targetingKey":null}}"#]
        {
            assert_eq!(read(body.as_bytes()).unwrap(), Context::anonymous(), "{body}");
        }
    }

    #[test]
    fn a_fault_of_the_body_is_told_from_one_of_the_context() {
        for (body, code, field) in [
            ("{", "PARSE_ERROR", ""),
            ("[]", "PARSE_ERROR", ""),
            (r#""text""#, "PARSE_ERROR", ""),
            (r#"{"context":{"a":1,"a":2}}"#, "PARSE_ERROR", "context"),
            (r#"{"context":{"targetingKey":"a","targetingKey":"a"}}"#, "PARSE_ERROR", "context"),
            (r#"{"context":[]}"#, "INVALID_CONTEXT", "context"),
            (r#"{"context":"u"}"#, "INVALID_CONTEXT", "context"),
            (r#"{"context":{"targetingKey":7}}"#, "INVALID_CONTEXT", "context.targetingKey"),
        ] {
            assert_eq!(refused(body), (code.to_owned(), vec![field.to_owned()]), "{body}");
        }
    }

    #[test]
    fn limits_have_edges_and_the_key_is_no_attribute() {
        let invalid = ("INVALID_CONTEXT".to_owned(), vec!["context".to_owned()]);
        let attributes = |count: usize| {
            let members: Vec<_> = (0..count).map(|n| format!(r#""a{n}":{n}"#)).collect();
            format!(r#"{{"context":{{"targetingKey":"u",{}}}}}"#, members.join(","))
        };
        assert!(read(attributes(MAX_ATTRIBUTES).as_bytes()).is_ok());
        assert_eq!(refused(&attributes(MAX_ATTRIBUTES + 1)), invalid);
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
            format!(r#"{{"context":{{"a":{open}1{close}}}}}"#)
        };
        assert!(read(nested(MAX_CONTEXT_DEPTH).as_bytes()).is_ok());
        assert_eq!(refused(&nested(MAX_CONTEXT_DEPTH + 1)), invalid);
        let sized = |bytes: usize| {
            let text = "x".repeat(bytes - r#"{"targetingKey":""}"#.len());
            format!(r#"{{"context":{{"targetingKey":"{text}"}}}}"#)
        };
        assert!(read(sized(MAX_CONTEXT_BYTES).as_bytes()).is_ok());
        assert_eq!(refused(&sized(MAX_CONTEXT_BYTES + 1)), invalid);
    }
}
