//! Ramps of rollouts.

use poem_openapi::Object;
use serde::Serialize;

use super::{history::ActorView, key, schedule::FailureView};
use crate::{
    control::ramp::ShownRamp,
    domain::{
        id::RuleId,
        key::VariationKey,
        ramp::{NewRamp, Origin, RampState},
        schedule::{Planned, Schedule, ScheduleStatus},
        time::Timestamp,
        violation::{Fault, Violations},
    },
    request,
};

request! {
    /// A step of a ramp.
    #[derive(Clone, Debug)]
    pub struct RampStepBody {
        /// When, in RFC 3339 and whole seconds: after the step before.
        pub at: String,
        /// How many of the users get the variation from then on, in percent: more than in the step before. Whole
        /// numbers unless the flag's bucketing is `murmur3`.
        #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
        pub percentage: f64,
    }

    /// A variation that is to go to more and more users.
    #[derive(Clone, Debug)]
    pub struct CreateRamp {
        /// The key of the variation.
        pub variation: String,
        /// A rule of the flag whose share is to rise; where absent, the first step adds one for everyone, behind all
        /// others.
        pub rule_id: Option<String>,
        /// The steps, in their order.
        #[oai(validator(min_items = 1, max_items = 50))]
        pub steps: Vec<RampStepBody>,
    }
}

/// The ramp that a body asks for.
pub fn new_ramp(body: CreateRamp, now: Timestamp, faults: &mut Violations) -> Option<NewRamp> {
    let variation = key(VariationKey::parse, &body.variation, "variation", faults);
    let rule = body.rule_id.map(|text| {
        let rule = RuleId::parse(&text);
        if rule.is_none() {
            faults.add(Fault::Rule, "rule_id", format!("the flag has no rule '{text}' here"));
        }
        rule
    });
    let steps: Vec<(String, f64)> = body.steps.into_iter().map(|it| (it.at, it.percentage)).collect();
    let steps = NewRamp::parse_steps(&steps, now, faults);
    Some(NewRamp { variation: variation?, rule: rule.flatten(), steps })
}

/// A step of a ramp, and what became of it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "RampStep")]
pub struct RampStepView {
    /// Its schedule: `sch_` and a ULID.
    pub schedule_id: String,
    /// When it is to be made.
    pub at: String,
    /// How many of the users get the variation from then on, in percent.
    #[serde(serialize_with = "super::rule::print_percent")]
    pub percentage: f64,
    /// What became of it.
    pub status: ScheduleStatus,
    /// When it was applied, failed or was cancelled; null while it is to come.
    pub finished_at: Option<String>,
    /// Why it could not be applied; null unless it failed.
    pub failure: Option<FailureView>,
}

/// A variation that goes to more and more users.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Ramp")]
pub struct RampView {
    /// Its identifier: `ramp_` and a ULID.
    pub id: String,
    /// The flag: `flg_` and a ULID.
    pub flag_id: String,
    /// The flag's key.
    pub flag_key: String,
    /// The environment: `env_` and a ULID.
    pub environment_id: String,
    /// The key of the variation.
    pub variation: String,
    /// The rule whose share rises. Where the ramp adds it, its first step does.
    pub rule_id: String,
    /// Whether the rule is one that the ramp adds.
    pub adds_rule: bool,
    /// What became of it.
    pub state: RampState,
    /// Its steps, in their order.
    pub steps: Vec<RampStepView>,
    /// Who made it, and is named as who makes its changes.
    pub created_by: ActorView,
    /// When it was made.
    pub created_at: String,
    /// Since when it is paused; null unless it is.
    pub paused_at: Option<String>,
    /// When it was over; null while it is not.
    pub finished_at: Option<String>,
}

impl From<Schedule> for RampStepView {
    fn from(step: Schedule) -> Self {
        let percentage = match &step.planned {
            Planned::Step(step) => step.percentage.percent(),
            Planned::Set(_) => 0.0,
        };
        Self {
            schedule_id: step.id.to_string(),
            at: step.at.to_string(),
            percentage,
            status: step.status,
            finished_at: step.finished_at.map(|at| at.to_string()),
            failure: step.failure.map(FailureView::from),
        }
    }
}

impl From<ShownRamp> for RampView {
    fn from(ShownRamp { ramp, flag_key, steps }: ShownRamp) -> Self {
        Self {
            id: ramp.id.to_string(),
            flag_id: ramp.flag.to_string(),
            flag_key,
            environment_id: ramp.environment.to_string(),
            variation: ramp.variation.to_string(),
            rule_id: ramp.rule.to_string(),
            adds_rule: match ramp.origin {
                Origin::New | Origin::Added => true,
                Origin::Found | Origin::Changed(_) => false,
            },
            state: ramp.state,
            steps: steps.into_iter().map(RampStepView::from).collect(),
            created_by: ramp.made_by.into(),
            created_at: ramp.created_at.to_string(),
            paused_at: ramp.paused_at.map(|at| at.to_string()),
            finished_at: ramp.finished_at.map(|at| at.to_string()),
        }
    }
}
