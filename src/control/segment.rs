//! Segments. A change of one changes every environment of its project at once.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    scope::{project_scope, readable_place, readable_project},
};
use crate::{
    domain::{
        audit::{Action, difference, segment_fields},
        environment::Environment,
        id::{EnvironmentId, ProjectId, SegmentId},
        key::SegmentKey,
        project::Project,
        role::Permission,
        rule::Condition,
        segment::{MAX_SEGMENTS_PER_PROJECT, NewSegment, Segment, SegmentChange},
        violation::{Draft, Fault, Path, Violations},
        warning::Warning,
    },
    engine::{
        Ruleset, Segments, lint,
        segment::{CompiledSegment, references},
    },
    live::feed::Subject,
    store,
};

/// How a request names the project whose segments it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By itself.
    Project(ProjectId),
    /// By one of its environments.
    Environment(EnvironmentId),
}

/// How a request names a segment: by identifier or by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentName(pub String);

/// A segment among those of its project.
#[derive(Clone, Debug)]
pub struct ShownSegment {
    compiled: Arc<CompiledSegment>,
    among: Arc<Segments>,
}

impl ShownSegment {
    fn find(segments: Arc<Segments>, name: &SegmentName) -> Result<Self, Error> {
        let found = match SegmentId::parse(&name.0) {
            Some(id) => segments.iter().find(|compiled| compiled.segment().id == id),
            None => segments.get(&name.0),
        };
        let found = found.map(Arc::clone).ok_or_else(|| Error::Missing(Thing::Segment, name.0.clone()))?;
        Ok(Self { compiled: found, among: segments })
    }

    /// The segment.
    pub fn segment(&self) -> &Arc<Segment> {
        self.compiled.segment()
    }

    /// What is probably not meant about it.
    pub fn warnings(&self) -> Vec<Warning> {
        lint::segment(&self.compiled, &self.among)
    }
}

/// The segments of a project, which every ruleset of it has.
fn of_project(
    environments: &[Environment],
    find: impl Fn(EnvironmentId) -> Option<Arc<Ruleset>>,
) -> Arc<Segments> {
    let ruleset = environments.first().and_then(|environment| find(environment.id));
    ruleset.map(|ruleset| Arc::clone(ruleset.segments())).unwrap_or_default()
}

fn read(control: &Control, caller: &Caller, owner: Owner) -> Result<Arc<Segments>, Error> {
    let reader = control.read()?;
    let project = match owner {
        Owner::Project(id) => readable_project(&reader, caller, id)?,
        Owner::Environment(id) => readable_place(&reader, caller, id, Permission::Read)?.project,
    };
    let environments = store::environment::of_project(&reader, project.id)?;
    Ok(of_project(&environments, |id| control.live().ruleset(id)))
}

/// The segments of a project, by key.
pub fn list(control: &Control, caller: &Caller, owner: Owner) -> Result<Vec<Arc<Segment>>, Error> {
    let segments = read(control, caller, owner)?;
    Ok(segments.iter().map(|compiled| Arc::clone(compiled.segment())).collect())
}

/// One segment.
pub fn get(
    control: &Control,
    caller: &Caller,
    owner: Owner,
    name: &SegmentName,
) -> Result<ShownSegment, Error> {
    ShownSegment::find(read(control, caller, owner)?, name)
}

/// A project whose segments are being changed.
struct Target {
    project: Project,
    environments: Vec<Environment>,
    segments: Arc<Segments>,
}

fn target(change: &Change<'_>, owner: Owner) -> Result<Target, Error> {
    let project = match owner {
        Owner::Project(id) => change.project(id, Permission::WriteSegments)?,
        Owner::Environment(id) => change.place(id, Permission::WriteSegments)?.project,
    };
    let environments = store::environment::of_project(change.tx(), project.id)?;
    let segments = of_project(&environments, |id| change.ruleset(id));
    Ok(Target { project, environments, segments })
}

/// Makes a segment.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    owner: Owner,
    new: Draft<NewSegment>,
) -> Result<ShownSegment, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let target = target(change, owner)?;
            let Draft { value: new, mut faults } = new;
            let segment = new.build(change.mint(), target.project.id, change.now());
            check_references(&segment.conditions, &target.segments, &mut faults);
            faults.or_ok(())?;
            if target.segments.get(segment.key.as_str()).is_some() {
                return Err(Error::KeyTaken(Thing::Segment, segment.key.to_string()));
            }
            if target.segments.len() >= MAX_SEGMENTS_PER_PROJECT {
                let sentence = format!("a project has at most {MAX_SEGMENTS_PER_PROJECT} segments");
                return Err(Error::LimitReached(sentence));
            }
            put(change, &target, None, segment, Action::SegmentCreated)
        })
        .await
}

