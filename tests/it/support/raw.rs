//! HTTP written by hand, for what no client library would send.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take; only a broken server needs as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Connection(BufReader<TcpStream>);

/// The head of an answer, in lower case, and its body.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status.
    pub status: u16,
    /// The lines of the head after the first.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl RawAnswer {
    /// Checks that this is the error `code` with this status, in the envelope.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        assert_eq!((self.status, &body["error"]["code"]), (status, &Value::from(code)), "{self:?}");
        assert!(body["error"]["message"].is_string() && body["error"]["details"].is_object(), "{body}");
    }
}

impl Connection {
    /// Connects to `http://address:port`.
    pub fn open(url: &str) -> Self {
        Self::try_open(url).expect("the server listens")
    }

    /// Connects, if anybody listens.
    pub fn try_open(url: &str) -> Option<Self> {
        let address = url.strip_prefix("http://").expect("a plain address");
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Some(Self(BufReader::new(stream)))
    }

    /// Reads everything up to the end.
    pub fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).expect("an orderly end");
        rest
    }

    /// Sends bytes. A server that has answered already may have stopped listening.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _closed = self.0.get_mut().write_all(bytes.as_ref());
    }

    /// Reads one answer. One to a HEAD has no body, whatever its length says.
    pub fn receive(&mut self, method: &str) -> RawAnswer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).expect("a line"), 0, "closed after {head:?}");
        }
        let head = head.to_ascii_lowercase();
        let (first, rest) = head.split_once("\r\n").expect("a first line");
        let status: u16 = first.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status");
        let length = rest.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.trim().parse().expect("a length"));
        let mut body = vec![0; if method == "HEAD" || status < 200 { 0 } else { length }];
        self.0.read_exact(&mut body).expect("a body");
        RawAnswer { status, head: rest.to_owned(), body }
    }
}

/// Sends one request and reads its answer.
pub fn exchange(url: &str, request: impl AsRef<[u8]>) -> RawAnswer {
    let mut connection = Connection::open(url);
    let request = request.as_ref();
    connection.send(request);
    let method = request.split(|byte| *byte == b' ').next().unwrap_or_default();
    connection.receive(&String::from_utf8_lossy(method))
}
