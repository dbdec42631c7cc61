//! Answers of many lines: JSON, one thing a line, read piece by piece as the client takes them. Nothing of the data file
//! is held between two pieces, so that a slow client costs no more than the memory of two.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame};
use poem::{IntoResponse, Response};
use serde::Serialize;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::http::error::ApiError;

/// The media type of lines of JSON.
pub const NDJSON: &str = "application/x-ndjson";

/// What reads pieces: `None` after the last one.
type Read = Box<dyn FnMut() -> Result<Option<Bytes>, ApiError> + Send>;

/// An answer of many lines.
pub struct Lines(Response);

impl Lines {
    /// What `next` answers, until it answers `None`: things, each of which becomes a line. It waits for the data file,
    /// and is called where that is allowed.
    pub fn new<T: Serialize>(
        mut next: impl FnMut() -> Result<Option<Vec<T>>, ApiError> + Send + 'static,
    ) -> Self {
        let read: Read = Box::new(move || next()?.map(|things| lines(&things)).transpose());
        let body = BoxBody::new(Reading { piece: begin(read) });
        Self(Response::builder().content_type(NDJSON).body(body))
    }
}

impl IntoResponse for Lines {
    fn into_response(self) -> Response {
        self.0
    }
}

fn lines(things: &[impl Serialize]) -> Result<Bytes, ApiError> {
    let mut lines = Vec::new();
    for thing in things {
        serde_json::to_writer(&mut lines, thing).map_err(ApiError::internal)?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}

type Piece = JoinHandle<(Read, Result<Option<Bytes>, ApiError>)>;

/// Begins to read a piece.
fn begin(mut read: Read) -> Piece {
    spawn_blocking(move || {
        let piece = read();
        (read, piece)
    })
}

struct Reading {
    piece: Piece,
}

impl Body for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = match ready!(Pin::new(&mut self.piece).poll(context)) {
            Ok((read, Ok(Some(bytes)))) => {
                // The next one is read while this one is sent.
                self.piece = begin(read);
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            Ok((_, Ok(None))) => return Poll::Ready(None),
            Ok((_, Err(error))) => error.to_string(),
            Err(error) => error.to_string(),
        };
        // The status is sent: all that is left is to end without an end, which no client takes for the whole.
        tracing::error!(error = piece, "an answer of many lines was cut off");
        Poll::Ready(Some(Err(io::Error::other(piece))))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn sent(pieces: Vec<Result<Option<Vec<u8>>, ApiError>>) -> Result<Bytes, io::Error> {
        let mut pieces = pieces.into_iter();
        let lines = Lines::new(move || pieces.next().unwrap_or(Ok(None)));
        BoxBody::from(lines.0.into_body()).collect().await.map(http_body_util::Collected::to_bytes)
    }

    #[tokio::test]
    async fn every_thing_is_a_line() {
        assert_eq!(sent(vec![]).await.unwrap(), "");
        assert_eq!(sent(vec![Ok(Some(vec![1, 2])), Ok(Some(vec![3]))]).await.unwrap(), "1\n2\n3\n");
    }

    #[tokio::test]
    async fn what_could_not_be_read_to_its_end_has_no_end() {
        let failed = ApiError::internal("the disk is gone");
        assert!(sent(vec![Ok(Some(vec![1])), Err(failed)]).await.is_err());
    }
}
