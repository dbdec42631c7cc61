//! Segments.

use poem_openapi::Object;
use serde::Serialize;

use super::{
    key,
    rule::{ConditionBody, ConditionView},
    warning::WarningView,
};
use crate::{
    control::segment::ShownSegment,
    domain::{
        key::SegmentKey,
        rule::{Condition, ConditionDraft},
        segment::{Matching, NewSegment, Segment, SegmentChange, SegmentFields, user_keys},
        text::{Description, Name},
        violation::{Path, Violations},
    },
    http::patch::Patch,
    request,
};

request! {
    /// A segment to be made. Who is excluded is out; who is included is in; of the rest, whom the conditions match.
    #[derive(Clone, Debug, Serialize)]
    pub struct CreateSegment {
        /// Unique in the project; never changes.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// What it is for.
        #[oai(validator(max_length = 2000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        /// Whether all conditions must hold, or any; where absent, all.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub r#match: Option<Matching>,
        /// The conditions. They may refer to other segments, but not in a cycle.
        #[oai(validator(max_items = 50))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub conditions: Option<Vec<ConditionBody>>,
        /// User keys that are in it.
        #[oai(validator(max_items = 5000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub included: Option<Vec<String>>,
        /// User keys that are not in it.
        #[oai(validator(max_items = 5000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub excluded: Option<Vec<String>>,
    }

    /// A partial change of a segment: an absent field stays, a list replaces the whole list.
    #[derive(Clone, Debug)]
    pub struct UpdateSegment {
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it is for; null clears it.
        #[oai(validator(max_length = 2000))]
        pub description: Patch<String>,
        /// Whether all conditions must hold, or any.
        pub r#match: Option<Matching>,
        /// The conditions.
        #[oai(validator(max_items = 50))]
        pub conditions: Option<Vec<ConditionBody>>,
        /// User keys that are in it.
        #[oai(validator(max_items = 5000))]
        pub included: Option<Vec<String>>,
        /// User keys that are not in it.
        #[oai(validator(max_items = 5000))]
        pub excluded: Option<Vec<String>>,
    }
}

fn name(text: &str, faults: &mut Violations) -> Option<Name> {
    Name::parse(text, &Path::ROOT.field("name"), faults)
}

fn description(text: &str, faults: &mut Violations) -> Option<Description> {
    Description::parse(text, &Path::ROOT.field("description"), faults)
}

fn conditions(bodies: Vec<ConditionBody>, faults: &mut Violations) -> Vec<Condition> {
    let drafts = bodies.into_iter().map(ConditionDraft::from).collect();
    Condition::parse_list(drafts, &Path::ROOT.field("conditions"), faults)
}

fn keys(texts: Vec<String>, field: &str, faults: &mut Violations) -> Vec<Box<str>> {
    user_keys(texts, &Path::ROOT.field(field), faults)
}

/// The segment that a body asks for.
pub fn new_segment(body: CreateSegment, faults: &mut Violations) -> Option<NewSegment> {
    let key = key(SegmentKey::parse, &body.key, "key", faults);
    let name = name(&body.name, faults);
    let description = body.description.and_then(|text| description(&text, faults));
    let conditions = conditions(body.conditions.unwrap_or_default(), faults);
    let included = keys(body.included.unwrap_or_default(), "included", faults);
    let excluded = keys(body.excluded.unwrap_or_default(), "excluded", faults);
    let matching = body.r#match.unwrap_or(Matching::All);
    let fields = SegmentFields { name: name?, description, matching, conditions, included, excluded };
    Some(NewSegment { key: key?, fields })
}

/// The change that a body asks for.
pub fn segment_change(body: UpdateSegment, faults: &mut Violations) -> Option<SegmentChange> {
    Some(SegmentChange {
        name: body.name.and_then(|text| name(&text, faults)),
        description: body.description.change().map(|text| text.and_then(|text| description(&text, faults))),
        matching: body.r#match,
        conditions: body.conditions.map(|bodies| conditions(bodies, faults)),
        included: body.included.map(|texts| keys(texts, "included", faults)),
        excluded: body.excluded.map(|texts| keys(texts, "excluded", faults)),
    })
}

/// A segment with what there is to say of it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Segment")]
pub struct SegmentView {
    #[serde(flatten)]
    #[oai(flatten)]
    fields: SegmentItemView,
    /// What is probably not meant: at most 100. They keep nobody from anything.
    pub warnings: Vec<WarningView>,
}

impl From<&ShownSegment> for SegmentView {
    fn from(shown: &ShownSegment) -> Self {
        Self {
            fields: SegmentItemView::from(&**shown.segment()),
            warnings: shown.warnings().into_iter().map(WarningView::from).collect(),
        }
    }
}

/// A segment as lists show it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "SegmentListItem")]
pub struct SegmentItemView {
    /// Identity.
    pub id: String,
    /// Unique in the project.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether all conditions must hold, or any.
    pub r#match: Matching,
    /// The conditions; without any, only the included are in it.
    pub conditions: Vec<ConditionView>,
    /// User keys that are in it.
    pub included: Vec<String>,
    /// User keys that are not in it.
    pub excluded: Vec<String>,
    /// The project that it belongs to.
    pub project_id: String,
    /// Rises with every change.
    pub revision: u64,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Segment> for SegmentItemView {
    fn from(segment: &Segment) -> Self {
        let texts = |keys: &[Box<str>]| keys.iter().map(ToString::to_string).collect();
        Self {
            id: segment.id.to_string(),
            key: segment.key.to_string(),
            name: segment.name.to_string(),
            description: segment.description.as_ref().map(ToString::to_string),
            r#match: segment.matching,
            conditions: segment.conditions.iter().map(ConditionView::from).collect(),
            included: texts(&segment.included),
            excluded: texts(&segment.excluded),
            project_id: segment.project.to_string(),
            revision: segment.revision,
            created_at: segment.created_at.to_string(),
            updated_at: segment.updated_at.to_string(),
        }
    }
}
