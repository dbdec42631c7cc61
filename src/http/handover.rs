//! Taking a connection away from hyper. hyper keeps 16 KiB of buffers for as long as a connection is open, which is
//! nothing beside requests that follow each other, and nearly all that an open stream costs. So hyper reads the
//! request and writes the head of the answer as ever. If the body is a stream, hyper gets one in its place that never
//! says anything; once the head has left, the connection is taken out of hyper's hands, and what the stream says is
//! written as it comes. Such an answer is the last one on its connection, and says so.

use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::Response;
use hyper::body::{Body, Frame};
use poem::http::{HeaderValue, header};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::http::event_stream::goes_on;

/// The body of an answer.
pub type Content = BoxBody<Bytes, io::Error>;

/// What ends a body in chunks.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// What a chunk has beside its data, in bytes at most: its length in hexadecimal digits, and two ends of lines.
const CHUNK_FRAME: usize = 20;

/// What those who deal with one connection tell each other: who answers, who writes, and who waits for the head of
/// a stream to leave.
#[derive(Clone, Default)]
pub struct Handover(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stream: Option<Content>,
    head: Head,
}

/// How far the head of a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Head {
    /// There is none, or hyper has not begun with it.
    #[default]
    Unwritten,
    /// It is among what hyper has to write.
    Buffered,
    /// It has left.
    Gone,
}

impl Handover {
    /// Puts the body of an answer to HTTP/1.1 aside if it is a stream.
    pub fn put_aside(&self, mut answer: Response<Content>) -> Response<Content> {
        // A HEAD is answered with the headers of a stream and no body.
        if !goes_on(answer.headers()) || answer.body().is_end_stream() {
            return answer;
        }
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let silence = Silence(self.clone()).map_err(|never| match never {});
        let stream = std::mem::replace(answer.body_mut(), Content::new(silence));
        self.state().stream = Some(stream);
        answer
    }

    /// What hyper had to write has left.
    pub fn flushed(&self) {
        let mut state = self.state();
        if state.head == Head::Buffered {
            state.head = Head::Gone;
        }
    }

    /// The stream, once its head has left.
    pub fn take(&self) -> Option<Content> {
        let mut state = self.state();
        if state.head == Head::Gone { state.stream.take() } else { None }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What hyper has in place of a stream.
struct Silence(Handover);

impl Body for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut state = self.0.state();
        if state.head == Head::Unwritten {
            // A body is asked for data only after its head.
            state.head = Head::Buffered;
        }
        Poll::Pending
    }
}

/// Writes what `stream` says, until it ends or the client goes.
pub async fn follow<S>(mut socket: S, mut stream: Content) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let frame = tokio::select! {
            frame = stream.frame() => frame,
            gone = departure(&mut socket) => return gone,
        };
        let Some(frame) = frame else { break };
        match frame?.into_data() {
            // Without data it would be the last chunk.
            Ok(data) if !data.is_empty() => write(&mut socket, &chunk(&data)?).await?,
            Ok(_) | Err(_) => {}
        }
    }
    write(&mut socket, LAST_CHUNK).await?;
    socket.shutdown().await
}

fn chunk(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(data.len() + CHUNK_FRAME);
    write!(chunk, "{:x}\r\n", data.len())?;
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    Ok(chunk)
}

async fn write<S: AsyncWrite + Unpin>(socket: &mut S, bytes: &[u8]) -> io::Result<()> {
    socket.write_all(bytes).await?;
    socket.flush().await
}

/// Returns when the client has closed the connection. What it sends is hardly read, so that it cannot send much; nobody
/// waits for it, as this was the last answer.
async fn departure<S: AsyncRead + Unpin>(socket: &mut S) -> io::Result<()> {
    if socket.read(&mut [0]).await? == 0 { Ok(()) } else { std::future::pending().await }
}
