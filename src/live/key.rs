//! An API key as it is served: what asks and follows with it, until when it counts, and when it was used last.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use super::LiveEnvironment;
use crate::domain::{api_key::ApiKey, time::Timestamp};

/// The end of a key that has none, and the last use of one that was never used.
const NEVER: i64 = i64::MAX;
const UNUSED: i64 = i64::MIN;

/// An API key as it is looked up.
#[derive(Debug)]
pub struct LiveKey {
    /// The key, as it was when it was loaded or made. Until when it counts, [`Self::is_live`] knows.
    pub key: ApiKey,
    /// The environment that it evaluates.
    pub environment: Arc<LiveEnvironment>,
    /// How many follow the environment with it.
    pub(super) followers: AtomicU32,
    ended: AtomicBool,
    /// When it stops working, in milliseconds since the Unix epoch.
    end: AtomicI64,
    /// When it was used last, in milliseconds since the Unix epoch.
    used: AtomicI64,
    /// The last use that is written down.
    written: AtomicI64,
}

impl LiveKey {
    pub(super) fn new(key: ApiKey, environment: Arc<LiveEnvironment>) -> Self {
        Self {
            environment,
            followers: AtomicU32::new(0),
            ended: AtomicBool::new(false),
            end: AtomicI64::new(key.expires_at.map_or(NEVER, Timestamp::millis)),
            used: AtomicI64::new(UNUSED),
            written: AtomicI64::new(UNUSED),
            key,
        }
    }

    /// Whether it still works at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now.millis() < self.until()
    }

    /// Whether it was revoked, or its time is over. Who found it before that may hold it still.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// It was shown at `now`. Within a second only the first time is noted, so that those who show it at the same time
    /// do not wait for each other's memory.
    pub fn note_use(&self, now: Timestamp) {
        let known = Timestamp::from_millis(self.used.load(Ordering::Relaxed));
        if known.seconds() != now.seconds() {
            self.used.fetch_max(now.millis(), Ordering::Relaxed);
        }
    }

    /// When it was used last, since the process started.
    pub fn last_used(&self) -> Option<Timestamp> {
        Some(self.used.load(Ordering::Relaxed)).filter(|at| *at != UNUSED).map(Timestamp::from_millis)
    }

    /// Its last use, if that is not written down yet.
    pub(super) fn unwritten_use(&self) -> Option<Timestamp> {
        self.last_used().filter(|at| at.millis() != self.written.load(Ordering::Relaxed))
    }

    /// Its use at this moment is written down.
    pub fn use_is_written(&self, at: Timestamp) {
        self.written.store(at.millis(), Ordering::Relaxed);
    }

    /// When it stops working, in milliseconds since the Unix epoch.
    pub(super) fn until(&self) -> i64 {
        self.end.load(Ordering::Acquire)
    }

    /// From `end` on it does not work.
    pub(super) fn set_end(&self, end: Timestamp) {
        self.end.store(end.millis(), Ordering::Release);
    }

    /// Ends what follows with it.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.environment.feed.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::tests::live;
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_last_use_is_noted_by_the_second_and_written_down_once() {
        let (_, key) = live();
        assert_eq!((key.last_used(), key.unwritten_use()), (None, None));
        for millis in [5_000, 5_999, 4_000] {
            key.note_use(at(millis));
        }
        assert_eq!(key.unwritten_use(), Some(at(5_000)));
        key.note_use(at(6_000));
        key.use_is_written(at(5_000));
        assert_eq!(key.unwritten_use(), Some(at(6_000)), "it was used while that was written");
        key.use_is_written(at(6_000));
        assert_eq!((key.last_used(), key.unwritten_use()), (Some(at(6_000)), None));
    }

    #[test]
    fn a_key_works_until_its_end_which_can_be_moved() {
        let (_, key) = live();
        assert!(key.is_live(at(99_999)) && !key.is_live(at(100_000)));
        key.set_end(at(7));
        assert!(key.is_live(at(6)) && !key.is_live(at(7)));
    }
}
