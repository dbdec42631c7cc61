//! One request and its answer, by HTTP/1.1 on a connection of its own. A redirect is an answer like any other.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::connection::{self, Stream};
use super::destination::Destination;
use super::failure::Failure;
use super::guard::Policy;

/// Bytes of the head of an answer, at most: its status and its headers.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// What an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// From the beginning to the end of the answer.
    pub whole: Duration,
    /// Bytes of the answer that are read; the rest is left where it is.
    pub answer_bytes: usize,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// As much of its body as the limits allowed.
    pub body: Vec<u8>,
}

/// Sends a request whose address is its path, and answers when the head of the answer is there. How long the connection
/// may take, and then that head, is said apart.
pub async fn begin(
    to: &Destination,
    policy: &Policy,
    request: Request<Bytes>,
    connect: Duration,
    head: Duration,
) -> Result<Response<Incoming>, Failure> {
    let (mut sender, connection) = handshake(connection::open(to, policy, connect).await?).await?;
    // It goes on until the answer is read, or nobody wants the rest of it.
    tokio::spawn(connection);
    let answer = sender.send_request(addressed(to, request));
    timeout(head, answer).await.map_err(|_| Failure::TooSlow)?.map_err(Failure::Broken)
}

/// Sends a request whose address is its path, and reads the answer as far as the limits allow. What counts is its head:
/// a body that ends too early or comes too slowly is read as far as it goes. When this is dropped, so is the connection.
pub async fn exchange(
    to: &Destination,
    policy: &Policy,
    request: Request<Bytes>,
    limits: Limits,
) -> Result<Answer, Failure> {
    let mut answer = None;
    let whole = async {
        let stream = connection::open(to, policy, limits.connect).await?;
        let (mut sender, connection) = handshake(stream).await?;
        let read = async {
            let response = sender.send_request(addressed(to, request)).await.map_err(Failure::Broken)?;
            let (head, body) = response.into_parts();
            let head = Answer { status: head.status, headers: head.headers, body: Vec::new() };
            read(body, limits.answer_bytes, answer.insert(head)).await;
            Ok(())
        };
        tokio::pin!(read);
        tokio::select! {
            done = &mut read => done,
            // What it has received by then is still there to be read.
            _ended = connection => read.await,
        }
    };
    let ended = timeout(limits.whole, whole).await.unwrap_or(Err(Failure::TooSlow));
    match (answer, ended) {
        (Some(answer), _) => Ok(answer),
        (None, Err(failure)) => Err(failure),
        (None, Ok(())) => Err(Failure::TooSlow),
    }
}

/// Reads a body into an answer, up to so many bytes.
async fn read(mut body: Incoming, most: usize, answer: &mut Answer) {
    while answer.body.len() < most {
        let Some(Ok(frame)) = body.frame().await else { return };
        if let Ok(data) = frame.into_data() {
            let room = most - answer.body.len();
            answer.body.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
}

type Connection = http1::Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

async fn handshake(
    stream: Box<dyn Stream>,
) -> Result<(http1::SendRequest<Full<Bytes>>, Connection), Failure> {
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_HEAD_BYTES);
    http.handshake(TokioIo::new(stream)).await.map_err(Failure::Broken)
}

/// The request with what every request has.
fn addressed(to: &Destination, request: Request<Bytes>) -> Request<Full<Bytes>> {
    let mut request = request.map(Full::new);
    request.headers_mut().insert(HOST, to.authority().clone());
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    request
}
