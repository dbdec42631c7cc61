//! What requests and answers look like: one file per resource. A request becomes a domain value with everything
//! that is wrong with it; an answer is made from a domain value and cannot fail.

pub mod api_key;
pub mod audit;
pub mod context;
pub mod dependent;
pub mod difference;
pub mod environment;
pub mod evaluate;
pub mod evaluation;
pub mod event;
pub mod explain;
pub mod flag;
pub mod flag_change;
pub mod flag_life;
pub mod history;
pub mod invitation;
pub mod letter;
pub mod manifest;
pub mod member;
pub mod operator;
pub mod organization;
pub mod personal_token;
pub mod plan;
pub mod preview;
pub mod project;
pub mod promotion;
pub mod ramp;
pub mod restoration;
pub mod revision;
pub mod rule;
pub mod ruleset;
pub mod schedule;
pub mod seed;
pub mod segment;
pub mod sort;
pub mod stats;
pub mod stream;
pub mod system;
pub mod user;
pub mod warning;
pub mod webhook;

use crate::{
    domain::{
        api_key::KeyKind,
        audit::{Action, Resource},
        environment::EnvironmentType,
        flag::{Classification, FlagStatus, FlagType},
        key::KeyError,
        lifecycle::Stage,
        operator::Operator,
        page::Direction,
        ramp::RampState,
        role::Role,
        rollout::Algorithm,
        schedule::ScheduleStatus,
        segment::Matching,
        time::Timestamp,
        user::{RefreshTokenIn, Registration},
        violation::{Path, Violations},
        warning::WarningCode,
    },
    words,
};

words! {
    crate::domain::usage::Cause as "Reason",
    FlagType as "FlagType",
    FlagStatus as "FlagStatus",
    Stage as "FlagStage",
    Classification as "Classification",
    Algorithm as "BucketingAlgorithm",
    Operator as "Operator",
    KeyKind as "KeyKind",
    EnvironmentType as "EnvironmentType",
    Role as "Role",
    Registration as "Registration",
    RefreshTokenIn as "RefreshTokenIn",
    Direction as "Direction",
    Matching as "SegmentMatch",
    crate::engine::segment::Ground as "MembershipGround",
    WarningCode as "WarningCode",
    ScheduleStatus as "ScheduleStatus",
    RampState as "RampState",
    crate::domain::event::EventType as "EventType",
    crate::domain::webhook::WebhookStatus as "WebhookStatus",
    crate::domain::delivery::DeliveryStatus as "DeliveryStatus",
    Action as "AuditAction",
    Resource as "AuditResource",
}

/// Reads the key in the field `field`, and notes what is wrong with it.
fn key<T>(
    parse: fn(&str) -> Result<T, KeyError>,
    text: &str,
    field: &str,
    faults: &mut Violations,
) -> Option<T> {
    parse(text).map_err(|error| faults.malformed(Path::ROOT.field(field), error.to_string())).ok()
}

/// Reads when a credential stops working, in the field `expires_at`: after `now`, or never.
fn expiry(text: Option<&str>, now: Timestamp, faults: &mut Violations) -> Option<Timestamp> {
    let expires_at = text.map(Timestamp::parse);
    match expires_at {
        Some(None) => faults.malformed("expires_at", "must be a moment in RFC 3339"),
        Some(Some(end)) if end <= now => faults.malformed("expires_at", "must be in the future"),
        Some(Some(_)) | None => {}
    }
    expires_at.flatten()
}
