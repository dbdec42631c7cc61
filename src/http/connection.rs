//! One connection, from its first byte to its last: which HTTP the client speaks, its requests, and a stream that may
//! be the last answer.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, Version, header};
use poem::{Endpoint, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::http::handover::{Content, Handover, follow};
use crate::http::listen::ListenLimits;
use crate::http::listener::{Ends, Incoming};
use crate::http::patience::Patience;
use crate::http::socket::Socket;
use crate::http::tls::{Tls, is_http2};

/// How long a client may take to agree on TLS.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

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

/// What a connection goes over.
trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for T {}

/// Whatever is not the usual: what serves it is compiled once for all of them.
type Unusual = Box<dyn Transport>;

/// How a server that stops takes leave of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It does not stop.
    Serving,
    /// A request that is on its way is still answered, and the answer is the last one on its connection.
    Leaving,
    /// Requests in flight finish; nothing more is waited for.
    Closing,
}

/// What all connections share.
pub struct Serving<E> {
    endpoint: E,
    tls: Option<Arc<Tls>>,
    http1: http1::Builder,
    either: Builder<TokioExecutor>,
    header_timeout: Duration,
    unread_timeout: Duration,
    stage: watch::Receiver<Stage>,
    /// Whether the stage is another than the first: this is looked at with every answer.
    leaving: Arc<AtomicBool>,
}

/// Tells connections of the stage that their server is at.
pub struct Farewell {
    stage: watch::Sender<Stage>,
    leaving: Arc<AtomicBool>,
}

impl Farewell {
    /// The next stage.
    pub fn reach(&self, stage: Stage) {
        self.leaving.store(stage > Stage::Serving, Ordering::Relaxed);
        self.stage.send_replace(stage);
    }
}

impl<E: Endpoint + 'static> Serving<E> {
    /// Serves `endpoint`, over TLS if there is some.
    pub fn new(endpoint: E, tls: Option<Arc<Tls>>, limits: &ListenLimits) -> (Self, Farewell) {
        let (stage, staged) = watch::channel(Stage::Serving);
        let leaving = Arc::new(AtomicBool::new(false));
        let serving = Self {
            endpoint,
            tls,
            http1: http1_builder(limits),
            either: builder(limits),
            header_timeout: limits.header_timeout,
            unread_timeout: limits.unread_timeout,
            stage: staged,
            leaving: Arc::clone(&leaving),
        };
        (serving, Farewell { stage, leaving })
    }

    /// Serves a connection until it ends.
    pub async fn connection(self: Arc<Self>, incoming: Incoming, patience: Patience) {
        let ends = incoming.ends();
        incoming.limit_unread(self.unread_timeout);
        // hyper times heads only once it knows the version of HTTP, and a client may never tell.
        patience.begin(self.header_timeout);
        let scheme = if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let talk = Talk { serving: self, scheme, ends, patience };
        // What is not the usual is boxed, so that it takes no room in the usual.
        let ended = match (incoming, talk.serving.tls.clone()) {
            (Incoming::Tcp(stream), None) => talk.plain(stream).await,
            (Incoming::Tcp(stream), Some(tls)) => Box::pin(talk.secured(stream, tls)).await,
            (Incoming::Unix(stream), _) => Box::pin(either(talk, Box::new(stream))).await,
        };
        // A client that goes away, or does not speak HTTP, is nobody's fault here.
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
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

type Ended = Result<(), Box<dyn Error + Send + Sync>>;

/// What those who deal with one connection know of it.
struct Talk<E> {
    serving: Arc<Serving<E>>,
    scheme: Scheme,
    ends: Ends,
    patience: Patience,
}

impl<E: Endpoint + 'static> Talk<E> {
    /// Serves a connection to a port.
    async fn plain(self, stream: TcpStream) -> Ended {
        let mut stage = self.serving.stage.clone();
        let speech = tokio::select! {
            speech = listen_to(&stream) => speech,
            () = reached(&mut stage, Stage::Closing) => return Ok(()),
        };
        // What hyper needs is boxed, so that its room is free while a stream goes on.
        match speech {
            Speech::Http1 => match Box::pin(http1(self, stream)).await? {
                Some((stream, content)) => Ok(follow(stream, content).await?),
                None => Ok(()),
            },
            Speech::Unknown => Box::pin(either(self, Box::new(stream))).await,
        }
    }

    /// Serves a connection to a port where TLS is spoken.
    async fn secured(self, stream: TcpStream, tls: Arc<Tls>) -> Ended {
        let mut stage = self.serving.stage.clone();
        self.patience.begin(HANDSHAKE_TIMEOUT);
        let stream = tokio::select! {
            greeted = tls.accept(stream) => greeted?,
            () = reached(&mut stage, Stage::Closing) => return Ok(()),
        };
        self.patience.begin(self.serving.header_timeout);
        if is_http2(&stream) {
            return Box::pin(either(self, Box::new(stream))).await;
        }
        match Box::pin(http1(self, Box::new(stream) as Unusual)).await? {
            Some((stream, content)) => Ok(follow(stream, content).await?),
            None => Ok(()),
        }
    }

    fn answer(
        &self,
        request: hyper::Request<Body>,
    ) -> impl Future<Output = Response<Content>> + Send + use<E> {
        self.patience.end();
        let Ends { local, remote } = self.ends.clone();
        let request = Request::from((request, local, remote, self.scheme.clone()));
        let serving = Arc::clone(&self.serving);
        async move { serving.endpoint.get_response(request).await.into() }
    }
}

