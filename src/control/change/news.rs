//! What is told of a change when it is durable: what becomes visible in memory, and who is woken.

use std::{collections::BTreeSet, sync::Arc};

use super::Post;
use crate::{
    control::{core::Core, error::Error, load},
    domain::{
        api_key::ApiKey,
        audit::{Action, Resource, Scope},
        id::{ApiKeyId, EnvironmentId},
        schedule::Due,
        time::Timestamp,
    },
    engine::Ruleset,
    live::{
        LiveEnvironment,
        feed::{Notice, Subject},
        watch::Realm,
    },
};

/// What becomes visible beside rulesets.
pub(super) enum Publication {
    Environment(LiveEnvironment),
    Key(Box<ApiKey>),
    KeyEnds(ApiKeyId, Timestamp),
    KeyRevoked(ApiKeyId),
    EnvironmentDeleted(EnvironmentId),
    Everything,
}

/// What a ruleset becomes, and why.
pub(super) type Next = (Arc<Ruleset>, Vec<(Action, Subject)>);

/// What is told of a change.
pub(in crate::control) struct News {
    pub(super) at: Timestamp,
    pub(super) publications: Vec<Publication>,
    pub(super) rulesets: Vec<Next>,
    /// What is another than before.
    pub(super) touched: BTreeSet<Realm>,
    /// The schedule whose time comes next.
    pub(super) due: Option<Due>,
    pub(super) post: Post,
}

/// What an entry of the audit log is about that those who watch are told of without a notice. Which projects there are,
/// and what they are called, is shown in all of the organization.
pub(super) fn realm(action: Action, scope: Scope) -> Option<Realm> {
    let project = scope.project.filter(|_| action.resource() != Resource::Project).map(Realm::Project);
    project.or_else(|| scope.organization.map(Realm::Organization))
}

impl News {
    /// The rulesets that the change made.
    pub(in crate::control) fn rulesets(&self) -> impl Iterator<Item = &Arc<Ruleset>> {
        self.rulesets.iter().map(|(ruleset, _)| ruleset)
    }

    /// Whether rulesets are all that the change made, so that whoever knows those can go on from there.
    pub(super) fn is_of_rulesets(&self) -> bool {
        self.publications.is_empty()
    }

    /// Tells it, once the change is durable.
    pub(in crate::control) fn publish(self, core: &Core) -> Result<(), Error> {
        let (live, at) = (&core.live, self.at);
        for publication in self.publications {
            match publication {
                Publication::Environment(environment) => live.add_environment(environment),
                Publication::Key(key) => live.add_key(*key),
                Publication::KeyEnds(id, end) => live.end_key(id, end, at),
                Publication::KeyRevoked(id) => live.remove_key(id),
                Publication::EnvironmentDeleted(id) => live.remove_environment(id),
                Publication::Everything => live.replace(load::everything(&core.store)?, at),
            }
        }
        // Of rulesets those who watch a project are told what changed.
        let is_unsaid = |realm: &Realm| matches!(realm, Realm::Organization(_)) || self.rulesets.is_empty();
        self.touched.into_iter().filter(is_unsaid).for_each(|realm| live.tell_watchers(realm));
        for (ruleset, news) in self.rulesets {
            let version = ruleset.version();
            let notice = |(action, subject)| Notice { version, action, subject: Some(subject), at };
            live.publish(ruleset, news.into_iter().map(notice));
        }
        core.tell_due(self.due);
        match self.post {
            Post::Due => core.outbox.wake(),
            Post::None => {}
        }
        Ok(())
    }
}
