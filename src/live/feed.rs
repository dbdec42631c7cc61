//! What changed in an environment, for clients that follow it. A feed carries versions, not data: who follows it holds
//! nothing but the version that it was told last, and can sleep through any number of changes without losing anything
//! (invariant 5).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::LiveKey;
use crate::domain::{
    audit::Action,
    key::{FlagKey, SegmentKey},
    time::Timestamp,
};

/// Notices that are kept of an environment. Who is further behind is told of the last one alone.
pub const MAX_RECENT_NOTICES: usize = 64;

/// That something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The version of the ruleset that has the change.
    pub version: u64,
    /// What was done.
    pub action: Action,
    /// To what, where that is known: the process does not know what was done before it started.
    pub subject: Option<Subject>,
    /// When.
    pub at: Timestamp,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A flag.
    Flag(FlagKey),
    /// A segment.
    Segment(SegmentKey),
}

/// The feed of one environment.
#[derive(Debug)]
pub struct Feed {
    recent: ArcSwap<Recent>,
    /// Counts signs of life; whatever else is to be seen wakes those who wait for them.
    beats: watch::Sender<u64>,
}

/// The last notices, oldest first, and the version after which they are complete.
#[derive(Clone, Debug, Default)]
struct Recent {
    complete_after: u64,
    notices: Vec<Arc<Notice>>,
}

impl Feed {
    /// The feed of an environment that is at `version`.
    pub fn new(version: u64) -> Self {
        let recent = Recent { complete_after: version, notices: Vec::new() };
        Self { recent: ArcSwap::from_pointee(recent), beats: watch::Sender::default() }
    }

    /// Tells of changes, oldest first. Their ruleset must be live already: who hears of them asks for it.
    pub(super) fn tell(&self, notices: impl IntoIterator<Item = Arc<Notice>>) {
        let mut recent = Recent::clone(&self.recent.load());
        recent.notices.extend(notices);
        let excess = recent.notices.len().saturating_sub(MAX_RECENT_NOTICES);
        if let Some(last) = recent.notices.drain(..excess).next_back() {
            recent.complete_after = last.version;
        }
        self.recent.store(Arc::new(recent));
        self.wake();
    }

    /// Has everyone who follows look whether they still may.
    pub(super) fn wake(&self) {
        self.beats.send_modify(|_| {});
    }

    /// Gives everyone who follows a sign of life.
    pub(super) fn beat(&self) {
        self.beats.send_modify(|beats| *beats = beats.wrapping_add(1));
    }

    /// What changed after `version`, oldest first; if that is more than is kept, the last change alone.
    fn since(&self, version: u64) -> Vec<Arc<Notice>> {
        let recent = self.recent.load();
        let mut newer = recent.notices.iter().filter(|notice| notice.version > version);
        if version < recent.complete_after {
            return newer.next_back().into_iter().cloned().collect();
        }
        newer.cloned().collect()
    }

    /// The last notice, if it is the one of `version`.
    fn at(&self, version: u64) -> Option<Arc<Notice>> {
        self.recent.load().notices.last().filter(|notice| notice.version == version).cloned()
    }
}

/// How many may follow at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// In all.
    pub total: u32,
    /// With one API key.
    pub per_key: u32,
}

/// Why one more may not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// There are as many as the server takes.
    InAll,
    /// There are as many as it takes with one key.
    WithThisKey,
}

/// How many follow, and until when.
#[derive(Debug, Default)]
pub(super) struct Following {
    open: AtomicU32,
    closed: AtomicBool,
}

impl Following {
    /// How many follow.
    pub(super) fn count(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// From now on nobody follows anything.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// A place among those who follow; dropping it gives it back.
#[derive(Debug)]
struct Seat {
    following: Arc<Following>,
    key: Arc<LiveKey>,
}

impl Seat {
    fn take(following: &Arc<Following>, key: &Arc<LiveKey>, limits: StreamLimits) -> Result<Self, TooMany> {
        let take = |count: &AtomicU32, most: u32| {
            count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < most).then(|| open + 1))
        };
        take(&following.open, limits.total).map_err(|_| TooMany::InAll)?;
        if take(&key.followers, limits.per_key).is_err() {
            following.open.fetch_sub(1, Ordering::Relaxed);
            return Err(TooMany::WithThisKey);
        }
        Ok(Self { following: Arc::clone(following), key: Arc::clone(key) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.following.open.fetch_sub(1, Ordering::Relaxed);
        self.key.followers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One who follows the feed of an API key's environment.
#[derive(Debug)]
pub struct Follower {
    seat: Seat,
    beats: watch::Receiver<u64>,
    seen_beats: u64,
    /// The version that was told last.
    version: u64,
}

/// What one who follows is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Something changed, oldest first.
    Changes(Vec<Arc<Notice>>),
    /// Nothing changed for a while.
    Beat,
}

impl Follower {
    pub(super) fn new(
        following: &Arc<Following>,
        key: &Arc<LiveKey>,
        limits: StreamLimits,
    ) -> Result<Self, TooMany> {
        let seat = Seat::take(following, key, limits)?;
        // In this order: what changes from here on is told.
        let beats = key.environment.feed.beats.subscribe();
        let version = key.environment.ruleset().version();
        let seen_beats = *beats.borrow();
        Ok(Self { seat, beats, seen_beats, version })
    }

    /// The key that it follows with.
    pub fn key(&self) -> &Arc<LiveKey> {
        &self.seat.key
    }

    /// The version that it was told last.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What to tell somebody who was told another version last: the last change alone, as clients fetch everything
    /// anyway. Where the process does not know it, that is some change of a flag.
    pub fn last_change(&self, now: Timestamp) -> Arc<Notice> {
        let known = self.seat.key.environment.feed.at(self.version);
        let version = self.version;
        known.unwrap_or_else(|| {
            Arc::new(Notice { version, action: Action::FlagUpdated, subject: None, at: now })
        })
    }

    /// Waits for news; `None` when there will be no more, because the key has ended or the server is stopping.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            // First: what happens from here on wakes the wait below.
            let beats = self.beats.borrow_and_update().to_owned();
            if self.seat.following.closed.load(Ordering::Acquire) || self.seat.key.has_ended() {
                return None;
            }
            let silent = std::mem::replace(&mut self.seen_beats, beats) == beats;
            let changes = self.seat.key.environment.feed.since(self.version);
            if let Some(last) = changes.last() {
                self.version = last.version;
                return Some(News::Changes(changes));
            }
            if !silent {
                return Some(News::Beat);
            }
            // The feed lives as long as its environment, which the key holds.
            self.beats.changed().await.ok()?;
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
