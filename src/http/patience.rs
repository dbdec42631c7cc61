//! How long a connection may keep the server waiting for the head of a request. hyper asks its timer for a new sleep
//! with every request, and setting one up in the runtime and taking it down again is a large part of what a small
//! request costs. So here a connection only notes until when it may be silent, and [`Connections`] looks at all of
//! them now and then.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{self, Instant, Interval, MissedTickBehavior};

/// The times between two looks at the connections.
const MIN_INTERVAL: Duration = Duration::from_millis(1);
const MAX_INTERVAL: Duration = Duration::from_secs(1);
/// Looks within the timeout of a connection. One that is silent for too long ends with the next look but one.
const LOOKS: u32 = 8;

/// The moment until which nobody waits: that of a connection that is not waited for.
const NEVER: u64 = u64::MAX;

/// The connections that are open. Dropping it cuts them.
pub struct Connections {
    tasks: JoinSet<()>,
    waits: HashMap<Id, (AbortHandle, Patience)>,
    looks: Interval,
    last_look: Arc<Look>,
}

/// When the connections were looked at last. Good enough a clock for timeouts of seconds, and free to read.
#[derive(Debug)]
struct Look {
    began: Instant,
    interval: Duration,
    /// Milliseconds since it began.
    at: AtomicU64,
}

/// What the server waits for on one connection, and until when.
#[derive(Clone, Debug)]
pub struct Patience {
    last_look: Arc<Look>,
    /// Milliseconds since the first look.
    until: Arc<AtomicU64>,
}

impl Connections {
    /// None yet; each may be silent for `timeout` when it is waited for.
    pub async fn new(timeout: Duration) -> Self {
        let interval = (timeout / LOOKS).clamp(MIN_INTERVAL, MAX_INTERVAL);
        let mut looks = time::interval(interval);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let last_look = Arc::new(Look { began: looks.tick().await, interval, at: AtomicU64::new(0) });
        Self { tasks: JoinSet::new(), waits: HashMap::new(), looks, last_look }
    }

    /// Serves one more.
    pub fn open<F: Future<Output = ()> + Send + 'static>(&mut self, serve: impl FnOnce(Patience) -> F) {
        let patience =
            Patience { last_look: Arc::clone(&self.last_look), until: Arc::new(AtomicU64::new(NEVER)) };
        let task = self.tasks.spawn(serve(patience.clone()));
        self.waits.insert(task.id(), (task, patience));
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Forgets those that end, and ends those that have kept the server waiting for too long. Never returns; may be
    /// dropped at any time.
    pub async fn tend(&mut self) -> ! {
        loop {
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    self.waits.remove(&id);
                }
                now = self.looks.tick() => self.end_overdue(now),
            }
        }
    }

    /// Waits until all of them have ended. May be dropped at any time.
    pub async fn finish(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Ends all of them.
    pub async fn cut(&mut self) {
        self.tasks.shutdown().await;
    }

    fn end_overdue(&self, now: Instant) {
        let now = millis(now.saturating_duration_since(self.last_look.began));
        self.last_look.at.store(now, Ordering::Relaxed);
        for (task, _) in self.waits.values().filter(|(_, wait)| wait.until.load(Ordering::Relaxed) < now) {
            tracing::debug!("a connection was silent for too long");
            task.abort();
        }
    }
}

impl Patience {
    /// From now on the connection may be silent for so long.
    pub fn begin(&self, time: Duration) {
        self.set(self.present() + time);
    }

    /// Nothing is waited for.
    pub fn end(&self) {
        self.until.store(NEVER, Ordering::Relaxed);
    }

    /// The present moment, or a little later, so that nothing ends too early.
    fn present(&self) -> Instant {
        let Look { began, interval, at } = &*self.last_look;
        *began + Duration::from_millis(at.load(Ordering::Relaxed)) + *interval
    }

    fn set(&self, until: Instant) {
        let until = millis(until.saturating_duration_since(self.last_look.began));
        self.until.store(until, Ordering::Relaxed);
    }
}

impl Timer for Patience {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until((self.present() + duration).into_std())
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.set(deadline.into());
        Box::pin(Wait(Arc::clone(&self.until)))
    }

    fn now(&self) -> std::time::Instant {
        self.present().into_std()
    }

    fn reset(&self, _: &mut Pin<Box<dyn Sleep>>, deadline: std::time::Instant) {
        self.set(deadline.into());
    }
}

/// Ends never: if it lasts too long, its connection ends instead.
struct Wait(Arc<AtomicU64>);

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Sleep for Wait {}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.store(NEVER, Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::timeout;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(16);
    const LATE: Duration = Duration::from_secs(3);

    /// How many are left after this time.
    async fn left(connections: &mut Connections, time: Duration) -> usize {
        assert!(timeout(time, connections.tend()).await.is_err());
        connections.len()
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_for_too_long_is_cut_and_not_before() {
        let mut connections = Connections::new(TIMEOUT).await;
        // The looks do not begin with the connection.
        left(&mut connections, Duration::from_millis(1_700)).await;
        connections.open(|patience| async move {
            patience.begin(TIMEOUT);
            pending::<()>().await;
        });
        assert_eq!(left(&mut connections, TIMEOUT).await, 1);
        assert_eq!(left(&mut connections, LATE).await, 0);
        assert!(connections.is_empty() && connections.waits.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_not_waited_for_may_be_silent() {
        let mut connections = Connections::new(TIMEOUT).await;
        connections.open(|patience| async move {
            patience.begin(TIMEOUT);
            patience.end();
            pending::<()>().await;
        });
        connections.open(|patience| async move {
            drop(patience.sleep(TIMEOUT));
            pending::<()>().await;
        });
        connections.open(|patience| async move {
            let mut sleep = patience.sleep(TIMEOUT);
            patience.reset(&mut sleep, patience.now() + 10 * TIMEOUT);
            sleep.await;
        });
        assert_eq!(left(&mut connections, 9 * TIMEOUT).await, 3);
        assert_eq!(left(&mut connections, TIMEOUT + LATE).await, 2);
        connections.cut().await;
        assert!(connections.is_empty());
    }

    #[tokio::test]
    async fn who_ends_is_forgotten() {
        let mut connections = Connections::new(TIMEOUT).await;
        connections.open(|_| async {});
        connections.open(|_| async { panic!("of a connection") });
        while !connections.is_empty() {
            left(&mut connections, Duration::from_millis(1)).await;
        }
        assert!(connections.waits.is_empty());
    }
}
