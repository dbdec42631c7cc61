//! Outcomes: what an evaluation served, and why.

use super::compile::{CompiledFlag, CompiledVariation};
use crate::domain::{id::RuleId, usage::Cause};

/// The answer for one flag. It borrows from the ruleset and copies nothing.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'r> {
    /// The flag.
    pub flag: &'r CompiledFlag,
    /// What is served.
    pub variation: &'r CompiledVariation,
    /// Why.
    pub reason: Reason,
    /// Whether a rollout on the way, also one of a prerequisite, needed a user key and found none.
    pub lacks_user_key: bool,
}

impl Outcome<'_> {
    /// The rule that yielded the variation.
    pub fn rule_id(&self) -> Option<RuleId> {
        self.reason.rule_id()
    }
}

/// Why a variation was served (contract A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The rule's conditions hold, and it serves this variation.
    TargetingRule(RuleId),
    /// The rule's conditions hold, and its rollout gives this variation.
    PercentageRollout(RuleId),
    /// No rule yielded: the default variation.
    Default,
    /// Not enabled, parked or archived: the default variation.
    Disabled,
    /// Another flag does not serve what this one demands: the default variation.
    Prerequisite,
}

impl Reason {
    /// The rule, where one is the reason.
    pub const fn rule_id(self) -> Option<RuleId> {
        match self {
            Self::TargetingRule(rule) | Self::PercentageRollout(rule) => Some(rule),
            Self::Default | Self::Disabled | Self::Prerequisite => None,
        }
    }

    /// The reason without the rule.
    pub const fn cause(self) -> Cause {
        match self {
            Self::TargetingRule(_) => Cause::TargetingRule,
            Self::PercentageRollout(_) => Cause::PercentageRollout,
            Self::Default => Cause::Default,
            Self::Disabled => Cause::Disabled,
            Self::Prerequisite => Cause::Prerequisite,
        }
    }

    /// The documented name.
    pub const fn name(self) -> &'static str {
        self.cause().as_str()
    }

    /// The name that the published SDKs know (contract A8).
    pub const fn sdk_name(self) -> &'static str {
        match self {
            Self::TargetingRule(_) => "targeting_match",
            Self::PercentageRollout(_) => "percentage_rollout",
            Self::Default => "default",
            Self::Disabled => "disabled",
            Self::Prerequisite => "prerequisite_failed",
        }
    }
}
