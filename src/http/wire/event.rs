//! Events: evaluations that clients made by themselves (contract A8).

use std::borrow::Cow;

use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::Serialize;
use serde_json::Value;

use crate::{
    control::usage::{Event, Receipt},
    domain::{
        time::Timestamp,
        violation::{Path, Violations},
    },
    http::shape::Shape,
    request,
};

/// Events of one request, at most.
pub const MAX_EVENTS: usize = 500;

request! {
    /// An evaluation that a client made.
    #[derive(Clone, Debug)]
    pub struct EventBody {
        /// The flag's key.
        pub flag_key: String,
        /// The key of the variation that was served.
        pub variation_key: String,
        /// For whom. Not kept.
        pub user_id: Option<String>,
        /// When, in RFC 3339 or in milliseconds since the Unix epoch; where absent, now.
        pub timestamp: Option<Value>,
        /// Anything of the client's own. Not kept.
        pub metadata: Option<Value>,
    }

    /// Evaluations that a client made.
    #[derive(Clone, Debug)]
    pub struct EventList {
        /// The events, at most 500.
        #[oai(validator(max_items = 500))]
        pub events: Vec<EventBody>,
    }
}

/// Events, as a list or inside of an object.
#[derive(Clone, Debug)]
pub struct EventsBody {
    events: Vec<EventBody>,
    inside: &'static str,
}

impl Shape for EventsBody {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        if value.is_array() {
            return Self { events: Shape::read(value, path, faults), inside: "" };
        }
        Self { events: EventList::read(value, path, faults).events, inside: "events" }
    }

    fn placeholder() -> Self {
        Self { events: Vec::new(), inside: "" }
    }
}

impl Type for EventsBody {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "EventsBody".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            EventList::register(registry);
            EventBody::register(registry);
            MetaSchema {
                description: Some("Events inside of an object, or the bare list; at most 500."),
                any_of: vec![EventList::schema_ref(), Vec::<EventBody>::schema_ref()],
                ..MetaSchema::ANY
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

impl ParseFromJSON for EventsBody {
    fn parse_from_json(_: Option<Value>) -> ParseResult<Self> {
        // Bodies are read by `Shape`.
        Err(ParseError::expected_input())
    }
}

impl ToJSON for EventsBody {
    fn to_json(&self) -> Option<Value> {
        None
    }
}

/// The events that a body reports.
pub fn events(body: EventsBody, faults: &mut Violations) -> Option<Vec<Event>> {
    let list = Path::ROOT.field(body.inside);
    let list = if body.inside.is_empty() { &Path::ROOT } else { &list };
    if body.events.len() > MAX_EVENTS {
        faults.malformed(list, format!("must have at most {MAX_EVENTS} events"));
        return None;
    }
    let mut events = Vec::with_capacity(body.events.len());
    for (index, event) in body.events.into_iter().enumerate() {
        let at = match event.timestamp {
            None => None,
            Some(value) => {
                let at = moment(&value);
                if at.is_none() {
                    let message = "must be a moment in RFC 3339, or milliseconds since the Unix epoch";
                    faults.malformed(list.index(index).field("timestamp"), message);
                }
                at
            }
        };
        events.push(Event { flag_key: event.flag_key, variation_key: event.variation_key, at });
    }
    Some(events)
}

fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(number) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float saturates; no such moment is believed"
            )]
            let millis = number.as_i64().or_else(|| number.as_f64().map(|number| number as i64));
            millis.map(Timestamp::from_millis)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What became of the events.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "EventReceipt")]
pub struct ReceiptView {
    /// How many were counted.
    pub accepted: u64,
    /// How many were not: their flag or their variation is unknown here.
    pub dropped: u64,
}

/// The answer to events, in both published forms at once.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "EventAnswer")]
pub struct EventAnswer {
    /// The documented form.
    pub data: ReceiptView,
    /// The form that the published SDKs read.
    pub accepted: u64,
}

impl From<Receipt> for EventAnswer {
    fn from(receipt: Receipt) -> Self {
        let Receipt { accepted, dropped } = receipt;
        Self { data: ReceiptView { accepted, dropped }, accepted }
    }
}