/// Changes fields of a segment.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    owner: Owner,
    name: SegmentName,
    update: Draft<SegmentChange>,
) -> Result<ShownSegment, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let target = target(change, owner)?;
            let shown = ShownSegment::find(Arc::clone(&target.segments), &name)?;
            let before = Arc::clone(shown.segment());
            change.expects(before.revision)?;
            let Draft { value, mut faults } = update;
            let after = value.apply(&before, change.now());
            check_references(&after.conditions, &target.segments, &mut faults);
            faults.or_ok(())?;
            if after == *before {
                return Ok(shown);
            }
            put(change, &target, Some(&before), after, Action::SegmentUpdated)
        })
        .await
}

/// Deletes a segment that nothing refers to.
pub async fn delete(
    control: &Control,
    call: &Call,
    caller: &Caller,
    owner: Owner,
    name: SegmentName,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let target = target(change, owner)?;
            let shown = ShownSegment::find(Arc::clone(&target.segments), &name)?;
            let segment = shown.segment();
            change.expects(segment.revision)?;
            let users = users(change, &target, &segment.key);
            if !users.is_empty() {
                return Err(Error::SegmentInUse(users));
            }
            store::segment::remove(change.tx(), segment)?;
            let segments = Arc::new(target.segments.without(&segment.key));
            publish(change, &target, &segments, Action::SegmentDeleted, &segment.key)?;
            let changes = difference(&segment_fields(segment), &Vec::new());
            change.audit(Action::SegmentDeleted, project_scope(&target.project), segment.id, changes)
        })
        .await
}

fn put(
    change: &mut Change<'_>,
    target: &Target,
    before: Option<&Segment>,
    after: Segment,
    action: Action,
) -> Result<ShownSegment, Error> {
    let segments = Arc::new(target.segments.with(after.clone()));
    if segments.unsettled().contains(&after.key) {
        let message = "the segments refer to each other in a cycle, or too deep";
        return Err(Violations::one(Fault::Rule, "conditions", message).into());
    }
    store::segment::put(change.tx(), &after)?;
    publish(change, target, &segments, action, &after.key)?;
    let fields = before.map(segment_fields).unwrap_or_default();
    let changes = difference(&fields, &segment_fields(&after));
    change.audit(action, project_scope(&target.project), after.id, changes)?;
    ShownSegment::find(segments, &SegmentName(after.key.to_string()))
}

fn publish(
    change: &mut Change<'_>,
    target: &Target,
    segments: &Arc<Segments>,
    action: Action,
    changed: &SegmentKey,
) -> Result<(), Error> {
    for environment in &target.environments {
        let news = (action, Subject::Segment(changed.clone()));
        change.put_segments(environment.id, Arc::clone(segments), [news])?;
    }
    Ok(())
}

/// Notes every condition that names a segment which the project does not have.
fn check_references(conditions: &[Condition], segments: &Segments, faults: &mut Violations) {
    check_conditions(conditions, &Path::ROOT.field("conditions"), segments, faults);
}

/// Notes every condition of the list at `list` that names a segment which the project does not have.
pub(super) fn check_conditions(
    conditions: &[Condition],
    list: &Path<'_>,
    segments: &Segments,
    faults: &mut Violations,
) {
    for (index, condition) in conditions.iter().enumerate() {
        let named = condition.operand.segments().unwrap_or_default();
        let missing = |key: &&SegmentKey| segments.get(key.as_str()).is_none();
        if let Some(key) = named.iter().find(missing) {
            let place = list.index(index);
            faults.add(Fault::Rule, place.field("value"), format!("the project has no segment '{key}'"));
        }
    }
}

/// What refers to a segment: other segments, and flags in any environment, archived ones included.
fn users(change: &Change<'_>, target: &Target, key: &SegmentKey) -> Vec<String> {
    let refers = |conditions: &[Condition]| references(conditions).any(|named| named == key);
    let segments = target.segments.iter().map(|compiled| compiled.segment());
    let segments = segments.filter(|segment| refers(&segment.conditions));
    let mut users: Vec<String> = segments.map(|segment| format!("segment {}", segment.key)).collect();
    for environment in &target.environments {
        let Some(ruleset) = change.ruleset(environment.id) else { continue };
        for compiled in ruleset.flags() {
            if compiled.configuration().rules.iter().any(|rule| refers(&rule.conditions)) {
                users.push(format!("flag {} in {}", compiled.key(), environment.key));
            }
        }
    }
    users
}
