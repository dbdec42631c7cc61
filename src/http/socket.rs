//! A connection as hyper writes to it. hyper hands out the head and the body of an answer as two buffers; the system
//! takes longer to collect the two than to take one, so small answers are put together here. And here it is seen when
//! hyper has written all that it had.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::http::handover::Handover;

/// The largest answer that is put together, head included, in bytes.
const MAX_JOINED: usize = 2048;

/// A connection over `S`.
pub struct Socket<S> {
    stream: TokioIo<S>,
    handover: Handover,
}

impl<S: Unpin> Socket<S> {
    /// The connection of `stream`, of which `handover` is told when everything is written.
    pub fn new(stream: S, handover: Handover) -> Self {
        Self { stream: TokioIo::new(stream), handover }
    }

    /// The connection again.
    pub fn into_inner(self) -> S {
        self.stream.into_inner()
    }

    fn inner(self: Pin<&mut Self>) -> Pin<&mut TokioIo<S>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl<S: AsyncRead + Unpin> Read for Socket<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> Write for Socket<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes a connection after it has written everything to it.
        self.handover.flushed();
        self.inner().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut joined = [0; MAX_JOINED];
        let mut room = &mut joined[..];
        for part in parts {
            if io::Write::write_all(&mut room, part).is_err() {
                return self.inner().poll_write_vectored(context, parts);
            }
        }
        let length = MAX_JOINED - room.len();
        self.inner().poll_write(context, &joined[..length])
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn parts_arrive_in_their_order_whatever_their_size() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut socket = Socket::new(listener.accept().await.unwrap().0, Handover::default());
        for (head, body) in [(1, 0), (MAX_JOINED - 1, 1), (MAX_JOINED, 1), (10, 2 * MAX_JOINED)] {
            let (head, body) = (vec![b'h'; head], vec![b'b'; body]);
            let parts = [IoSlice::new(&head), IoSlice::new(&body)];
            let written =
                poll_fn(|context| Pin::new(&mut socket).poll_write_vectored(context, &parts)).await.unwrap();
            assert_eq!(written, head.len() + body.len());
            let mut arrived = vec![0; written];
            client.read_exact(&mut arrived).await.unwrap();
            assert_eq!(arrived, [head, body].concat());
        }
    }
}
