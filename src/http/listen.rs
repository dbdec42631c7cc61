//! The accept loop, on hyper itself. poem's own server spins when file descriptors run out, and has neither a limit
//! on connections nor a time limit on request heads; this one has, and it stops within a known time.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::http::Version;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

use crate::http::handover::{Content, Handover, follow};
use crate::http::patience::{Connections, Patience};
use crate::http::socket::Socket;

/// How many connections are open at once. Further ones wait in the kernel's queue.
pub const MAX_CONNECTIONS: u32 = 12_000;
/// How long a request head may take to arrive, and how long a connection may be idle.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long requests in flight may take to finish once the server stops.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of an HTTP/1 request, in bytes; hyper reads bodies through the same buffer.
const MAX_HEAD: usize = 64 * 1024;
/// The largest list of headers of an HTTP/2 request, in bytes.
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// What every connection of HTTP/2 begins with, and no other.
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How many requests one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 256;
/// How many streams a client may reset before they are accepted (CVE-2023-44487).
const MAX_RESET_STREAMS: usize = 20;
/// How often a silent HTTP/2 connection is asked whether it lives, and how long it may take to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
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
    /// How long requests in flight may take to finish once the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            connections: MAX_CONNECTIONS,
            header_timeout: HEADER_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        }
    }
}

/// Serves HTTP/1 and, where the client knows it beforehand, HTTP/2 until `shutdown` resolves. Then nothing more is
/// accepted, requests in flight finish, and what is left after the deadline is cut. On return no connection is open.
pub async fn serve<E>(
    listener: TcpListener,
    endpoint: E,
    limits: ListenLimits,
    shutdown: impl Future<Output = ()>,
) where
    E: Endpoint + 'static,
{
    let (stop, stopped) = watch::channel(());
    let serving = Arc::new(Serving {
        endpoint,
        http1: http1_builder(&limits),
        either: builder(&limits),
        header_timeout: limits.header_timeout,
        stopped,
    });
    let mut connections = Connections::new(limits.header_timeout).await;
    let opening = async {
        let slots = Arc::new(Semaphore::new(limits.connections as usize));
        let mut accepting = pin!(accept(&listener, &slots));
        loop {
            let Accepted { stream, remote, slot } = tokio::select! {
                accepted = &mut accepting => accepted,
                never = connections.tend() => never,
            };
            accepting.set(accept(&listener, &slots));
            let serving = Arc::clone(&serving);
            connections.open(|patience| async move {
                let _slot = slot;
                serving.connection(stream, remote, patience).await;
            });
        }
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        never = opening => never,
    }

    drop((listener, stop));
    tokio::select! {
        () = connections.finish() => {}
        () = sleep(limits.shutdown_timeout) => {
            tracing::warn!(open = connections.len(), "connections did not finish in time and are cut");
        }
    }
    connections.cut().await;
}

struct Accepted {
    stream: TcpStream,
    remote: SocketAddr,
    slot: OwnedSemaphorePermit,
}

/// The next connection, once there is a slot for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Accepted {
    let mut backoff = MIN_BACKOFF;
    loop {
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else {
            // The slots are never closed.
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok((stream, remote)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection ended before it began");
                    continue;
                }
                return Accepted { stream, remote, slot };
            }
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

fn http1_builder(limits: &ListenLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(limits.header_timeout).max_buf_size(MAX_HEAD);
    builder
}

fn builder(limits: &ListenLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(limits.header_timeout).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST);
    builder
}

/// What all connections share.
struct Serving<E> {
    endpoint: E,
    http1: http1::Builder,
    either: Builder<TokioExecutor>,
    header_timeout: Duration,
    /// Its sender is gone once the server stops.
    stopped: watch::Receiver<()>,
}

