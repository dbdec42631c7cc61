//! The accept loop, on hyper itself. poem's own server spins when file descriptors run out, and has neither a limit
//! on connections nor a time limit on request heads; this one has, and it stops within a known time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

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
    let serving =
        Arc::new(Serving { endpoint, builder: builder(&limits), header_timeout: limits.header_timeout });
    let graceful = GracefulShutdown::new();
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
            let (serving, watcher) = (Arc::clone(&serving), graceful.watcher());
            connections.open(|patience| async move {
                let _slot = slot;
                serving.connection(stream, remote, watcher, patience).await;
            });
        }
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        never = opening => never,
    }

    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
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
    builder: Builder<TokioExecutor>,
    header_timeout: Duration,
}

impl<E: Endpoint + 'static> Serving<E> {
    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        remote: SocketAddr,
        watcher: Watcher,
        patience: Patience,
    ) {
        let local = stream.local_addr().map_or_else(|_| Addr::default(), Addr::from);
        let mut builder = self.builder.clone();
        builder.http1().timer(patience.clone());
        // hyper times heads only once it knows the version of HTTP, and a client may never tell.
        patience.begin(self.header_timeout);
        // Requests of HTTP/2 run as tasks of their own, so they share what they need.
        let this = Arc::clone(&self);
        let service = service_fn(|request: hyper::Request<Incoming>| {
            patience.end();
            let (local, remote) = (LocalAddr(local.clone()), RemoteAddr(Addr::from(remote)));
            Arc::clone(&this).answer(Request::from((request, local, remote, Scheme::HTTP)))
        });
        let serving = builder.serve_connection(Socket::new(stream), service);
        // A client that goes away, or does not speak HTTP, is nobody's fault here.
        if let Err(error) = watcher.watch(serving).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: Request,
    ) -> Result<hyper::Response<BoxBody<bytes::Bytes, io::Error>>, Infallible> {
        Ok(self.endpoint.get_response(request).await.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use poem::endpoint::make;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinHandle;

    use super::*;

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        done: JoinHandle<()>,
    }

    async fn start(endpoint: impl Endpoint + 'static, limits: ListenLimits) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(serve(listener, endpoint, limits, async { drop(stopped.await) }));
        Running { address, stop, done }
    }

    impl Running {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        async fn stop(self) {
            self.stop.send(()).unwrap();
            self.done.await.unwrap();
        }
    }

    async fn send(stream: &mut TcpStream, path: &str) {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    }

    /// Reads one answer, which ends with the body "end".
    async fn receive(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"end") {
            assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "{}", String::from_utf8_lossy(&text));
        }
        String::from_utf8(text).unwrap()
    }

    async fn is_closed(mut stream: TcpStream) -> bool {
        let mut rest = Vec::new();
        // A reset closes as well as an end.
        stream.read_to_end(&mut rest).await.map_or(true, |_| rest.is_empty())
    }

    #[tokio::test]
    async fn a_connection_serves_many_requests_and_knows_its_client() {
        let endpoint = make(|request: Request| async move {
            Ok::<_, poem::Error>(format!("{} {} end", request.uri().path(), request.remote_addr().0))
        });
        let server = start(endpoint, ListenLimits::default()).await;
        let mut client = server.connect().await;
        let me = client.local_addr().unwrap();
        for path in ["/a", "/b"] {
            send(&mut client, path).await;
            let answer = receive(&mut client).await;
            assert!(
                answer.starts_with("HTTP/1.1 200 OK")
                    && answer.ends_with(&format!("{path} socket://{me} end")),
                "{answer}"
            );
        }
        server.stop().await;
        assert!(is_closed(client).await);
    }

    #[tokio::test]
    async fn http_2_is_spoken_to_clients_that_begin_with_it() {
        let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), ListenLimits::default()).await;
        let mut client = server.connect().await;
        // The preface and an empty SETTINGS frame; the answer begins with the server's SETTINGS (type 4).
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut head = [0; 9];
        client.read_exact(&mut head).await.unwrap();
        assert_eq!(head[3], 4);
        drop(client);
        server.stop().await;
    }

    #[tokio::test]
    async fn stopping_finishes_what_is_in_flight_and_accepts_nothing_more() {
        let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (inside, outside) = (Arc::clone(&entered), Arc::clone(&release));
        let endpoint = make(move |_| {
            let (inside, outside) = (Arc::clone(&inside), Arc::clone(&outside));
            async move {
                inside.notify_one();
                outside.notified().await;
                Ok::<_, poem::Error>("end")
            }
        });
        let server = start(endpoint, ListenLimits::default()).await;
        let mut client = server.connect().await;
        send(&mut client, "/").await;
        entered.notified().await;
        server.stop.send(()).unwrap();
        release.notify_one();
        assert!(receive(&mut client).await.contains("200 OK"));
        server.done.await.unwrap();
        assert!(TcpStream::connect(server.address).await.is_err());
    }

    #[tokio::test]
    async fn stopping_cuts_what_does_not_finish() {
        let entered = Arc::new(Notify::new());
        let inside = Arc::clone(&entered);
        let endpoint = make(move |_| {
            inside.notify_one();
            std::future::pending::<poem::Result<&'static str>>()
        });
        let limits = ListenLimits { shutdown_timeout: Duration::from_millis(1), ..ListenLimits::default() };
        let server = start(endpoint, limits).await;
        let mut client = server.connect().await;
        send(&mut client, "/").await;
        entered.notified().await;
        server.stop().await;
        assert!(is_closed(client).await);
    }

    #[tokio::test]
    async fn a_head_that_does_not_arrive_is_not_waited_for() {
        let limits = ListenLimits { header_timeout: Duration::from_millis(20), ..ListenLimits::default() };
        let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), limits).await;
        for beginning in [&b"GET / HTTP/1.1\r\nhost: "[..], b"", b"PRI * HT"] {
            let mut client = server.connect().await;
            client.write_all(beginning).await.unwrap();
            assert!(is_closed(client).await, "{beginning:?}");
        }
        server.stop().await;
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_wait_for_their_turn() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let inside = Arc::clone(&seen);
        let endpoint = make(move |request: Request| {
            inside.lock().unwrap().push(request.uri().path().to_owned());
            async { Ok::<_, poem::Error>("end") }
        });
        let server = start(endpoint, ListenLimits { connections: 1, ..ListenLimits::default() }).await;
        let (mut first, mut second) = (server.connect().await, server.connect().await);
        send(&mut second, "/second").await;
        for path in ["/first", "/first again"] {
            send(&mut first, path.split(' ').next().unwrap()).await;
            receive(&mut first).await;
        }
        drop(first);
        receive(&mut second).await;
        assert_eq!(*seen.lock().unwrap(), ["/first", "/first", "/second"]);
        server.stop().await;
    }
}