/// Returns once the server is at this stage, or gone.
async fn reached(stage: &mut watch::Receiver<Stage>, wanted: Stage) {
    let _gone = stage.wait_for(|stage| *stage >= wanted).await;
}

/// Serves HTTP/1 until the connection ends, or until a stream has begun on it, which comes back with the connection.
async fn http1<E: Endpoint + 'static, S: Transport>(
    talk: Talk<E>,
    stream: S,
) -> hyper::Result<Option<(S, Content)>> {
    let handover = Handover::default();
    let service = service_fn(|request: hyper::Request<Body>| {
        // The chunks of a stream are new in HTTP/1.1.
        let handover = (request.version() == Version::HTTP_11).then(|| handover.clone());
        let answer = talk.answer(request);
        let serving = Arc::clone(&talk.serving);
        // hyper keeps the room of an answer as long as the connection.
        Box::pin(async move {
            let mut answer = answer.await;
            if serving.leaving.load(Ordering::Relaxed) {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(match handover {
                Some(handover) => handover.put_aside(answer),
                None => answer,
            })
        })
    });
    let mut stage = talk.serving.stage.clone();
    let mut builder = talk.serving.http1.clone();
    builder.timer(talk.patience.clone());
    let mut connection = builder.serve_connection(Socket::new(stream, handover.clone()), service);
    let mut until = pin!(reached(&mut stage, Stage::Closing));
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
async fn either<E: Endpoint + 'static>(talk: Talk<E>, stream: Unusual) -> Ended {
    let mut stage = talk.serving.stage.clone();
    let service = service_fn(|request: hyper::Request<Body>| {
        let old = request.version() < Version::HTTP_2;
        let answer = talk.answer(request);
        let serving = Arc::clone(&talk.serving);
        Box::pin(async move {
            let mut answer = answer.await;
            if old && serving.leaving.load(Ordering::Relaxed) {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        })
    });
    let mut builder = talk.serving.either.clone();
    builder.http1().timer(talk.patience.clone());
    let mut connection = pin!(builder.serve_connection(Socket::new(stream, Handover::default()), service));
    tokio::select! {
        served = connection.as_mut() => return served,
        () = reached(&mut stage, Stage::Closing) => connection.as_mut().graceful_shutdown(),
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
