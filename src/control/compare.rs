//! How two environments of a project compare: the flags of which they do not say the same.

use std::sync::Arc;

use super::{Control, call::Caller, error::Error, flag::view};
use crate::{
    domain::{
        audit::FieldChange,
        flag::{Configuration, Flag},
        id::EnvironmentId,
        promotion::{ConfigurationPart, changes, differing},
        violation::{Fault, Violations},
    },
    engine::Ruleset,
};

/// A flag of which two environments do not say the same.
#[derive(Clone, Debug)]
pub struct FlagDifference {
    /// The flag.
    pub flag: Arc<Flag>,
    /// What the one environment says, which is to be compared with or promoted.
    pub source: Arc<Configuration>,
    /// What the other one says.
    pub present: Arc<Configuration>,
    /// Where they differ.
    pub parts: Vec<ConfigurationPart>,
}

impl FlagDifference {
    /// What becomes of the other environment's configuration if it says what the one says, field by field.
    pub fn changes(&self) -> Vec<FieldChange> {
        changes(&self.parts, &self.source, &self.present)
    }
}

/// What comparing some flags of two environments finds.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The flags that differ, by key.
    pub different: Vec<FlagDifference>,
    /// How many do not.
    pub equal: u64,
}

impl Comparison {
    /// What comes of comparing these parts of the flags named by these keys, which the rulesets of one project have.
    pub(super) fn of<'k>(
        keys: impl IntoIterator<Item = &'k str>,
        parts: &[ConfigurationPart],
        source: &Ruleset,
        present: &Ruleset,
    ) -> Self {
        let mut found = Self::default();
        for key in keys {
            let (Some(source), Some(present)) = (source.get(key), present.get(key)) else { continue };
            let parts = differing(parts, source.configuration(), present.configuration());
            if parts.is_empty() {
                found.equal += 1;
                continue;
            }
            found.different.push(FlagDifference {
                flag: Arc::clone(present.flag()),
                source: Arc::clone(source.configuration()),
                present: Arc::clone(present.configuration()),
                parts,
            });
        }
        found
    }
}

/// How what `environment` says of each flag that is not archived compares with what `against` says.
pub fn compare(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    against: EnvironmentId,
) -> Result<Comparison, Error> {
    let (source, present) = (view(control, caller, environment)?, view(control, caller, against)?);
    if source.place.project.id != present.place.project.id {
        return Err(of_another_project("against").into());
    }
    let (source, present) = (source.live.ruleset(), present.live.ruleset());
    let parts: Vec<_> = ConfigurationPart::ALL.iter().map(|(part, _)| *part).collect();
    let keys = source.live_flags().map(|flag| flag.key());
    Ok(Comparison::of(keys, &parts, &source, &present))
}

/// Two environments were named that do not belong together; `field` names one of them.
pub(super) fn of_another_project(field: &str) -> Violations {
    Violations::one(Fault::Malformed, field, "is an environment of another project")
}
