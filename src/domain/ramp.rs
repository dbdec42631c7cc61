//! Ramps: a variation goes to more and more users, in steps at their times. Each step is a schedule; together they can
//! be paused, resumed, cancelled and rolled back.

use super::{
    audit::Actor,
    flag::{Configuration, Flag, Variation},
    id::{EnvironmentId, FlagId, RampId, RuleId, ScheduleId},
    key::VariationKey,
    named::named,
    rollout::{Algorithm, Percentage, Rollout, Share, WHOLE},
    rule::{NewRule, Serve},
    schedule::parse_moment,
    text::{MAX_NAME_LENGTH, Name},
    time::Timestamp,
    violation::{Fault, Path, Violations},
};

/// Steps of a ramp, at most.
pub const MAX_RAMP_STEPS: usize = 50;
/// Ramps of a flag in an environment that are over and are kept, at most; those that were over
/// first go first.
pub const MAX_RAMPS_KEPT: usize = 20;

/// What the rule is called that a ramp adds, before the name of the variation.
const RULE_NAME: &str = "Ramp to ";
/// The member of a request that the steps are in.
const STEPS: &str = "steps";

named! {
    /// What became of a ramp.
    RampState {
        /// It has steps to come.
        Running = "running",
        /// Its steps wait until it is resumed.
        Paused = "paused",
        /// All of its steps were applied.
        Done = "done",
        /// A step could not be applied; neither will those after it.
        Failed = "failed",
        /// Its rule is what it was before, and the rest of it was called off.
        RolledBack = "rolled_back",
        /// The rest of it was called off.
        Cancelled = "cancelled",
    }
}

impl RampState {
    /// Whether it has no steps to come.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Running | Self::Paused => false,
            Self::Done | Self::Failed | Self::RolledBack | Self::Cancelled => true,
        }
    }
}

/// Where the rule of a ramp is from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The first step that is applied adds it.
    New,
    /// A step of the ramp has added it.
    Added,
    /// The flag had it when the ramp was made.
    Found,
    /// The same, and it served this before the first step.
    Changed(Serve),
}

/// A variation on its way to more and more users.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramp {
    /// Identity.
    pub id: RampId,
    /// The environment.
    pub environment: EnvironmentId,
    /// The flag.
    pub flag: FlagId,
    /// The variation.
    pub variation: VariationKey,
    /// The rule that it changes, and no other.
    pub rule: RuleId,
    /// Where that is from.
    pub origin: Origin,
    /// What became of it.
    pub state: RampState,
    /// Since when it is paused, if it is.
    pub paused_at: Option<Timestamp>,
    /// Who made it, and is named as who makes its changes.
    pub made_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Its steps, in their order.
    pub steps: Vec<ScheduleId>,
}

/// A step that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// The moment.
    pub at: Timestamp,
    /// The share of the users from then on.
    pub percentage: Percentage,
}

/// A ramp that was asked for.
#[derive(Clone, Debug)]
pub struct NewRamp {
    /// The variation.
    pub variation: VariationKey,
    /// The rule that it shall change; where absent, one of its own.
    pub rule: Option<RuleId>,
    /// Its steps, in their order.
    pub steps: Vec<NewStep>,
}

impl Ramp {
    /// The same, over since `now`.
    #[must_use]
    pub fn over(self, state: RampState, now: Timestamp) -> Self {
        Self { state, paused_at: None, finished_at: Some(now), ..self }
    }

    /// The flag's rules after a step, and the ramp after it; `None` if the rule is gone. Every other rule is what it is.
    pub fn step(
        mut self,
        percentage: Percentage,
        flag: &Flag,
        configuration: &Configuration,
    ) -> Option<(Self, Vec<NewRule>)> {
        let serve = serve(&self.variation, percentage);
        let mut rules: Vec<NewRule> = configuration.rules.iter().cloned().map(NewRule::from).collect();
        let place = rules.iter().position(|rule| rule.id == Some(self.rule));
        match (self.origin, place) {
            (Origin::New, None) => {
                rules.push(NewRule {
                    id: Some(self.rule),
                    priority: configuration.rules.iter().map(|it| it.priority).max().map_or(1, after),
                    name: flag.variation(self.variation.as_str()).map(rule_name),
                    conditions: Vec::new(),
                    serve,
                });
                self.origin = Origin::Added;
            }
            (Origin::Found, Some(place)) => {
                self.origin = Origin::Changed(std::mem::replace(&mut rules[place].serve, serve));
            }
            (origin, Some(place)) => {
                rules[place].serve = serve;
                self.origin = origin;
            }
            (Origin::Added | Origin::Found | Origin::Changed(_), None) => return None,
        }
        Some((self, rules))
    }

