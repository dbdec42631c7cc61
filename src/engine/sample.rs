//! Small flags for the tests of this layer.

use std::sync::Arc;

use super::compile::{self, CompiledFlag};
use crate::domain::{
    flag::{Configuration, Flag, FlagStatus, FlagType, Prerequisite, Variation},
    id::{EnvironmentId, FlagId, ProjectId, RuleId},
    key::{FlagKey, VariationKey},
    operator::{Case, Operand, Operator},
    rollout::{Algorithm, Bucketing, Percentage, Rollout, Share},
    rule::{Condition, Rule, Serve},
    text::Name,
    time::Timestamp,
    value::Value,
    violation::Violations,
};

pub(super) const ENVIRONMENT: EnvironmentId = EnvironmentId::from_bits(1);
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A boolean flag with the variations `on` and `off`, active and enabled, that serves `off` by default.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) flag: Flag,
    pub(super) configuration: Configuration,
}

pub(super) fn variation(key: &str) -> VariationKey {
    VariationKey::parse(key).expect("a variation's key")
}

pub(super) fn condition(attribute: &str, operator: &str, value: impl Into<Value>) -> Condition {
    let (operator, value) = (Operator::parse(operator).expect("an operator"), value.into());
    let operand = Operand::parse(operator, &value, Case::Sensitive).expect("an operand");
    Condition { attribute: attribute.to_owned(), operator, value, case: Case::Sensitive, operand }
}

pub(super) fn serve(key: &str) -> Serve {
    Serve::Variation(variation(key))
}

/// A rollout of shares in percent.
pub(super) fn split(shares: &[(&str, f64)]) -> Serve {
    let share = |(key, percent): &(&str, f64)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tests give 0 to 100")]
        let thousandths = (percent * 1000.0).round() as u32;
        let percentage = Percentage::from_thousandths(thousandths).expect("a percentage");
        Share { variation: variation(key), percentage }
    };
    Serve::Rollout(Rollout::trusted(shares.iter().map(share).collect()))
}

pub(super) fn flag(key: &str) -> Sample {
    let variations = [("on", true), ("off", false)];
    let variations = variations.map(|(key, value)| Variation {
        key: variation(key),
        name: Name::trusted(key),
        value: Value::Bool(value),
    });
    let flag = Flag {
        id: FlagId::from_bits(1),
        project: ProjectId::from_bits(1),
        key: FlagKey::parse(key).expect("a flag's key"),
        name: Name::trusted(key),
        description: None,
        flag_type: FlagType::Boolean,
        classification: None,
        tags: Vec::new(),
        owner: None,
        expires_at: None,
        status: FlagStatus::Active,
        variations: variations.into(),
        bucketing: Bucketing::default(),
        revision: 1,
        created_by: None,
        created_at: NOW,
        updated_at: NOW,
    };
    let configuration = Configuration { enabled: true, ..Configuration::initial(variation("off"), NOW) };
    Sample { flag, configuration }
}

impl Sample {
    pub(super) fn off(mut self) -> Self {
        self.configuration.enabled = false;
        self
    }

    pub(super) fn status(mut self, status: FlagStatus) -> Self {
        self.flag.status = status;
        self
    }

    pub(super) fn serving(mut self, key: &str) -> Self {
        self.configuration.default_variation = variation(key);
        self
    }

    pub(super) fn bucketed(mut self, algorithm: Algorithm, by: &str, salt: Option<&str>) -> Self {
        self.flag.bucketing = Bucketing { algorithm, by: by.to_owned(), salt: salt.map(str::to_owned) };
        self
    }

    /// A rule more; its identifier has its place from 1 as bits.
    pub(super) fn rule(mut self, priority: i64, conditions: Vec<Condition>, serve: Serve) -> Self {
        let rules = &mut self.configuration.rules;
        let id = RuleId::from_bits(rules.len() as u128 + 1);
        rules.push(Rule { id, priority, name: None, conditions, serve });
        self
    }

    pub(super) fn requires(mut self, flag: &str, key: &str) -> Self {
        let flag_key = FlagKey::parse(flag).expect("a flag's key");
        self.configuration.prerequisites.push(Prerequisite { flag_key, variation_key: variation(key) });
        self
    }

    pub(super) fn try_compile(self) -> Result<CompiledFlag, Violations> {
        compile::flag(Arc::new(self.flag), Arc::new(self.configuration))
    }

    pub(super) fn compiled(self) -> CompiledFlag {
        self.try_compile().expect("the sample compiles")
    }
}