impl<E: Endpoint + 'static> Serving<E> {
    async fn connection(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, patience: Patience) {
        let local = stream.local_addr().map_or_else(|_| Addr::default(), Addr::from);
        // hyper times heads only once it knows the version of HTTP, and a client may never tell.
        patience.begin(self.header_timeout);
        let mut stopped = self.stopped.clone();
        let speech = tokio::select! {
            speech = listen_to(&stream) => speech,
            _ = stopped.changed() => return,
        };
        let ends =
            Ends { serving: self, local: LocalAddr(local), remote: RemoteAddr(Addr::from(remote)), patience };
        // What hyper needs is boxed, so that its room is free while a stream goes on.
        let served = match speech {
            Speech::Http1 => Box::pin(http1(ends, stream, stopped)).await.map_err(Into::into),
            Speech::Unknown => Box::pin(either(ends, stream, stopped)).await.map(|()| None),
        };
        let ended = match served {
            Ok(Some((stream, content))) => follow(stream, content).await.map_err(Into::into),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        // A client that goes away, or does not speak HTTP, is nobody's fault here.
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// The two ends of a connection.
struct Ends<E> {
    serving: Arc<Serving<E>>,
    local: LocalAddr,
    remote: RemoteAddr,
    patience: Patience,
}

impl<E: Endpoint + 'static> Ends<E> {
    fn answer(
        &self,
        request: hyper::Request<Incoming>,
    ) -> impl Future<Output = hyper::Response<Content>> + Send + use<E> {
        self.patience.end();
        let request = Request::from((request, self.local.clone(), self.remote.clone(), Scheme::HTTP));
        let serving = Arc::clone(&self.serving);
        async move { serving.endpoint.get_response(request).await.into() }
    }
}

/// Serves HTTP/1 until the connection ends, or until a stream has begun on it, which comes back with the connection.
async fn http1<E: Endpoint + 'static>(
    ends: Ends<E>,
    stream: TcpStream,
    mut stopped: watch::Receiver<()>,
) -> hyper::Result<Option<(TcpStream, Content)>> {
    let handover = Handover::default();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        // The chunks of a stream are new in HTTP/1.1.
        let handover = (request.version() == Version::HTTP_11).then(|| handover.clone());
        let answer = ends.answer(request);
        // hyper keeps the room of an answer as long as the connection.
        Box::pin(async move {
            let answer = answer.await;
            Ok::<_, Infallible>(match handover {
                Some(handover) => handover.put_aside(answer),
                None => answer,
            })
        })
    });
    let mut builder = ends.serving.http1.clone();
    builder.timer(ends.patience.clone());
    let mut connection = builder.serve_connection(Socket::new(stream, handover.clone()), service);
    let mut until = pin!(stopped.changed());
    let mut stopping = false;
    let begun = poll_fn(|context| {
        if !stopping && until.as_mut().poll(context).is_ready() {
            stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        let served = Pin::new(&mut connection).poll(context);
        handover.take().map_or(served.map_ok(|()| None), |content| Poll::Ready(Ok(Some(content))))
    });
    let begun = begun.await?;
    Ok(begun.map(|content| (connection.into_parts().io.into_inner(), content)))
}

/// Serves whichever version of HTTP the client turns out to speak, until the connection ends.
async fn either<E: Endpoint + 'static>(
    ends: Ends<E>,
    stream: TcpStream,
    mut stopped: watch::Receiver<()>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = ends.answer(request);
        Box::pin(async move { Ok::<_, Infallible>(answer.await) })
    });
    let mut builder = ends.serving.either.clone();
    builder.http1().timer(ends.patience.clone());
    let mut connection = pin!(builder.serve_connection(Socket::new(stream, Handover::default()), service));
    tokio::select! {
        served = connection.as_mut() => return served,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// What a client speaks, as far as its first bytes tell.
#[derive(Clone, Copy, Debug)]
enum Speech {
    /// HTTP/1.
    Http1,
    /// HTTP/2, or too little to tell.
    Unknown,
}

/// Looks at the first bytes and leaves them where they are. hyper can tell as well, but reads them apart from the rest
/// for that, and keeps a buffer of twice the size for as long as the connection is open.
async fn listen_to(stream: &TcpStream) -> Speech {
    let mut first = [0; HTTP2_PREFACE.len()];
    // Whatever is wrong with the connection, whoever reads it next will see.
    let length = stream.peek(&mut first).await.unwrap_or_default();
    if HTTP2_PREFACE.starts_with(&first[..length]) { Speech::Unknown } else { Speech::Http1 }
}

#[cfg(test)]
mod tests;
