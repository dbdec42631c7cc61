//! The segments of a project.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Fate, Unlisted, Work, places::Places};
use crate::{
    control::{error::Error, scope::project_scope, segment::check_conditions},
    domain::{
        audit::{Action, FieldChange, Resource, difference, segment_fields},
        role::Permission,
        segment::{NewSegment, Segment, SegmentChange},
        violation::{Fault, Path, Violations},
    },
    engine::Segments,
    live::feed::Subject,
    store,
};

/// Makes the segments what a document says, and answers them with what is wrong with them.
pub(super) fn segments(
    work: &mut Work<'_, '_>,
    places: &Places,
    sheets: Option<Vec<NewSegment>>,
    mut faults: Violations,
) -> Result<(Arc<Segments>, Violations), Error> {
    let present = present(work, places)?;
    let Some(sheets) = sheets else {
        return Ok((Arc::new(Segments::new(present)), faults));
    };
    let mut before: HashMap<_, _> = present.into_iter().map(|it| (it.key.clone(), it)).collect();
    let mut all = Vec::with_capacity(sheets.len());
    let (mut changed, mut listed) = (Vec::new(), Vec::with_capacity(sheets.len()));
    for sheet in sheets {
        listed.push(sheet.key.clone());
        let (was, segment) = match before.remove(&sheet.key) {
            Some(was) => {
                let segment = update(sheet).apply(&was, work.change.now());
                (Some(was), segment)
            }
            None => (None, sheet.build(work.change.mint(), work.project.id, work.change.now())),
        };
        if was.as_ref() != Some(&segment) {
            changed.push((was, segment.clone()));
        }
        all.push(segment);
    }
    let rest = before.into_values();
    let gone: Vec<Segment> = match work.unlisted {
        Unlisted::Stays => {
            all.extend(rest);
            Vec::new()
        }
        Unlisted::Goes => rest.collect(),
    };
    let segments = Arc::new(Segments::new(all));
    for (place, key) in listed.iter().enumerate() {
        let path = format!("segments[{place}].conditions");
        let Some(compiled) = segments.get(key.as_str()) else { continue };
        check_conditions(&compiled.segment().conditions, &Path::ROOT.field(&path), &segments, &mut faults);
        if segments.unsettled().contains(key) {
            faults.add(Fault::Rule, path, "the segments refer to each other in a cycle, or too deep");
        }
    }
    keep(work, places, &segments, changed, gone)?;
    Ok((segments, faults))
}

/// The segments that the project has. All of its environments serve the same ones.
fn present(work: &Work<'_, '_>, places: &Places) -> Result<Vec<Segment>, Error> {
    match places.kept.first() {
        Some((_, ruleset)) => {
            Ok(ruleset.segments().iter().map(|compiled| (**compiled.segment()).clone()).collect())
        }
        None => Ok(store::segment::of_project(work.change.tx(), work.project.id)?),
    }
}

fn update(sheet: NewSegment) -> SegmentChange {
    let fields = sheet.fields;
    SegmentChange {
        name: Some(fields.name),
        description: Some(fields.description),
        matching: Some(fields.matching),
        conditions: Some(fields.conditions),
        included: Some(fields.included),
        excluded: Some(fields.excluded),
    }
}

/// Writes down what changed, and has every environment that stays serve all of it at once.
fn keep(
    work: &mut Work<'_, '_>,
    places: &Places,
    segments: &Arc<Segments>,
    changed: Vec<(Option<Segment>, Segment)>,
    gone: Vec<Segment>,
) -> Result<(), Error> {
    if changed.is_empty() && gone.is_empty() {
        return Ok(());
    }
    work.needs(Permission::WriteSegments)?;
    let mut news = Vec::with_capacity(changed.len() + gone.len());
    for (was, segment) in changed {
        let (fate, action) = match was {
            Some(_) => (Fate::Updated, Action::SegmentUpdated),
            None => (Fate::Created, Action::SegmentCreated),
        };
        store::segment::put(work.change.tx(), &segment)?;
        let fields =
            difference(&was.as_ref().map(segment_fields).unwrap_or_default(), &segment_fields(&segment));
        tell(work, &segment, fate, action, fields)?;
        news.push((action, Subject::Segment(segment.key)));
    }
    for segment in gone {
        store::segment::remove(work.change.tx(), &segment)?;
        let fields = difference(&segment_fields(&segment), &Vec::new());
        tell(work, &segment, Fate::Deleted, Action::SegmentDeleted, fields)?;
        news.push((Action::SegmentDeleted, Subject::Segment(segment.key)));
    }
    for (environment, _) in &places.kept {
        work.change.put_segments(environment.id, Arc::clone(segments), news.iter().cloned())?;
    }
    Ok(())
}

fn tell(
    work: &mut Work<'_, '_>,
    segment: &Segment,
    fate: Fate,
    action: Action,
    fields: Vec<FieldChange>,
) -> Result<(), Error> {
    work.change.audit(action, project_scope(&work.project), segment.id, fields.clone())?;
    work.steps.add(fate, Resource::Segment, segment.key.as_str(), None, fields);
    Ok(())
}
