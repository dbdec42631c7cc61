//! Rate limits (contract A3): N per minute is a cell that holds N and refills evenly.
//!
//! governor decides; this file gives it what it lacks. Time is an argument here, while governor reads a clock, so
//! each call sees a clock that stands at zero and a `CellAt` that translates. governor tells no reset time for an
//! allowed request, so the cell notes it on its way. And governor keeps keys without bound, so [`Limiter`] sweeps
//! what is full again, and beyond [`MAX_KEYS`] lets all further keys share one cell.

use std::cell::Cell;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

/// Keys that one limiter tells apart, at about 70 bytes each.
pub const MAX_KEYS: usize = 65_536;

/// Milliseconds between two sweeps that new keys force at a full limiter. A sweep looks at every key, so a flood
/// of made-up addresses must not be able to ask for one with each request.
pub const MIN_SWEEP_INTERVAL_MILLIS: u64 = 1_000;

const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A limit of requests per minute for each key. Shared by reference between threads; never waits.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone> {
    /// `None`: the limit is off.
    quota: Option<Quota>,
    cells: DashMapStateStore<K>,
    /// The cell of all keys that came when no more could be told apart.
    overflow: InMemoryState,
    swept_at_millis: AtomicI64,
    max_keys: usize,
}

/// What a limited request is told, allowed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How many a rested cell holds; where requests are counted per minute, how many those are.
    pub limit: u32,
    /// Requests that may be sent at once after this one.
    pub remaining: u32,
    /// The Unix second at which all of them are available again.
    pub reset_at: u64,
    /// Whether this request may pass.
    pub verdict: Verdict,
}

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and has used up one of its kind.
    Allowed,
    /// It may not, and has used up nothing.
    Denied {
        /// Whole seconds until the next request may pass, at least 1.
        retry_after_seconds: u64,
    },
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limiter that lets `limit` requests a minute pass for each key; 0 turns it off.
    pub fn per_minute(limit: u32) -> Self {
        Self::of(NonZeroU32::new(limit).map(Quota::per_minute))
    }

    /// A limiter that lets `burst` requests pass for each rested key, and one more after each `interval`; a 0 of either
    /// turns it off.
    pub fn refilled(burst: u32, interval: Duration) -> Self {
        let quota = Quota::with_period(interval).zip(NonZeroU32::new(burst));
        Self::of(quota.map(|(quota, burst)| quota.allow_burst(burst)))
    }

    fn of(quota: Option<Quota>) -> Self {
        Self {
            quota,
            cells: DashMapStateStore::default(),
            overflow: InMemoryState::default(),
            swept_at_millis: AtomicI64::new(0),
            max_keys: MAX_KEYS,
        }
    }

    /// Lets a key rest: it may send as many as if it had never sent any.
    pub fn forget(&self, key: &K) {
        self.cells.remove(key);
    }

    /// Counts a request of `key` at `now_millis` (milliseconds since the Unix epoch) if it may pass. `None` where
    /// the limit is off: such a request is not limited and gets no headers.
    pub fn check(&self, key: &K, now_millis: i64) -> Option<Decision> {
        let quota = self.quota?;
        if let Some(state) = self.cells.get(key) {
            return Some(decide(quota, &state, now_millis));
        }
        if self.has_room(now_millis) {
            let state = self.cells.entry(key.clone()).or_default();
            return Some(decide(quota, &state, now_millis));
        }
        Some(decide(quota, &self.overflow, now_millis))
    }

    /// Forgets the keys whose cells are full again and gives their memory back. They lose nothing by it.
    pub fn sweep(&self, now_millis: i64) {
        self.swept_at_millis.store(now_millis, Ordering::Relaxed);
        self.cells.retain_recent(Nanos::new(nanos(now_millis)));
        ShrinkableKeyedStateStore::shrink_to_fit(&self.cells);
    }

    /// How many keys are told apart at this moment.
    pub fn keys(&self) -> usize {
        ShrinkableKeyedStateStore::len(&self.cells)
    }

    /// Whether one more key can be told apart. Threads that ask at the same moment may exceed the bound by one
    /// key each.
    fn has_room(&self, now_millis: i64) -> bool {
        if self.keys() < self.max_keys {
            return true;
        }
        let since = now_millis.abs_diff(self.swept_at_millis.load(Ordering::Relaxed));
        if since < MIN_SWEEP_INTERVAL_MILLIS {
            return false;
        }
        self.sweep(now_millis);
        self.keys() < self.max_keys
    }
}

