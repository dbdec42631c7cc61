//! What is asked of the server at the same time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::team::Team;

/// Batches of events, and pages of each list, per second.
const EVENTS_EACH_SECOND: u32 = 10;
const PAGES_EACH_SECOND: u32 = 2;
/// Events of a batch.
const EVENTS_OF_A_BATCH: usize = 20;
/// Of how many changes one is of a rule; the others switch.
const CHANGES_TO_A_RULE: u64 = 5;
/// Flags that are changed, in turns.
const CHANGED_FLAGS: u64 = 20;

/// When work begins, and for how long it goes on.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) began: Instant,
    pub(crate) time: Duration,
}

impl Clock {
    /// Does `work` at each moment at which it is due, or as soon after that as it can; `work` is told how often it was done, and when
    /// it was due.
    pub(crate) fn pace(
        self,
        every: Duration,
        first: Duration,
        mut work: impl FnMut(u64, Instant) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut due = first;
        for number in 0.. {
            if due >= self.time {
                break;
            }
            let at = self.began + due;
            thread::sleep(at.saturating_duration_since(Instant::now()));
            work(number, at)?;
            due += every;
        }
        Ok(())
    }
}

/// Evaluates as one of so many that together ask at this rate; nanoseconds from when each request was due until it was answered.
pub(crate) fn evaluate(team: &Team, clock: Clock, number: u32, of: u32, rate: u32) -> Outcome<Vec<u64>> {
    let every = Duration::from_secs(1) * of / rate;
    let mut times = Vec::new();
    clock.pace(every, every * number / of, |_, due| {
        team.evaluate()?;
        times.push(u64::try_from(due.elapsed().as_nanos())?);
        Ok(())
    })?;
    Ok(times)
}

/// What goes on beside evaluations.
#[derive(Clone, Copy)]
pub(crate) enum Side<'a> {
    /// Applications tell what they evaluated themselves.
    Events,
    /// Somebody looks at the flags.
    Flags,
    /// Somebody looks at the audit log.
    Audit,
    /// The whole file is downloaded, so often.
    Backup(Duration),
    /// Applications begin to follow, and leave.
    Stream,
    /// Flags are switched, and their rules changed.
    Changes { each_second: u32, made: &'a AtomicU64 },
}

impl Side<'_> {
    pub(crate) fn work(self, team: &Team, clock: Clock) -> Outcome<()> {
        let second = Duration::from_secs(1);
        match self {
            Self::Events => {
                clock.pace(second / EVENTS_EACH_SECOND, Duration::ZERO, |_, _| team.tell(EVENTS_OF_A_BATCH))
            }
            Self::Flags => clock.pace(second / PAGES_EACH_SECOND, Duration::ZERO, |_, _| team.page()),
            Self::Audit => clock.pace(second / PAGES_EACH_SECOND, second / 4, |_, _| team.log()),
            Self::Backup(every) => clock.pace(every, every / 2, |_, _| team.backup()),
            Self::Stream => clock.pace(second, Duration::ZERO, |_, _| team.follow_once()),
            Self::Changes { each_second, made } => {
                clock.pace(second / each_second, Duration::ZERO, |number, _| {
                    let flag = format!("flag-{}", number % CHANGED_FLAGS);
                    if number % CHANGES_TO_A_RULE == 0 {
                        team.roll_out(&flag, number % 100)?;
                    } else {
                        team.switch(&flag, (number / CHANGED_FLAGS).is_multiple_of(2))?;
                    }
                    made.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                })
            }
        }
    }
}
