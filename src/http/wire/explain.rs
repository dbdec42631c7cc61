//! Explanations: what is asked, and every step of the answer.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use super::{
    context::{self, ContextBody},
    rule::ConditionView,
};
use crate::{
    control::flag::Explained,
    domain::{
        context::Context,
        id::RuleId,
        segment::Matching,
        violation::{Path, Violations},
    },
    engine::{
        Reason,
        explain::{Demand, TestedCondition, TestedSegment, Trace, TriedRule},
        segment::Ground,
        witness::{Holds, Met},
    },
    request,
};

request! {
    /// Whose evaluation is to be explained.
    #[derive(Clone, Debug)]
    pub struct ExplainBody {
        /// The context, as for an evaluation. `user_id` and `session_id` stand in for `user_key`, as with `flag_key`.
        pub context: ContextBody,
    }
}

/// The context that a body gives.
pub fn context(body: ExplainBody, faults: &mut Violations) -> Option<Context<'static>> {
    Some(context::owned(body.context, &Path::ROOT.field("context"), faults))
}

/// A condition that was tested.
#[derive(Serialize, Object)]
#[oai(rename = "ExplainedCondition")]
pub struct ConditionStep {
    /// The condition.
    pub condition: ConditionView,
    /// What the context has under the attribute's name; null where it has nothing. An object is shown empty.
    pub actual: Value,
    /// Whether the context has anything there.
    pub present: bool,
    /// Whether the condition holds.
    pub holds: bool,
    /// The segments that the condition names, in order, up to the first that the context is in.
    pub segments: Vec<SegmentStep>,
}

/// A segment that was looked at.
#[derive(Serialize, Object)]
#[oai(rename = "ExplainedSegment")]
pub struct SegmentStep {
    /// The segment.
    pub segment_key: String,
    /// Whether the context is in it.
    pub inside: bool,
    /// What decided that.
    pub decided_by: Ground,
    /// How its conditions are taken together; null where `conditions` is.
    pub r#match: Option<Matching>,
    /// Its conditions; null where they did not decide, or stand at another place already.
    pub conditions: Option<Vec<ConditionStep>>,
}

/// Where a variation's buckets end.
#[derive(Serialize, Object)]
pub struct Threshold {
    /// The variation.
    pub variation_key: String,
    /// The end, in percent: it has the buckets below it that no earlier one has.
    pub below: f64,
}

/// Where the user fell in a rollout.
#[derive(Serialize, Object)]
#[oai(rename = "ExplainedRollout")]
pub struct RolloutStep {
    /// The beginning of the user's bucket, in percent; null where the context lacks what users are bucketed by.
    pub bucket: Option<f64>,
    /// The ends of the variations, in order.
    pub thresholds: Vec<Threshold>,
}

/// A rule that was tried.
#[derive(Serialize, Object)]
#[oai(rename = "ExplainedRule")]
pub struct RuleStep {
    /// The rule.
    pub rule_id: String,
    /// Its conditions.
    pub conditions: Vec<ConditionStep>,
    /// Whether all of them hold.
    pub holds: bool,
    /// The rollout, if the rule has one and got that far.
    pub rollout: Option<RolloutStep>,
    /// What it yielded; null where evaluation went on.
    pub variation_key: Option<String>,
}

/// A demand on another flag.
#[derive(Serialize, Object)]
#[oai(rename = "ExplainedPrerequisite")]
pub struct PrerequisiteStep {
    /// The other flag.
    pub flag_key: String,
    /// What it must serve.
    pub required_variation_key: String,
    /// What it served; null where there is no such flag.
    pub served_variation_key: Option<String>,
    /// Whether the demand is met. The other flag must also be on, and have its own demands met.
    pub met: bool,
    /// How the other flag came to that; null where it stands at another place already.
    pub steps: Option<Box<Steps>>,
}

