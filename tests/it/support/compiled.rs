//! Rulesets without a server: flags, segments and contexts in the shape of the API, read by the API's own readers.

use std::sync::Arc;

use phaseflag::domain::context::Context;
use phaseflag::domain::flag::FlagStatus;
use phaseflag::domain::id::{EnvironmentId, FlagId, ProjectId, RuleId, SegmentId, UserId};
use phaseflag::domain::segment::Segment;
use phaseflag::domain::time::Timestamp;
use phaseflag::domain::violation::{Path, Violations};
use phaseflag::engine::{CompiledFlag, Ruleset, Segments, compile};
use phaseflag::http::shape::Shape;
use phaseflag::http::wire::explain;
use phaseflag::http::wire::flag_change::new_flag;
use phaseflag::http::wire::segment::new_segment;
use serde_json::{Value, json};

/// The moment at which everything was made.
const MADE: Timestamp = Timestamp::from_seconds(0);

/// A sound boolean flag, on, that serves `off`; `overrides` replaces or adds members.
pub fn flag(key: &str, overrides: Value) -> CompiledFlag {
    let mut body = json!({
        "key": key, "name": key, "flag_type": "boolean", "default_variation": "off", "enabled": true,
        "variations": [{"key": "on", "value": true}, {"key": "off", "value": false}],
    });
    if let (Some(body), Value::Object(overrides)) = (body.as_object_mut(), overrides) {
        body.extend(overrides);
    }
    compiled(&body)
}

/// A flag as it would be sent to be made. Beside that it may have a `status`.
pub fn compiled(body: &Value) -> CompiledFlag {
    try_compiled(body).unwrap_or_else(|faults| panic!("{body}: {faults:?}"))
}

/// The same, or everything that is wrong with it.
pub fn try_compiled(body: &Value) -> Result<CompiledFlag, Violations> {
    let mut body = body.clone();
    let status = body.as_object_mut().and_then(|members| members.remove("status"));
    let new = read(&body, new_flag)?;
    let mut rules = 0..;
    let mut mint = || RuleId::from_bits(rules.next().unwrap_or_default());
    let (id, project, user) = (FlagId::from_bits(1), ProjectId::from_bits(1), UserId::from_bits(1));
    let (mut flag, configuration) = new.build(id, project, user, MADE, &mut mint);
    if let Some(status) = status.as_ref().and_then(Value::as_str).and_then(FlagStatus::parse) {
        flag.status = status;
    }
    compile::flag(Arc::new(flag), Arc::new(configuration))
}

/// A segment as it would be sent to be made.
pub fn segment(body: &Value) -> Segment {
    try_segment(body).unwrap_or_else(|faults| panic!("{body}: {faults:?}"))
}

/// The same, or everything that is wrong with it.
pub fn try_segment(body: &Value) -> Result<Segment, Violations> {
    Ok(read(body, new_segment)?.build(SegmentId::from_bits(1), ProjectId::from_bits(1), MADE))
}

/// An environment of a project with these segments.
pub fn ruleset(
    flags: impl IntoIterator<Item = CompiledFlag>,
    segments: impl IntoIterator<Item = Segment>,
) -> Ruleset {
    Ruleset::new(EnvironmentId::from_bits(1), 1, flags).with_segments(Arc::new(Segments::new(segments)))
}

/// A context as it would be sent.
pub fn context(body: &Value) -> Context<'static> {
    try_context(body).unwrap_or_else(|faults| panic!("{body}: {faults:?}"))
}

/// The same, or everything that is wrong with it.
pub fn try_context(body: &Value) -> Result<Context<'static>, Violations> {
    read(&json!({"context": body}), explain::context)
}

fn read<B: Shape, T>(
    body: &Value,
    parse: impl FnOnce(B, &mut Violations) -> Option<T>,
) -> Result<T, Violations> {
    let mut faults = Violations::new();
    let shape = B::read(body, &Path::ROOT, &mut faults);
    let parsed = parse(shape, &mut faults);
    faults.or_ok(())?;
    Ok(parsed.expect("without a fault there is a result"))
}
