//! Stages of flags: evidence is gathered from every environment of their project, in memory and in the data file.

use std::{collections::HashMap, sync::Arc};

use super::{
    Control,
    error::{Error, Thing},
};
use crate::{
    domain::{
        flag::Flag,
        id::{EnvironmentId, FlagId},
        lifecycle::{Evidence, Lifecycle, Patience, Stage},
        time::Timestamp,
    },
    engine::Ruleset,
    live::Live,
    store::{self, Access},
};

/// What the environments of a project know of some of its flags at one moment.
#[derive(Debug)]
pub struct Observation {
    rulesets: Vec<Arc<Ruleset>>,
    /// In each of the environments.
    last_evaluated: HashMap<(EnvironmentId, FlagId), Timestamp>,
    /// The next in any of the environments.
    scheduled: HashMap<FlagId, Timestamp>,
    now: Timestamp,
    patience: Patience,
}

/// Gathers what is known at the moment `now` of these flags, which belong to the project of `environment`.
pub fn observe<'f>(
    control: &Control,
    environment: EnvironmentId,
    flags: impl Iterator<Item = &'f Flag> + Clone,
    now: Timestamp,
) -> Result<Observation, Error> {
    let (reader, live) = (control.read()?, control.live());
    let missing = || Error::Missing(Thing::Environment, environment.to_string());
    let project = store::environment::by_id(&reader, environment)?.ok_or_else(missing)?.project;
    let served = |id| live.environment(id).map(|it| Arc::clone(&it.ruleset()));
    let rulesets = store::environment::of_project(&reader, project)?;
    let rulesets = rulesets.into_iter().filter_map(|it| served(it.id)).collect();
    let patience = Patience { days: control.settings.stale_after_days };
    gather(&reader, live, rulesets, flags, now, patience)
}

/// The same from these rulesets, which are those of all environments of a project.
pub(super) fn gather<'f>(
    reader: &impl Access,
    live: &Live,
    rulesets: Vec<Arc<Ruleset>>,
    flags: impl Iterator<Item = &'f Flag> + Clone,
    now: Timestamp,
    patience: Patience,
) -> Result<Observation, Error> {
    let mut last_evaluated = HashMap::new();
    let mut scheduled: HashMap<FlagId, Timestamp> = HashMap::new();
    for environment in rulesets.iter().map(|ruleset| ruleset.environment()) {
        if let Some(served) = live.environment(environment) {
            live.settle(&served);
        }
        let ids = flags.clone().map(|flag| flag.id);
        let kept = store::usage::last_evaluated_of(reader, environment, ids)?;
        for (flag, last) in kept.into_iter().chain(live.usage.last_evaluated(environment)) {
            let known = last_evaluated.entry((environment, flag)).or_insert(last);
            *known = last.max(*known);
        }
        let ids = flags.clone().map(|flag| flag.id);
        for (at, flag, _) in store::schedule::due_of(reader, environment, ids)? {
            let next = scheduled.entry(flag).or_insert(at);
            *next = at.min(*next);
        }
    }
    Ok(Observation { rulesets, last_evaluated, scheduled, now, patience })
}

impl Observation {
    /// The stage of one of the flags.
    pub fn lifecycle(&self, flag: &Flag) -> Lifecycle {
        let says = self.rulesets.iter().filter_map(|ruleset| ruleset.get(flag.key.as_str()));
        let places = self.rulesets.iter().map(|ruleset| ruleset.environment());
        let everywhere = places.filter_map(|environment| self.last_evaluated_in(environment, flag));
        let evidence = Evidence {
            flag,
            configurations: says.map(|compiled| &**compiled.configuration()).collect(),
            last_evaluated_at: everywhere.max(),
            scheduled_at: self.scheduled.get(&flag.id).copied(),
            now: self.now,
        };
        evidence.lifecycle(self.patience)
    }

    /// When one of the flags was evaluated last in one of the environments.
    pub fn last_evaluated_in(&self, environment: EnvironmentId, flag: &Flag) -> Option<Timestamp> {
        self.last_evaluated.get(&(environment, flag.id)).copied()
    }

    /// What every environment says of one of the flags: whether it is on, and its revision there.
    pub fn elsewhere(&self, flag: &Flag) -> Vec<(EnvironmentId, bool, u64)> {
        let says = |ruleset: &Arc<Ruleset>| {
            let compiled = ruleset.get(flag.key.as_str())?;
            let configuration = compiled.configuration();
            let revision = compiled.flag().shown_revision(configuration);
            Some((ruleset.environment(), configuration.enabled, revision))
        };
        self.rulesets.iter().filter_map(says).collect()
    }

    /// Whether it is probably of no use any more.
    pub fn is_stale(&self, flag: &Flag) -> bool {
        self.lifecycle(flag).stage == Stage::Stale
    }
}
