//! What changed anywhere, for people who look at the dashboard. There are few of them, so that one channel carries the
//! news of all environments, and each takes out of it what is of the project they look at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::feed::Notice;
use crate::domain::id::{EnvironmentId, OrganizationId, ProjectId, UserId};

/// News that one who watches may be behind. Who is further behind is told that some were missed.
const MAX_BEHIND: usize = 256;
/// Those who may watch at the same time, in all.
pub const MAX_WATCHERS: usize = 1_000;
/// The same for one account: the tabs of a person.
pub const MAX_WATCHERS_PER_ACCOUNT: usize = 20;

/// What one who watches is told.
#[derive(Clone, Debug)]
pub enum Sight {
    /// Something changed in an environment.
    Change(EnvironmentId, Arc<Notice>),
    /// Something else changed, or more than can be told.
    Missed,
    /// Nothing happened for a while.
    Beat,
}

/// What something else is that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Realm {
    /// Of one project.
    Project(ProjectId),
    /// Of an organization, as all of its projects show it: its members, or which projects there are.
    Organization(OrganizationId),
}

/// What goes through the channel.
#[derive(Clone, Debug)]
enum News {
    Change(ProjectId, EnvironmentId, Arc<Notice>),
    Unsaid(Option<Realm>),
    Beat,
    End,
}

/// The channel, and who has a place at it.
#[derive(Debug)]
pub(super) struct Tower {
    news: broadcast::Sender<News>,
    places: Arc<Places>,
}

#[derive(Debug, Default)]
struct Places(Mutex<HashMap<UserId, usize>>);

impl Places {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        // The numbers are right after every statement, so a panic elsewhere leaves them right.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// There is no room for one more who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowded;

impl Default for Tower {
    fn default() -> Self {
        Self { news: broadcast::Sender::new(MAX_BEHIND), places: Arc::default() }
    }
}

impl Tower {
    /// Tells of a change. It costs nothing if nobody watches.
    pub(super) fn tell(&self, project: ProjectId, environment: EnvironmentId, notice: &Arc<Notice>) {
        self.send(|| News::Change(project, environment, Arc::clone(notice)));
    }

    /// Tells that something of `realm` changed that has no notice; of all there is, if none is named.
    pub(super) fn tell_unsaid(&self, realm: Option<Realm>) {
        self.send(|| News::Unsaid(realm));
    }

    /// Gives everyone who watches a sign of life.
    pub(super) fn beat(&self) {
        self.send(|| News::Beat);
    }

    /// Ends everything that watches.
    pub(super) fn close(&self) {
        self.send(|| News::End);
    }

    fn send(&self, news: impl FnOnce() -> News) {
        if self.news.receiver_count() > 0 {
            // If they have all gone meanwhile, there is nobody to tell.
            let _told = self.news.send(news());
        }
    }

    /// Watches a project from this moment on.
    pub(super) fn watch(
        &self,
        project: ProjectId,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<Watcher, Crowded> {
        let mut places = self.places.lock();
        let own = places.get(&user).copied().unwrap_or_default();
        if own >= MAX_WATCHERS_PER_ACCOUNT || places.values().sum::<usize>() >= MAX_WATCHERS {
            return Err(Crowded);
        }
        places.insert(user, own + 1);
        let place = Place { user, places: Arc::clone(&self.places) };
        Ok(Watcher { project, organization, news: self.news.subscribe(), _place: place })
    }
}

/// A place among those who watch; dropping it gives it back.
#[derive(Debug)]
struct Place {
    user: UserId,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.lock();
        match places.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(places.remove(&self.user)),
        }
    }
}

/// One who watches a project.
#[derive(Debug)]
pub struct Watcher {
    project: ProjectId,
    organization: OrganizationId,
    news: broadcast::Receiver<News>,
    _place: Place,
}

impl Watcher {
    fn is_within(&self, realm: Realm) -> bool {
        match realm {
            Realm::Project(id) => id == self.project,
            Realm::Organization(id) => id == self.organization,
        }
    }

    /// Waits for something to see; `None` when the server is stopping.
    pub async fn next(&mut self) -> Option<Sight> {
        loop {
            match self.news.recv().await {
                Ok(News::Change(project, environment, notice)) if project == self.project => {
                    return Some(Sight::Change(environment, notice));
                }
                Ok(News::Unsaid(Some(realm))) if !self.is_within(realm) => {}
                Ok(News::Change(..)) => {}
                Ok(News::Beat) => return Some(Sight::Beat),
                Ok(News::Unsaid(_)) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    return Some(Sight::Missed);
                }
                Ok(News::End) | Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(bits: u128) -> UserId {
        UserId::from_bits(bits)
    }

    fn watch(tower: &Tower, project: u128, organization: u128, by: u128) -> Result<Watcher, Crowded> {
        tower.watch(ProjectId::from_bits(project), OrganizationId::from_bits(organization), user(by))
    }

    #[test]
    fn places_are_few_for_one_and_for_all_and_come_back() {
        let tower = Tower::default();
        let mut mine: Vec<_> =
            (0..MAX_WATCHERS_PER_ACCOUNT).map(|_| watch(&tower, 1, 2, 1).unwrap()).collect();
        assert_eq!(watch(&tower, 1, 2, 1).err(), Some(Crowded));
        mine.pop();
        mine.push(watch(&tower, 1, 2, 1).unwrap());
        let of_others = MAX_WATCHERS - MAX_WATCHERS_PER_ACCOUNT;
        let all: Vec<_> = (0..of_others as u128).map(|it| watch(&tower, 1, 2, 2 + it).unwrap()).collect();
        assert_eq!(watch(&tower, 1, 2, 9_999).err(), Some(Crowded));
        drop((mine, all));
        assert!(tower.places.lock().is_empty());
        watch(&tower, 1, 2, 1).unwrap();
    }

    #[tokio::test]
    async fn of_what_has_no_notice_only_those_are_told_whom_it_concerns() {
        let tower = Tower::default();
        let organization = |id| Realm::Organization(OrganizationId::from_bits(id));
        let project = |id| Realm::Project(ProjectId::from_bits(id));
        for (realm, told) in [
            (Some(project(1)), [true, false, false]),
            (Some(project(9)), [false, false, false]),
            (Some(organization(2)), [true, true, false]),
            (Some(organization(1)), [false, false, false]),
            (None, [true, true, true]),
        ] {
            let mut watchers =
                [(1, 2), (3, 2), (4, 5)].map(|(project, of)| watch(&tower, project, of, 1).unwrap());
            tower.tell_unsaid(realm);
            tower.beat();
            for (watcher, is_told) in watchers.iter_mut().zip(told) {
                let sight = watcher.next().await.unwrap();
                assert_eq!(matches!(sight, Sight::Missed), is_told, "{realm:?}: {sight:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_is_too_far_behind_is_told_so() {
        let tower = Tower::default();
        let mut watcher = watch(&tower, 1, 2, 1).unwrap();
        for _ in 0..=MAX_BEHIND {
            tower.beat();
        }
        tower.close();
        assert!(matches!(watcher.next().await, Some(Sight::Missed)));
    }
}