/// The evaluation of one flag.
#[derive(Serialize, Object)]
pub struct Steps {
    /// The flag.
    pub flag_key: String,
    /// What it served.
    pub variation_key: String,
    /// Why.
    pub reason: String,
    /// The rule that yielded it.
    pub rule_id: Option<String>,
    /// What it demands of other flags, as far as that was looked at.
    pub prerequisites: Vec<PrerequisiteStep>,
    /// The rules that were tried, in order. Those behind the first that yielded were not.
    pub rules: Vec<RuleStep>,
    /// How many steps of this flag are not told: 0, unless the whole explanation would be over 4 MiB.
    pub steps_left_out: u64,
}

/// An evaluation and every step of it.
#[derive(Serialize, Object)]
pub struct Explanation {
    /// The evaluation as `POST /evaluate` answers it.
    pub evaluation: super::evaluation::EvaluationView,
    /// How it came about.
    pub steps: Steps,
}

impl From<Explained> for Explanation {
    fn from(explained: Explained) -> Self {
        let Explained { trace, value } = explained;
        let evaluation = super::evaluation::EvaluationView {
            value,
            reason: trace.reason.name().to_owned(),
            rule_id: rule_of(trace.reason),
            variation_key: Some(trace.variation.to_string()),
        };
        Self { evaluation, steps: trace.into() }
    }
}

fn rule_of(reason: Reason) -> Option<String> {
    reason.rule_id().map(|id: RuleId| id.to_string())
}

impl From<Trace> for Steps {
    fn from(trace: Trace) -> Self {
        Self {
            flag_key: trace.flag.to_string(),
            variation_key: trace.variation.to_string(),
            reason: trace.reason.name().to_owned(),
            rule_id: rule_of(trace.reason),
            prerequisites: trace.prerequisites.into_iter().map(PrerequisiteStep::from).collect(),
            rules: trace.rules.into_iter().map(RuleStep::from).collect(),
            steps_left_out: trace.left_out as u64,
        }
    }
}

impl From<Demand> for PrerequisiteStep {
    fn from(step: Demand) -> Self {
        Self {
            flag_key: step.demand.flag_key.to_string(),
            required_variation_key: step.demand.variation_key.to_string(),
            served_variation_key: step.served.map(|(variation, _)| variation.to_string()),
            met: step.met == Met::Yes,
            steps: step.trace.map(|trace| Box::new(Steps::from(*trace))),
        }
    }
}

impl From<TriedRule> for RuleStep {
    fn from(step: TriedRule) -> Self {
        let percent = |thousandths: u32| f64::from(thousandths) / 1000.0;
        let rollout = step.draw.map(|draw| RolloutStep {
            bucket: draw.bucket.map(|bucket| percent(bucket.thousandths())),
            thresholds: draw
                .thresholds
                .into_iter()
                .map(|(key, end)| Threshold { variation_key: key.to_string(), below: percent(end) })
                .collect(),
        });
        Self {
            rule_id: step.id.to_string(),
            conditions: step.conditions.into_iter().map(ConditionStep::from).collect(),
            holds: step.holds == Holds::Yes,
            rollout,
            variation_key: step.yielded.map(|key| key.to_string()),
        }
    }
}

impl From<TestedCondition> for ConditionStep {
    fn from(step: TestedCondition) -> Self {
        Self {
            condition: ConditionView::from(&step.condition),
            present: step.actual.is_some(),
            actual: step.actual.unwrap_or_default(),
            holds: step.holds == Holds::Yes,
            segments: step.segments.into_iter().map(SegmentStep::from).collect(),
        }
    }
}

impl From<TestedSegment> for SegmentStep {
    fn from(step: TestedSegment) -> Self {
        let (matching, conditions) = step.conditions.map(|it| (it.matching, it.conditions)).unzip();
        Self {
            segment_key: step.key.to_string(),
            inside: step.membership.inside,
            decided_by: step.membership.ground,
            r#match: matching,
            conditions: conditions.map(|it| it.into_iter().map(ConditionStep::from).collect()),
        }
    }
}
