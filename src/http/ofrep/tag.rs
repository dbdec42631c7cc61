//! The tag of a bulk answer. It covers what the answer depends on: the environment's version, the key, which has the
//! rights, and the whole context, in whatever order its members come; so a 304 costs no evaluation. The address of the
//! event stream is a part of the answer, and who keeps one must not miss that it has changed. Where rules ask for the
//! moment, it covers what is served as well.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use poem::http::HeaderValue;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{
    auth::stream_token::Grant,
    engine::Outcome,
    http::{error::ApiError, wire::context::Text},
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

/// A number that is the same for the same JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

#[derive(Default, serde::Deserialize)]
struct Body {
    context: Option<Fingerprint>,
}

impl Fingerprint {
    /// The fingerprint of the context in a sound body; where there is none, it is that of nothing.
    pub fn of_context(body: &[u8]) -> Self {
        serde_json::from_slice::<Body>(body).unwrap_or_default().context.unwrap_or_default()
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The fingerprint of a part; `kind` tells apart what would hash alike.
    fn new(kind: u8, part: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        (kind, part).hash(&mut hasher);
        Self(hasher.finish())
    }
}

struct FingerprintVisitor;

impl<'de> Visitor<'de> for FingerprintVisitor {
    type Value = Fingerprint;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Fingerprint, E> {
        Ok(Fingerprint::new(0, ()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Fingerprint, E> {
        Ok(Fingerprint::new(1, value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Fingerprint, E> {
        Ok(Fingerprint::new(2, i128::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Fingerprint, E> {
        Ok(Fingerprint::new(2, i128::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Fingerprint, E> {
        Ok(Fingerprint::new(3, value.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Fingerprint, E> {
        Ok(Fingerprint::new(4, text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Fingerprint, A::Error> {
        let mut all = Fingerprint::new(5, ());
        while let Some(element) = elements.next_element::<Fingerprint>()? {
            all = Fingerprint::new(5, (all, element));
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fingerprint, A::Error> {
        // A sum, because it has no order.
        let mut all = 0_u64;
        while let Some((Text(name), value)) = members.next_entry::<Text<'de>, Fingerprint>()? {
            all = all.wrapping_add(Fingerprint::new(6, (name, value)).0);
        }
        Ok(Fingerprint::new(7, all))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FingerprintVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::ApiKeyId, time::Timestamp};

    const UNTIL: Timestamp = Timestamp::from_seconds(1);

    fn tag(version: u64, key: u128, context: &str, expires_at: Timestamp) -> HeaderValue {
        let body = format!(r#"{{"context":{context}}}"#);
        let context = Fingerprint::of_context(body.as_bytes());
        let grant = Grant { key: ApiKeyId::from_bits(key), expires_at };
        Grounds { grant, version, context, served: None }.tag().unwrap()
    }

    #[test]
    fn the_order_of_members_does_not_matter_and_everything_else_does() {
        let of = |context: &str| tag(1, 1, context, UNTIL);
        let one = of(r#"{"targetingKey":"u","a":1,"b":{"x":[1,2],"y":"z"}}"#);
        assert_eq!(one, of(r#"{"b":{"y":"z", "x":[1,2]}, "a":1, "targetingKey":"u"}"#));
        let mut seen = vec![one];
        for context in [
            "{}",
            "[]",
            r#"{"targetingKey":"v","a":1,"b":{"x":[1,2],"y":"z"}}"#,
            r#"{"targetingKey":"u","a":2,"b":{"x":[1,2],"y":"z"}}"#,
            r#"{"targetingKey":"u","a":"1","b":{"x":[1,2],"y":"z"}}"#,
            r#"{"targetingKey":"u","a":1,"b":{"x":[2,1],"y":"z"}}"#,
            r#"{"targetingKey":"u","a":1,"b":{"x":[[1],2],"y":"z"}}"#,
            r#"{"targetingKey":"u","b":1,"a":{"x":[1,2],"y":"z"}}"#,
            r#"{"targetingKey":"u","a":1,"b":{"x":[1,2],"y":null}}"#,
            r#"{"targetingKey":"u","a":1,"b":{"x":[1,2]}}"#,
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
