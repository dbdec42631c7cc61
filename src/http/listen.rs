//! The accept loop, on hyper itself. poem's own server spins when file descriptors run out, and has neither a limit
//! on connections nor a time limit on request heads; this one has, and it stops within a known time.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::http::connection::{Serving, Stage};
use crate::http::listener::{Incoming, Listener};
use crate::http::patience::Connections;
use crate::http::tls::Tls;

/// How many connections are open at once. Further ones wait in the kernel's queue.
pub const MAX_CONNECTIONS: u32 = 12_000;
/// How long a request head may take to arrive, and how long a connection may be idle.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a client may leave unread what it was sent. It ends the connection of one that asks for much and reads nothing.
pub const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests in flight may take to finish once the server stops. With what is written down after them, it is
/// gone within ten seconds.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(9);

/// How long a connection that a client has begun may take to be made, once nobody new is let in.
const ARRIVAL_TIME: Duration = Duration::from_millis(50);
/// How long to wait after the operating system refused to accept, the first time and at most. Running out of file
/// descriptors does not pass faster by trying.
const MIN_BACKOFF: Duration = Duration::from_millis(10);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct ListenLimits {
    /// How many are open at once.
    pub connections: u32,
    /// How long a request head may take, and how long a connection may be idle.
    pub header_timeout: Duration,
    /// How long a client may leave unread what it was sent.
    pub unread_timeout: Duration,
    /// How long requests in flight may take to finish once the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            connections: MAX_CONNECTIONS,
            header_timeout: HEADER_TIMEOUT,
            unread_timeout: UNREAD_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        }
    }
}

/// Serves HTTP/1 and, where the client knows it beforehand, HTTP/2 until `shutdown` resolves. Then nobody new is let in.
/// For as long as `shutdown` says, connections that are there already may still begin a request, since a client that
/// sends one cannot know better; each answer tells it that it is the last. Then requests in flight finish, and what is
/// left after the deadline is cut. On return no connection is open.
pub async fn serve<E>(
    listener: Listener,
    tls: Option<Arc<Tls>>,
    endpoint: E,
    limits: ListenLimits,
    shutdown: impl Future<Output = Duration>,
) where
    E: Endpoint + 'static,
{
    let (serving, farewell) = Serving::new(endpoint, tls, &limits);
    let serving = Arc::new(serving);
    let mut connections = Connections::new(limits.header_timeout).await;
    let opening = async {
        let slots = Arc::new(Semaphore::new(limits.connections as usize));
        let mut accepting = pin!(accept(&listener, &slots));
        loop {
            let Accepted { incoming, slot } = tokio::select! {
                accepted = &mut accepting => accepted,
                never = connections.tend() => never,
            };
            accepting.set(accept(&listener, &slots));
            open(&mut connections, &serving, incoming, Some(slot));
        }
    };
    let grace = tokio::select! {
        biased;
        grace = shutdown => grace,
        never = opening => never,
    };

    let mut deadline = pin!(sleep(limits.shutdown_timeout));
    farewell.reach(Stage::Leaving);
    if grace.is_zero() {
        drop(listener);
    } else {
        close(listener, |incoming| open(&mut connections, &serving, incoming, None)).await;
        // Who has left before is not waited for.
        let _over = timeout(grace, connections.finish()).await;
    }
    farewell.reach(Stage::Closing);
    tokio::select! {
        () = connections.finish() => {}
        () = &mut deadline => {
            tracing::warn!(open = connections.len(), "connections did not finish in time and are cut");
        }
    }
    connections.cut().await;
}

/// Serves one more connection, and holds its slot for as long.
fn open<E: Endpoint + 'static>(
    connections: &mut Connections,
    serving: &Arc<Serving<E>>,
    incoming: Incoming,
    slot: Option<OwnedSemaphorePermit>,
) {
    let serving = Arc::clone(serving);
    connections.open(|patience| async move {
        let _slot = slot;
        serving.connection(incoming, patience).await;
    });
}

/// Closes the listener, and opens every connection that the system has made for it until then: their clients may have
/// sent requests.
async fn close(listener: Listener, mut open: impl FnMut(Incoming)) {
    let closing = match listener.close() {
        Ok(closing) => closing,
        Err(error) => return tracing::warn!(%error, "connections that were not accepted yet are cut"),
    };
    std::iter::from_fn(|| closing.next()).for_each(&mut open);
    sleep(ARRIVAL_TIME).await;
    std::iter::from_fn(|| closing.next()).for_each(open);
}

struct Accepted {
    incoming: Incoming,
    slot: OwnedSemaphorePermit,
}

/// The next connection, once there is a slot for it.
async fn accept(listener: &Listener, slots: &Arc<Semaphore>) -> Accepted {
    let mut backoff = MIN_BACKOFF;
    loop {
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else {
            // The slots are never closed.
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok(incoming) => return Accepted { incoming, slot },
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "connections cannot be accepted");
                drop(slot);
                sleep(backoff).await;
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests;
