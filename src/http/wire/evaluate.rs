//! The body of `POST /evaluate`, read twice at most: once by serde, straight into a borrowed context, which is all
//! that a sound request costs; and if that fails, once more with every fault noted.

use std::borrow::Cow;

use super::context::{Attributes, ContextBody, Text, check_attributes, check_size};
use crate::{
    domain::{
        context::{Context, MAX_CONTEXT_BYTES},
        violation::{Path, Violations},
    },
    http::{
        error::ApiError,
        json::{self, Object},
        shape::Shape,
    },
    request,
};

/// Keys of one request, at most.
pub const MAX_FLAGS: usize = 1_000;
/// The key that stands for every flag that is not archived.
pub const ALL_FLAGS: &str = "*";

request! {
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
        && let Ok(raw) = serde_json::from_slice::<Object<RawBody<'_>>>(bytes)
        && let Some(sound) = raw.0.sound()
    {
        return Ok(sound);
    }
    let faults = diagnose(bytes);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let raw = serde_json::from_slice::<Object<RawBody<'_>>>(bytes).map_err(ApiError::internal)?;
    raw.0.sound().ok_or_else(|| ApiError::internal("a body is sound to one reader and not to the other"))
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
    check_size(context, "context", &mut faults);
    check_attributes(&context["attributes"], "context.attributes", &mut faults);
    faults
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
    context: Option<Object<RawContext<'a>>>,
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
        let Object(raw) = self.context.unwrap_or_default();
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

#[cfg(test)]
mod tests;
