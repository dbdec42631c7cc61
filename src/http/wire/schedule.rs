//! Schedules of changes.

use poem_openapi::Object;
use serde::Serialize;

use super::{
    flag_change::{default_variation, rules},
    history::ActorView,
    rule::{RuleBody, RuleView},
};
use crate::{
    control::schedule::ShownSchedule,
    domain::{
        flag_change::FlagChange,
        schedule::{CHANGE, Failure, NewSchedule, Planned, Schedule, ScheduleStatus, parse_moment},
        time::Timestamp,
        violation::{Draft, Path, Violations},
    },
    request,
};

request! {
    /// What is to be set, as with `PUT /flags/{flag_id}`: what is absent stays as it is by then. At least one of them.
    #[derive(Clone, Debug)]
    pub struct ScheduledChange {
        /// On or off.
        pub enabled: Option<bool>,
        /// The key of the variation that is served where no rule yields.
        pub default_variation: Option<String>,
        /// Who gets what: all rules of the flag from then on, whatever they are by then.
        #[oai(validator(max_items = 200))]
        pub targeting_rules: Option<Vec<RuleBody>>,
    }

    /// A change that is to be made later.
    #[derive(Clone, Debug)]
    pub struct CreateSchedule {
        /// When, in RFC 3339 and whole seconds: to come, and at most 5 years ahead.
        pub at: String,
        /// What.
        pub change: ScheduledChange,
    }
}

/// The schedule that a body asks for. What is wrong with the meaning of its change has paths that begin at the change.
pub fn new_schedule(
    body: CreateSchedule,
    now: Timestamp,
    faults: &mut Violations,
) -> Option<Draft<NewSchedule>> {
    let at = parse_moment(&body.at, now, &Path::ROOT.field("at"), faults);
    let ScheduledChange { enabled, default_variation: default, targeting_rules } = body.change;
    if enabled.is_none() && default.is_none() && targeting_rules.is_none() {
        faults.malformed(CHANGE, "must have at least one of enabled, default_variation and targeting_rules");
    }
    let mut own = Violations::new();
    let change = FlagChange {
        enabled,
        default_variation: default.and_then(|text| default_variation(&text, &mut own)),
        rules: targeting_rules.map(|bodies| rules(bodies, &mut own)),
        ..FlagChange::default()
    };
    if own.is_malformed() {
        faults.add_of(CHANGE, own);
        return None;
    }
    Some(Draft { value: NewSchedule { at: at?, change }, faults: own })
}

/// A step of a ramp, as its schedule shows it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "ScheduledRampStep")]
pub struct StepView {
    /// The ramp: `ramp_` and a ULID.
    pub id: String,
    /// The key of the variation.
    pub variation: String,
    /// How many of the users get it from then on, in percent.
    #[serde(serialize_with = "super::rule::print_percent")]
    pub percentage: f64,
}

/// What is to be done: what is sent, or a step of a ramp.
#[derive(Clone, Debug, Default, Serialize, Object)]
#[oai(rename = "ScheduledChangeShown")]
pub struct PlannedView {
    /// On or off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub enabled: Option<bool>,
    /// The key of the variation that is served where no rule yields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub default_variation: Option<String>,
    /// All rules of the flag from then on. New ones have their ids already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub targeting_rules: Option<Vec<RuleView>>,
    /// A step of a ramp.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub ramp: Option<StepView>,
}

/// Why a schedule was not applied, as the change would have been refused.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "ScheduleFailure")]
pub struct FailureView {
    /// The code of the error.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
}

/// A change that is to be made later, or was.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Schedule")]
pub struct ScheduleView {
    /// Its identifier: `sch_` and a ULID.
    pub id: String,
    /// The flag: `flg_` and a ULID.
    pub flag_id: String,
    /// The flag's key.
    pub flag_key: String,
    /// The environment: `env_` and a ULID.
    pub environment_id: String,
    /// When it is to be made. It is made as soon as possible from then on.
    pub at: String,
    /// What is to be done.
    pub change: PlannedView,
    /// What became of it.
    pub status: ScheduleStatus,
    /// Who made it, and is named as who makes the change.
    pub created_by: ActorView,
    /// When it was made.
    pub created_at: String,
    /// When it was applied, failed or was cancelled; null while it is to come.
    pub finished_at: Option<String>,
    /// Why it could not be applied; null unless it failed.
    pub failure: Option<FailureView>,
}

impl From<Planned> for PlannedView {
    fn from(planned: Planned) -> Self {
        match planned {
            Planned::Set(setting) => Self {
                enabled: setting.enabled,
                default_variation: setting.default_variation.map(|key| key.to_string()),
                targeting_rules: setting.rules.map(|rules| rules.iter().map(RuleView::from).collect()),
                ramp: None,
            },
            Planned::Step(step) => {
                let (id, variation) = (step.ramp.to_string(), step.variation.to_string());
                let ramp = Some(StepView { id, variation, percentage: step.percentage.percent() });
                Self { ramp, ..Self::default() }
            }
        }
    }
}

impl From<Failure> for FailureView {
    fn from(Failure { code, message }: Failure) -> Self {
        Self { code, message }
    }
}

impl From<ShownSchedule> for ScheduleView {
    fn from(ShownSchedule { schedule, flag_key }: ShownSchedule) -> Self {
        let Schedule { id, environment, flag, at, planned, made_by, created_at, status, .. } = schedule;
        Self {
            id: id.to_string(),
            flag_id: flag.to_string(),
            flag_key,
            environment_id: environment.to_string(),
            at: at.to_string(),
            change: planned.into(),
            status,
            created_by: made_by.into(),
            created_at: created_at.to_string(),
            finished_at: schedule.finished_at.map(|at| at.to_string()),
            failure: schedule.failure.map(FailureView::from),
        }
    }
}
