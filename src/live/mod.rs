//! What the process serves from memory: the ruleset of every environment and the index of API keys, behind atomic
//! pointers, and counters of usage. Only `control` changes it, after it committed and before it answers.
//!
//! Reading takes no lock. A reader holds a consistent ruleset for as long as it likes; a change puts the next one in
//! its place.

pub mod feed;
mod key;
mod meter;
pub mod usage;
pub mod watch;

use std::{collections::HashMap, sync::Arc};

use arc_swap::{ArcSwap, Guard};

use crate::{
    domain::{
        api_key::ApiKey,
        audit::Action,
        environment::Environment,
        id::{ApiKeyId, EnvironmentId, ProjectId, UserId},
        key::EnvironmentKey,
        project::Project,
        time::Timestamp,
    },
    engine::{Outcome, Ruleset},
    tally::Counter,
};
use feed::{Feed, Follower, Following, Notice, StreamLimits, TooMany};
pub use key::LiveKey;
use meter::Meters;
use usage::Usage;
use watch::{Crowded, Realm, Tower, Watcher};

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
    feed: Feed,
    meters: Meters,
}

impl LiveEnvironment {
    /// The environment with its compiled ruleset.
    pub fn new(environment: &Environment, ruleset: Ruleset) -> Self {
        Self {
            id: environment.id,
            project: environment.project,
            key: environment.key.clone(),
            feed: Feed::new(ruleset.version()),
            meters: Meters::new(&ruleset),
            ruleset: ArcSwap::from_pointee(ruleset),
        }
    }

