//! The tag of a bulk answer. It covers what the answer depends on: the environment's version, the key, which has the
//! rights, and the context, in whatever order its members come; so a 304 costs no evaluation. The address of the
//! event stream is a part of the answer, and who keeps one must not miss that it has changed. Where rules ask for the
//! moment, it covers what is served as well.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use poem::http::HeaderValue;

use crate::{
    auth::stream_token::Grant,
    domain::context::{Attribute, Context},
    engine::Outcome,
    http::error::ApiError,
};

/// What a bulk answer depends on.
#[derive(Debug)]
pub struct Grounds<'a> {
    /// The API key, which has an environment and rights, and until when its stream may be followed.
    pub grant: Grant,
    /// The version of the environment.
    pub version: u64,
    /// The fingerprint of the context.
    pub context: Fingerprint,
    /// What is served, where that depends on the moment.
    pub served: Option<&'a [Outcome<'a>]>,
}

impl Grounds<'_> {
    /// The tag. A server built by another compiler may tag the same otherwise, which costs one download.
    pub fn tag(&self) -> Result<HeaderValue, ApiError> {
        let mut hasher = DefaultHasher::new();
        self.grant.key.bits().hash(&mut hasher);
        self.grant.expires_at.seconds().hash(&mut hasher);
        self.context.hash(&mut hasher);
        for outcome in self.served.unwrap_or_default() {
            (outcome.variation.key.as_str(), outcome.reason.name(), outcome.lacks_user_key).hash(&mut hasher);
        }
        let tag = format!("\"{}-{:016x}\"", self.version, hasher.finish());
        HeaderValue::try_from(tag).map_err(ApiError::internal)
    }
}

/// A number that is the same for contexts that no rule can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a context, in whatever order its attributes come.
    pub fn of(context: &Context<'_>) -> Self {
        // A sum, because it has no order.
        let attributes = context.attributes.iter().fold(0_u64, |all, (name, value)| {
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            hash(value, &mut hasher);
            all.wrapping_add(hasher.finish())
        });
        let mut hasher = DefaultHasher::new();
        (&context.user_key, &context.user_id, &context.session_id, attributes).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

fn hash(value: &Attribute<'_>, hasher: &mut DefaultHasher) {
    discriminant(value).hash(hasher);
    match value {
        // To rules one object is like another.
        Attribute::Null | Attribute::Object => {}
        Attribute::Bool(value) => value.hash(hasher),
        Attribute::Integer(value) => value.hash(hasher),
        Attribute::Float(value) => value.to_bits().hash(hasher),
        Attribute::Text(text) => text.hash(hasher),
        Attribute::List(elements) => {
            elements.len().hash(hasher);
            for element in elements {
                hash(element, hasher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{id::ApiKeyId, time::Timestamp},
        http::ofrep::request::read,
    };

    const UNTIL: Timestamp = Timestamp::from_seconds(1);

    fn tag(version: u64, key: u128, context: &str, expires_at: Timestamp) -> HeaderValue {
        let body = format!(r#"{{"context":{context}}}"#);
        let context = Fingerprint::of(&read(body.as_bytes()).unwrap());
        let grant = Grant { key: ApiKeyId::from_bits(key), expires_at };
        Grounds { grant, version, context, served: None }.tag().unwrap()
    }

    #[test]
    fn the_order_of_members_does_not_matter_and_everything_else_does() {
        let of = |context: &str| tag(1, 1, context, UNTIL);
        let one = of(r#"{"targetingKey":"u","a":1,"b":[1,[2],{"x":1}],"c":true,"d":1.5}"#);
        assert_eq!(one, of(r#"{"d":1.5, "b":[1,[2],{"y":2}], "c":true, "a":1, "targetingKey":"u"}"#));
        let mut seen = vec![one];
        for context in [
            "{}",
            r#"{"targetingKey":""}"#,
            r#"{"a":"u"}"#,
            r#"{"targetingKey":"v","a":1,"b":[1,[2],{}],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","a":2,"b":[1,[2],{}],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","a":"1","b":[1,[2],{}],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","a":1,"b":[[2],1,{}],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","a":1,"b":[1,[2,{}]],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","a":1,"b":[1,[2],null],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","b":1,"a":[1,[2],{}],"c":true,"d":1.5}"#,
            r#"{"targetingKey":"u","a":1,"b":[1,[2],{}],"c":false,"d":1.5}"#,
            r#"{"targetingKey":"u","a":1,"b":[1,[2],{}],"c":true,"d":1.25}"#,
            r#"{"targetingKey":"u","a":1,"b":[1,[2],{}],"c":true}"#,
        ] {
            seen.push(of(context));
        }
        seen.push(tag(2, 1, "{}", UNTIL));
        seen.push(tag(1, 2, "{}", UNTIL));
        seen.push(tag(1, 1, "{}", UNTIL.plus_seconds(1)));
        let all = seen.len();
        seen.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        seen.dedup();
        assert_eq!(seen.len(), all);
    }
}
