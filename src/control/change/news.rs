//! What is told of a change when it is durable: what becomes visible in memory, and who is woken.

use std::{collections::BTreeSet, sync::Arc};

use super::Post;
use crate::{
    control::{core::Core, error::Error, load},
    domain::{
        api_key::ApiKey,
        audit::Action,
        id::{ApiKeyId, EnvironmentId, ProjectId},
        schedule::Due,
        time::Timestamp,
    },
    engine::Ruleset,
    live::{
        LiveEnvironment,
        feed::{Notice, Subject},
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
    /// The projects that are another than before.
    pub(super) touched: BTreeSet<ProjectId>,
    /// The schedule whose time comes next.
    pub(super) due: Option<Due>,
    pub(super) post: Post,
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
        // Of rulesets those who watch are told what changed.
        if self.rulesets.is_empty() {
            self.touched.into_iter().for_each(|project| live.tell_watchers(project));
        }
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
