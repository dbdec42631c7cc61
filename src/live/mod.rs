//! What the process serves from memory: the ruleset of every environment and the index of API keys, behind atomic
//! pointers, and counters of usage. Only `control` changes it, after it committed and before it answers.
//!
//! Reading takes no lock. A reader holds a consistent ruleset for as long as it likes; a change puts the next one in
//! its place.

pub mod usage;

use std::{collections::HashMap, sync::Arc};

use arc_swap::{ArcSwap, Guard};

use crate::{
    domain::{
        api_key::ApiKey,
        environment::Environment,
        id::{ApiKeyId, EnvironmentId, ProjectId},
        key::EnvironmentKey,
    },
    engine::Ruleset,
};
use usage::Usage;

/// An environment as it is served.
#[derive(Debug)]
pub struct LiveEnvironment {
    /// Identity.
    pub id: EnvironmentId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Its key.
    pub key: EnvironmentKey,
    ruleset: ArcSwap<Ruleset>,
}

impl LiveEnvironment {
    /// The environment with its compiled ruleset.
    pub fn new(environment: &Environment, ruleset: Ruleset) -> Self {
        Self {
            id: environment.id,
            project: environment.project,
            key: environment.key.clone(),
            ruleset: ArcSwap::from_pointee(ruleset),
        }
    }

    /// The ruleset of this moment, to evaluate with.
    pub fn ruleset(&self) -> Guard<Arc<Ruleset>> {
        self.ruleset.load()
    }
}

/// An API key as it is looked up.
#[derive(Debug)]
pub struct LiveKey {
    /// The key.
    pub key: ApiKey,
    /// The environment that it evaluates.
    pub environment: Arc<LiveEnvironment>,
}

#[derive(Clone, Debug, Default)]
struct Index {
    environments: HashMap<EnvironmentId, Arc<LiveEnvironment>>,
    keys: HashMap<[u8; 32], Arc<LiveKey>>,
}

/// Everything that is served from memory.
#[derive(Debug, Default)]
pub struct Live {
    index: ArcSwap<Index>,
    /// How often flags were evaluated since the counters were last written down.
    pub usage: Usage,
}

impl Live {
    /// What the process serves from the start. A key whose environment is missing is left out.
    pub fn new(
        environments: impl IntoIterator<Item = LiveEnvironment>,
        keys: impl IntoIterator<Item = ApiKey>,
    ) -> Self {
        let mut index = Index::default();
        for environment in environments {
            index.environments.insert(environment.id, Arc::new(environment));
        }
        for key in keys {
            index.add_key(key);
        }
        Self { index: ArcSwap::from_pointee(index), usage: Usage::default() }
    }

    /// The environment with this identifier.
    pub fn environment(&self, id: EnvironmentId) -> Option<Arc<LiveEnvironment>> {
        self.index.load().environments.get(&id).cloned()
    }

    /// The API key with this digest, whether or not it has expired.
    pub fn key(&self, digest: &[u8; 32]) -> Option<Arc<LiveKey>> {
        self.index.load().keys.get(digest).cloned()
    }

    /// Puts the next ruleset in the place of its environment's present one.
    pub fn publish(&self, ruleset: Ruleset) {
        if let Some(environment) = self.index.load().environments.get(&ruleset.environment()) {
            environment.ruleset.store(Arc::new(ruleset));
        }
    }

    /// Adds an environment.
    pub fn add_environment(&self, environment: LiveEnvironment) {
        self.change(|index| {
            index.environments.insert(environment.id, Arc::new(environment));
        });
    }

    /// Adds an API key.
    pub fn add_key(&self, key: ApiKey) {
        self.change(|index| index.add_key(key));
    }

    /// Takes an API key away: from now on nobody finds it.
    pub fn remove_key(&self, id: ApiKeyId) {
        self.change(|index| index.keys.retain(|_, live| live.key.id != id));
    }

    /// There is one writer (see `control`), so that no change is lost between the load and the store.
    fn change(&self, edit: impl FnOnce(&mut Index)) {
        let mut index = Index::clone(&self.index.load());
        edit(&mut index);
        self.index.store(Arc::new(index));
    }
}

impl Index {
    fn add_key(&mut self, key: ApiKey) {
        if let Some(environment) = self.environments.get(&key.environment) {
            let environment = Arc::clone(environment);
            self.keys.insert(key.digest, Arc::new(LiveKey { key, environment }));
        }
    }
}
