//! Segments, found by identifier, by key and by project.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    rule::ConditionV1,
    tables,
};
use crate::domain::{
    id::{ProjectId, SegmentId},
    key::SegmentKey,
    segment::{Matching, Segment},
    text::{Description, Name},
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct SegmentV1 {
    id: u128,
    project: u128,
    key: String,
    name: String,
    description: Option<String>,
    matching: String,
    conditions: Vec<ConditionV1>,
    included: Vec<String>,
    excluded: Vec<String>,
    revision: u64,
    created_at: i64,
    updated_at: i64,
}

impl Stored for Segment {
    const NOUN: &'static str = "a segment";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let texts = |keys: &[Box<str>]| keys.iter().map(ToString::to_string).collect();
        let record = SegmentV1 {
            id: self.id.bits(),
            project: self.project.bits(),
            key: self.key.to_string(),
            name: self.name.to_string(),
            description: self.description.as_ref().map(Description::to_string),
            matching: self.matching.as_str().to_owned(),
            conditions: self.conditions.iter().map(ConditionV1::from).collect(),
            included: texts(&self.included),
            excluded: texts(&self.excluded),
            revision: self.revision,
            created_at: self.created_at.millis(),
            updated_at: self.updated_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: SegmentV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        let keys = |texts: Vec<String>| texts.into_iter().map(String::into_boxed_str).collect();
        Some(Self {
            id: SegmentId::from_bits(record.id),
            project: ProjectId::from_bits(record.project),
            key: SegmentKey::parse(&record.key).ok()?,
            name: Name::trusted(&record.name),
            description: record.description.as_deref().map(Description::trusted),
            matching: Matching::parse(&record.matching)?,
            conditions: record.conditions.into_iter().map(ConditionV1::into_domain).collect::<Option<_>>()?,
            included: keys(record.included),
            excluded: keys(record.excluded),
            revision: record.revision,
            created_at: Timestamp::from_millis(record.created_at),
            updated_at: Timestamp::from_millis(record.updated_at),
        })
    }
}

/// The segments of `project`, by key.
pub fn of_project(access: &impl Access, project: ProjectId) -> Result<Vec<Segment>, Error> {
    let bits = project.bits();
    let table = access.table(tables::SEGMENTS)?;
    let rows = table.range((bits, "")..(bits.saturating_add(1), ""))?;
    rows.map(|row| Segment::open(row?.1.value())).collect()
}

/// Keeps a segment.
pub fn put(writer: &Writer, segment: &Segment) -> Result<(), Error> {
    writer.put(tables::SEGMENTS, (segment.project.bits(), segment.key.as_str()), segment)
}

/// Deletes a segment.
pub fn remove(writer: &Writer, segment: &Segment) -> Result<(), Error> {
    writer.remove(tables::SEGMENTS, (segment.project.bits(), segment.key.as_str()))
}

/// Deletes the segments of `project`; answers how many there were.
pub(super) fn remove_of_project(writer: &Writer, project: ProjectId) -> Result<usize, Error> {
    let keys = (project.bits(), "")..(project.bits().saturating_add(1), "");
    let mut table = writer.0.open_table(tables::SEGMENTS)?;
    let mut removed = 0;
    for row in table.extract_from_if(keys, |_, _| true)? {
        row?;
        removed += 1;
    }
    Ok(removed)
}
