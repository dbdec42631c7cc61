//! Rulesets as they are sent: serialized once for each version, and compressed once for each version and coding.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::{
    domain::{id::EnvironmentId, time::Timestamp},
    http::{error::ApiError, packed::Packed, payload::to_bytes, wire::ruleset::RulesetAnswer},
    live::LiveEnvironment,
};

/// The rulesets of all environments that somebody fetched, each at one version. Those of environments that were deleted
/// go when the next one comes.
#[derive(Debug, Default)]
pub struct Rulesets(ArcSwap<HashMap<EnvironmentId, Arc<Kept>>>);

#[derive(Debug)]
struct Kept {
    environment: Weak<LiveEnvironment>,
    version: u64,
    body: OnceCell<Packed>,
}

impl Rulesets {
    /// The ruleset of `environment` as it is at this moment: its version and its body. Whoever asks first writes it;
    /// who asks meanwhile waits for that.
    pub async fn fetch(
        &self,
        environment: &Arc<LiveEnvironment>,
        now: Timestamp,
    ) -> Result<(u64, Packed), ApiError> {
        let ruleset = Arc::clone(&environment.ruleset());
        let version = ruleset.version();
        let kept = self.at(environment, version);
        let body = kept.body.get_or_try_init(async || {
            let environment = Arc::clone(environment);
            let write = move || to_bytes(&RulesetAnswer::of(&environment, &ruleset, now));
            let bytes: Bytes = tokio::task::spawn_blocking(write).await.map_err(ApiError::internal)??;
            Ok::<_, ApiError>(Packed::new(bytes))
        });
        Ok((version, body.await?.clone()))
    }

    /// What is kept of this version, from now on that of no other; of an older one than is kept nothing is.
    fn at(&self, environment: &Arc<LiveEnvironment>, version: u64) -> Arc<Kept> {
        let id = environment.id;
        let find = |kept: &HashMap<EnvironmentId, Arc<Kept>>| {
            kept.get(&id).filter(|kept| kept.version == version).cloned()
        };
        if let Some(kept) = find(&self.0.load()) {
            return kept;
        }
        let environment = Arc::downgrade(environment);
        let fresh = Arc::new(Kept { environment, version, body: OnceCell::new() });
        self.0.rcu(|kept| {
            let newest = kept.get(&id).is_none_or(|kept| kept.version < version);
            let mut next = HashMap::clone(kept);
            if newest {
                next.retain(|_, kept| kept.environment.strong_count() > 0);
                next.insert(id, Arc::clone(&fresh));
            }
            next
        });
        find(&self.0.load()).unwrap_or(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            environment::{Color, Environment, EnvironmentType},
            id::ProjectId,
            key::EnvironmentKey,
            text::Name,
        },
        engine::Ruleset,
    };

    fn environment(bits: u128) -> Arc<LiveEnvironment> {
        let now = Timestamp::from_seconds(0);
        let environment = Environment {
            id: EnvironmentId::from_bits(bits),
            project: ProjectId::from_bits(1),
            key: EnvironmentKey::parse("development").unwrap(),
            name: Name::trusted("Development"),
            kind: EnvironmentType::Development,
            color: Color::default(),
            frozen: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Arc::new(LiveEnvironment::new(&environment, Ruleset::new(environment.id, 1, [])))
    }

    #[test]
    fn of_each_environment_the_newest_version_is_kept() {
        let rulesets = Rulesets::default();
        let [one, other] = [1, 2].map(environment);
        let second = rulesets.at(&one, 2);
        assert!(Arc::ptr_eq(&second, &rulesets.at(&one, 2)));
        assert!(!Arc::ptr_eq(&second, &rulesets.at(&other, 2)));
        assert_eq!(rulesets.at(&one, 1).version, 1, "who holds an older ruleset gets what belongs to it");
        assert!(Arc::ptr_eq(&second, &rulesets.at(&one, 2)), "and does not displace the newer one");
        assert!(!Arc::ptr_eq(&second, &rulesets.at(&one, 3)));
        assert_eq!(rulesets.0.load().len(), 2);
        drop(other);
        rulesets.at(&one, 4);
        assert_eq!(rulesets.0.load().len(), 1, "what is gone is forgotten");
    }
}