/// Decides one request on one cell.
fn decide(quota: Quota, state: &InMemoryState, now_millis: i64) -> Decision {
    let now = nanos(now_millis);
    let full_in = Cell::new(0);
    let cell = CellAt { state, now, period: full_period(quota), full_in: &full_in };
    let limiter = RateLimiter::<_, _, _, StateInformationMiddleware>::new(quota, cell, Standing);
    let (remaining, verdict) = match limiter.check() {
        Ok(snapshot) => (snapshot.remaining_burst_capacity(), Verdict::Allowed),
        Err(refusal) => {
            let wait = refusal.earliest_possible().as_u64();
            let retry_after_seconds = wait.div_ceil(NANOS_PER_SECOND).max(1);
            (0, Verdict::Denied { retry_after_seconds })
        }
    };
    let reset_at = now.saturating_add(full_in.get()).div_ceil(NANOS_PER_SECOND);
    Decision { limit: quota.burst_size().get(), remaining, reset_at, verdict }
}

/// Nanoseconds in which an empty cell is full again.
fn full_period(quota: Quota) -> u64 {
    let each = u64::try_from(quota.replenish_interval().as_nanos()).unwrap_or(u64::MAX);
    each.saturating_mul(u64::from(quota.burst_size().get()))
}

/// Nanoseconds since the Unix epoch, which fit until the year 2554.
fn nanos(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).saturating_mul(NANOS_PER_MILLI)
}

/// A clock that always shows zero.
struct Standing;

impl Clock for Standing {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(0)
    }
}

/// One key's cell at one moment. It stores the moment at which the cell is full again, in nanoseconds since the
/// Unix epoch, and shows governor the time from now until then.
struct CellAt<'a> {
    state: &'a InMemoryState,
    now: u64,
    /// Nanoseconds in which an empty cell is full again.
    period: u64,
    /// Where to note the time until the cell is full, as of this decision.
    full_in: &'a Cell<u64>,
}

impl CellAt<'_> {
    /// No cell takes longer than its period to be full. A stored moment further ahead means that the system's
    /// clock was set back since; left alone, it would lock the key out for as long.
    fn follow_the_clock_back(&self) {
        let latest = self.now.saturating_add(self.period);
        let _unchanged = self.state.measure_and_replace(&NotKeyed::NonKey, |full_at| match full_at {
            Some(full_at) if full_at.as_u64() > latest => Ok(((), Nanos::new(latest))),
            _ => Err(()),
        });
    }
}

