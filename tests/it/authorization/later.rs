//! What is to happen later with a flag: what requests ask for, and what they name.

use serde_json::{Value, json};

use super::Row;
use crate::support::Team;
use crate::support::later::made;

/// Their rows.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    //                   anonymous outsider viewer editor admin server client
    ("listUpcomingSchedules", [401, 404,    200,   200,   200,  403,   403]),
    ("listSchedules",    [401,     404,     200,   200,   200,  403,   403]),
    ("createSchedule",   [401,     404,     403,   201,   201,  403,   403]),
    ("getSchedule",      [401,     404,     200,   200,   200,  403,   403]),
    ("cancelSchedule",   [401,     404,     403,   204,   204,  403,   403]),
    ("listRamps",        [401,     404,     200,   200,   200,  403,   403]),
    ("createRamp",       [401,     404,     403,   201,   201,  403,   403]),
    ("getRamp",          [401,     404,     200,   200,   200,  403,   403]),
    ("pauseRamp",        [401,     404,     403,   200,   200,  403,   403]),
    ("resumeRamp",       [401,     404,     403,   409,   409,  403,   403]), // It is not paused.
    ("rollBackRamp",     [401,     404,     403,   200,   200,  403,   403]),
    ("cancelRamp",       [401,     404,     403,   204,   204,  403,   403]),
];

/// A moment after every other of these tests.
const LATER: &str = "2028-01-01T00:00:00Z";

pub(super) fn schedule() -> Value {
    json!({"at": LATER, "change": {"enabled": true}})
}

pub(super) fn ramp() -> Value {
    json!({"variation": "on", "steps": [{"at": LATER, "percentage": 10}]})
}

/// The path of something about `flag`, with things of that in the place of their names.
pub(super) fn replaced(team: &Team, flag: &str, path: &str) -> String {
    let post = |noun: &str, body| made(&team.client.post(&team.flags(&format!("/{flag}/{noun}")), &body));
    if path.contains("{schedule_id}") {
        return path.replace("{schedule_id}", &post("schedules", schedule()));
    }
    if path.contains("{ramp_id}") {
        return path.replace("{ramp_id}", &post("ramps", ramp()));
    }
    path.to_owned()
}