    /// The flag's rules without what the ramp did to its own; `None` if that is nothing, or the rule is gone.
    pub fn undone(&self, configuration: &Configuration) -> Option<Vec<NewRule>> {
        let place = configuration.rules.iter().position(|rule| rule.id == self.rule)?;
        let mut rules: Vec<NewRule> = configuration.rules.iter().cloned().map(NewRule::from).collect();
        match &self.origin {
            Origin::New | Origin::Found => return None,
            Origin::Added => drop(rules.remove(place)),
            Origin::Changed(before) => rules[place].serve = before.clone(),
        }
        Some(rules)
    }
}

fn serve(variation: &VariationKey, percentage: Percentage) -> Serve {
    if percentage.thousandths() == WHOLE {
        return Serve::Variation(variation.clone());
    }
    Serve::Rollout(Rollout::trusted(vec![Share { variation: variation.clone(), percentage }]))
}

/// A priority behind all others.
fn after(last: i64) -> i64 {
    last.saturating_add(1)
}

fn rule_name(variation: &Variation) -> Name {
    let text: String =
        RULE_NAME.chars().chain(variation.name.as_str().chars()).take(MAX_NAME_LENGTH).collect();
    Name::trusted(&text)
}

impl NewRamp {
    /// Reads steps, and notes everything that is wrong with them whatever the flag.
    pub fn parse_steps(sent: &[(String, f64)], now: Timestamp, faults: &mut Violations) -> Vec<NewStep> {
        let list = Path::ROOT.field(STEPS);
        if sent.is_empty() || sent.len() > MAX_RAMP_STEPS {
            faults.malformed(list, format!("must have 1 to {MAX_RAMP_STEPS} steps"));
            return Vec::new();
        }
        let mut steps: Vec<NewStep> = Vec::with_capacity(sent.len());
        for (index, (at, percentage)) in sent.iter().enumerate() {
            let place = list.index(index);
            let at = parse_moment(at, now, &place.field("at"), faults);
            let percentage = Percentage::parse(*percentage, &place.field("percentage"), faults);
            let (Some(at), Some(percentage)) = (at, percentage) else { continue };
            if let Some(before) = steps.last() {
                if at <= before.at {
                    faults.malformed(place.field("at"), "must be after the step before");
                }
                if percentage <= before.percentage {
                    faults.malformed(place.field("percentage"), "must be more than in the step before");
                }
            }
            steps.push(NewStep { at, percentage });
        }
        steps
    }

    /// Notes what does not fit `flag`, as `configuration` shows it.
    pub fn check(&self, flag: &Flag, configuration: &Configuration, faults: &mut Violations) {
        if flag.variation(self.variation.as_str()).is_none() {
            let message = format!("the flag has no variation '{}'", self.variation);
            faults.add(Fault::VariationUnknown, "variation", message);
        }
        if let Some(rule) = self.rule
            && !configuration.rules.iter().any(|it| it.id == rule)
        {
            faults.add(Fault::Rule, "rule_id", format!("the flag has no rule '{rule}' here"));
        }
        if flag.bucketing.algorithm == Algorithm::Djb2 {
            let list = Path::ROOT.field(STEPS);
            for (index, _) in self.steps.iter().enumerate().filter(|(_, it)| !it.percentage.is_whole()) {
                let why = "must be a whole number, as the flag's bucketing is djb2";
                faults.add(Fault::Rule, list.index(index).field("percentage"), why);
            }
        }
    }
}