    /// The ruleset of this moment, to evaluate with.
    pub fn ruleset(&self) -> Guard<Arc<Ruleset>> {
        self.ruleset.load()
    }
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
    following: Arc<Following>,
    tower: Tower,
    /// Rulesets that took the place of another.
    published: Counter,
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
        Self { index: ArcSwap::from_pointee(index), following: Arc::default(), ..Self::default() }
    }

    /// The environment with this identifier.
    pub fn environment(&self, id: EnvironmentId) -> Option<Arc<LiveEnvironment>> {
        self.index.load().environments.get(&id).cloned()
    }

    /// The ruleset that an environment is served with at this moment.
    pub fn ruleset(&self, id: EnvironmentId) -> Option<Arc<Ruleset>> {
        self.index.load().environments.get(&id).map(|environment| environment.ruleset.load_full())
    }

    /// The API key with this digest, whether or not it has expired.
    pub fn key(&self, digest: &[u8; 32]) -> Option<Arc<LiveKey>> {
        self.index.load().keys.get(digest).cloned()
    }

    /// The API key with this identifier, whether or not it has expired. Unlike a digest it is no proof of anything, and
    /// it is looked for one by one: for those who have shown another proof.
    pub fn key_with_id(&self, id: ApiKeyId) -> Option<Arc<LiveKey>> {
        self.index.load().keys.values().find(|live| live.key.id == id).cloned()
    }

    /// Puts the next ruleset in the place of its environment's present one, and tells those who follow it why.
    pub fn publish(&self, ruleset: impl Into<Arc<Ruleset>>, notices: impl IntoIterator<Item = Notice>) {
        let ruleset = ruleset.into();
        if let Some(environment) = self.index.load().environments.get(&ruleset.environment()) {
            environment.meters.follow(&ruleset);
            environment.ruleset.store(ruleset);
            self.published.one();
            let notices: Vec<_> = notices.into_iter().map(Arc::new).collect();
            for notice in &notices {
                self.tower.tell(environment.project, environment.id, notice);
            }
            environment.feed.tell(notices);
        }
    }

    /// Counts what was served of `environment` at `now`.
    pub fn count<'o, 'r: 'o>(
        &self,
        environment: &LiveEnvironment,
        outcomes: impl IntoIterator<Item = &'o Outcome<'r>>,
        now: Timestamp,
    ) {
        environment.meters.count(outcomes, now, &self.usage);
    }

    /// Adds what was counted of `environment` so far to [`Self::usage`].
    pub fn settle(&self, environment: &LiveEnvironment) {
        environment.meters.settle(&self.usage);
    }

    /// The same for every environment.
    pub fn settle_all(&self) {
        for environment in self.index.load().environments.values() {
            self.settle(environment);
        }
    }

    /// How often a ruleset took the place of another.
    pub fn published(&self) -> u64 {
        self.published.total()
    }

    /// How many environments are served, and how many API keys.
    pub fn extent(&self) -> (usize, usize) {
        let index = self.index.load();
        (index.environments.len(), index.keys.len())
    }

    /// The versions of the rulesets that are served, of `most` environments: the oldest.
    pub fn versions(&self, most: usize) -> Vec<(EnvironmentId, u64)> {
        let index = self.index.load();
        let mut oldest: Vec<_> = index.environments.values().collect();
        oldest.sort_unstable_by_key(|environment| environment.id);
        let version = |it: &Arc<LiveEnvironment>| (it.id, it.ruleset().version());
        oldest.into_iter().take(most).map(version).collect()
    }

    /// How many follow a feed.
    pub fn followers(&self) -> u32 {
        self.following.count()
    }

    /// Follows the environment of `key` from this moment on.
    pub fn follow(&self, key: &Arc<LiveKey>, limits: StreamLimits) -> Result<Follower, TooMany> {
        Follower::new(&self.following, key, limits)
    }

    /// Watches everything that changes in `project` from this moment on, for `user`.
    pub fn watch(&self, project: &Project, user: UserId) -> Result<Watcher, Crowded> {
        self.tower.watch(project.id, project.organization, user)
    }

    /// Gives everyone who follows or watches anything a sign of life.
    pub fn beat(&self) {
        self.tower.beat();
        for environment in self.index.load().environments.values() {
            environment.feed.beat();
        }
    }

    /// Ends what follows with keys whose time is over at `now`.
    pub fn end_expired(&self, now: Timestamp) {
        let index = self.index.load();
        for live in index.keys.values().filter(|live| !live.is_live(now) && !live.has_ended()) {
            live.end();
        }
    }

    /// Ends everything that follows or watches, for good.
    pub fn close(&self) {
        self.following.close();
        self.tower.close();
        for environment in self.index.load().environments.values() {
            environment.feed.wake();
        }
    }

    /// Adds an environment.
    pub fn add_environment(&self, environment: LiveEnvironment) {
        self.change(|index| {
            index.environments.insert(environment.id, Arc::new(environment));
        });
    }

    /// Tells those who watch that something of `realm` changed of which they are told nothing else.
    pub fn tell_watchers(&self, realm: Realm) {
        self.tower.tell_unsaid(Some(realm));
    }

    /// Adds an API key.
    pub fn add_key(&self, key: ApiKey) {
        self.change(|index| index.add_key(key));
    }

    /// From the moment `end` on an API key does not work. If that is over at `now`, what follows with it ends.
    pub fn end_key(&self, id: ApiKeyId, end: Timestamp, now: Timestamp) {
        if let Some(live) = self.key_with_id(id) {
            live.set_end(end);
        }
        self.end_expired(now);
    }

    /// The keys that were used since that was last written down, with the moment of their last use.
    pub fn used_keys(&self) -> Vec<(Arc<LiveKey>, Timestamp)> {
        let index = self.index.load();
        let used = index.keys.values().filter_map(|live| Some((Arc::clone(live), live.unwritten_use()?)));
        used.collect()
    }

    /// Takes an environment away, with all of its API keys.
    pub fn remove_environment(&self, id: EnvironmentId) {
        let mut gone = Vec::new();
        self.change(|index| {
            index.environments.remove(&id);
            gone.extend(index.keys.extract_if(|_, live| live.environment.id == id));
        });
        for (_, live) in gone {
            live.end();
        }
    }

    /// Takes an API key away: from now on nobody finds it, and what follows with it ends.
    pub fn remove_key(&self, id: ApiKeyId) {
        let mut gone = Vec::new();
        self.change(|index| gone.extend(index.keys.extract_if(|_, live| live.key.id == id)));
        for (_, live) in gone {
            live.end();
        }
    }

    /// Serves what another one was made of. Who follows an environment that stays hears of it, and what goes on with a
    /// key that is the same goes on.
    pub fn replace(&self, fresh: Self, at: Timestamp) {
        let (present, fresh) = (self.index.load_full(), fresh.index.into_inner());
        for id in present.environments.keys().filter(|id| !fresh.environments.contains_key(id)) {
            self.remove_environment(*id);
        }
        for (id, environment) in &fresh.environments {
            if present.environments.contains_key(id) {
                let ruleset = environment.ruleset();
                let version = ruleset.version();
                let notice = Notice { version, action: Action::FlagUpdated, subject: None, at };
                self.publish(ruleset.with(version, []), [notice]);
            } else {
                self.change(|index| drop(index.environments.insert(*id, Arc::clone(environment))));
            }
        }
        let same = |live: &LiveKey| {
            fresh
                .keys
                .get(&live.key.digest)
                .is_some_and(|it| it.key == live.key && it.until() == live.until())
        };
        for live in present.keys.values().filter(|live| !same(live)) {
            self.remove_key(live.key.id);
        }
        for live in fresh.keys.values().filter(|live| self.key(&live.key.digest).is_none()) {
            self.add_key(live.key.clone());
        }
        self.tower.tell_unsaid(None);
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
            self.keys.insert(key.digest, Arc::new(LiveKey::new(key, environment)));
        }
    }
}