impl StateStore for CellAt<'_> {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.follow_the_clock_back();
        self.state.measure_and_replace(key, |full_at| {
            let full_in = full_at.map_or(0, Nanos::as_u64).saturating_sub(self.now);
            self.full_in.set(full_in);
            let (outcome, next) = decide(Some(Nanos::new(full_in)))?;
            self.full_in.set(next.as_u64());
            Ok((outcome, Nanos::new(self.now.saturating_add(next.as_u64()))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment that is no whole second, so that rounding shows.
    const START: i64 = 1_700_000_000_250;
    const START_SECOND: u64 = 1_700_000_000;

    fn check(limiter: &Limiter<&'static str>, key: &'static str, after_millis: i64) -> Decision {
        limiter.check(&key, START + after_millis).expect("the limit is on")
    }

    #[test]
    fn a_rested_cell_holds_the_whole_limit() {
        let limiter = Limiter::per_minute(3);
        for remaining in [2, 1, 0] {
            let decision = check(&limiter, "a", 0);
            assert_eq!((decision.limit, decision.remaining), (3, remaining));
            assert_eq!(decision.verdict, Verdict::Allowed);
        }
        let denied = check(&limiter, "a", 0);
        assert_eq!(denied.verdict, Verdict::Denied { retry_after_seconds: 20 });
        assert_eq!((denied.limit, denied.remaining), (3, 0));
        assert_eq!(check(&limiter, "b", 0).remaining, 2);
    }

    #[test]
    fn the_next_request_passes_exactly_when_retry_after_said() {
        let limiter = Limiter::per_minute(3);
        for _ in 0..3 {
            check(&limiter, "a", 0);
        }
        assert_eq!(check(&limiter, "a", 18_999).verdict, Verdict::Denied { retry_after_seconds: 2 });
        assert_eq!(check(&limiter, "a", 19_000).verdict, Verdict::Denied { retry_after_seconds: 1 });
        assert_eq!(check(&limiter, "a", 19_999).verdict, Verdict::Denied { retry_after_seconds: 1 });
        // The refusals above used nothing up.
        let allowed = check(&limiter, "a", 20_000);
        assert_eq!((allowed.verdict, allowed.remaining), (Verdict::Allowed, 0));
    }

    #[test]
    fn reset_is_the_second_at_which_all_are_available_again() {
        let limiter = Limiter::per_minute(3);
        // 0.25 s into the second, one of three used: full 20 s later, so from the 21st second on.
        assert_eq!(check(&limiter, "a", 0).reset_at, START_SECOND + 21);
        assert_eq!(check(&limiter, "a", 0).reset_at, START_SECOND + 41);
        assert_eq!(check(&limiter, "a", 0).reset_at, START_SECOND + 61);
        // A refusal moves nothing, neither does waiting.
        assert_eq!(check(&limiter, "a", 10_000).reset_at, START_SECOND + 61);
        // At that moment the cell holds everything: this request leaves two.
        assert_eq!(check(&limiter, "a", 60_750).remaining, 2);
    }

    #[test]
    fn zero_turns_it_off() {
        let limiter = Limiter::per_minute(0);
        assert_eq!(limiter.check(&"a", START), None);
        assert_eq!(limiter.keys(), 0);
    }

    #[test]
    fn extreme_limits_and_moments_neither_panic_nor_overflow() {
        for limit in [1, u32::MAX] {
            for now in [i64::MIN, -1, 0, 1, i64::MAX] {
                let decision = Limiter::per_minute(limit).check(&"a", now).unwrap();
                assert_eq!(decision.remaining, limit - 1);
            }
        }
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let limiter = Limiter::per_minute(3);
        for _ in 0..3 {
            check(&limiter, "a", 86_400_000);
        }
        assert_eq!(check(&limiter, "a", 0).verdict, Verdict::Denied { retry_after_seconds: 20 });
        assert_eq!(check(&limiter, "a", 20_000).verdict, Verdict::Allowed);
    }

    #[test]
    fn a_sweep_forgets_only_what_is_full_again() {
        let limiter = Limiter::per_minute(3);
        check(&limiter, "a", 0);
        check(&limiter, "b", 10_000);
        limiter.sweep(START + 20_000);
        assert_eq!(limiter.keys(), 1);
        assert_eq!(check(&limiter, "b", 20_000).remaining, 1);
        assert_eq!(check(&limiter, "a", 20_000).remaining, 2);
    }

    #[test]
    fn beyond_the_bound_new_keys_share_a_cell_and_known_ones_keep_theirs() {
        let limiter = Limiter { max_keys: 2, ..Limiter::per_minute(3) };
        check(&limiter, "a", 0);
        check(&limiter, "b", 0);
        assert_eq!(check(&limiter, "c", 0).remaining, 2);
        assert_eq!(check(&limiter, "d", 0).remaining, 1);
        assert_eq!(check(&limiter, "e", 0).remaining, 0);
        assert!(matches!(check(&limiter, "f", 0).verdict, Verdict::Denied { .. }));
        assert_eq!(check(&limiter, "a", 0).remaining, 1);
        assert_eq!(limiter.keys(), 2);
        // Once a known key is full again, its place is free for a new one.
        assert_eq!(check(&limiter, "f", 20_000).remaining, 2);
        assert_eq!(limiter.keys(), 2);
    }

    #[test]
    fn a_full_limiter_is_not_swept_with_every_request() {
        let limiter = Limiter { max_keys: 1, ..Limiter::per_minute(60) };
        check(&limiter, "a", 0);
        // This one forces a sweep, a millisecond before "a" is full again, and shares the cell of the rest.
        assert_eq!(check(&limiter, "b", 999).remaining, 59);
        assert_eq!(check(&limiter, "c", 1_998).remaining, 58);
        assert_eq!(check(&limiter, "d", 1_999).remaining, 59);
        assert_eq!(limiter.keys(), 1);
    }

    #[test]
    fn agrees_with_a_bucket_that_fills_drop_by_drop() {
        let mut random = fastrand::Rng::with_seed(7);
        for limit in [1, 2, 3, 7, 10, 59, 100, 1_000, 10_000] {
            let limiter = Limiter::per_minute(limit);
            let drop = 60 * NANOS_PER_SECOND / u64::from(limit);
            let capacity = drop * u64::from(limit);
            let (mut level, mut now) = (capacity, START);
            for _ in 0..2_000 {
                let pause = if random.bool() { 0 } else { random.i64(0..=90_000 / i64::from(limit)) };
                now += pause;
                level = capacity.min(level + nanos(pause));
                let allowed = level >= drop;
                if allowed {
                    level -= drop;
                }
                let full_at = nanos(now) + capacity - level;
                let expected = Decision {
                    limit,
                    remaining: u32::try_from(level / drop).unwrap(),
                    reset_at: full_at.div_ceil(NANOS_PER_SECOND),
                    verdict: if allowed {
                        Verdict::Allowed
                    } else {
                        let retry_after_seconds = (drop - level).div_ceil(NANOS_PER_SECOND);
                        Verdict::Denied { retry_after_seconds }
                    },
                };
                assert_eq!(limiter.check(&(), now), Some(expected), "{limit} per minute at {now}");
            }
        }
    }
}
