//! Somebody else's machine: it reads requests, tells the test of them, and answers what the test says. Each connection
//! has a thread, so that an answer may take as long as it likes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long something may take to arrive; only a broken server needs as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its first line.
    pub line: String,
    headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// An answer without a body.
pub fn status(status: u16) -> Vec<u8> {
    answer(status, "", "")
}

/// An answer with these lines as further headers, each with its end.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

/// The machine.
pub struct Receiver {
    /// `http://127.0.0.1:port`.
    pub url: String,
    received: mpsc::Receiver<Received>,
}

impl Receiver {
    /// A machine that answers every request with what `answer` says.
    pub fn start(answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (told, received) = mpsc::channel();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let (answer, told) = (Arc::clone(&answer), told.clone());
                thread::spawn(move || serve(stream, answer.as_ref(), &told));
            }
        });
        Self { url, received }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
    }

    /// The next request; waits for it.
    #[track_caller]
    pub fn next(&self) -> Received {
        self.received.recv_timeout(PATIENCE).expect("a request")
    }

    /// The next request, unless none arrives within so long.
    pub fn within(&self, patience: Duration) -> Option<Received> {
        self.received.recv_timeout(patience).ok()
    }

    /// The next request, if one has arrived.
    pub fn arrived(&self) -> Option<Received> {
        self.received.try_recv().ok()
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&Received) -> Vec<u8>, told: &Sender<Received>) {
    let Some(request) = read(&mut stream) else { return };
    // A test that has seen enough is gone, and so may be the client.
    let _gone = told.send(request.clone());
    let _gone = stream.write_all(&answer(&request));
}

/// One request; `None` if the connection ends before.
fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let mut request = Received { line, headers, body: bytes[end..].to_vec() };
    let length: usize =
        request.header("content-length").map_or(0, |digits| digits.parse().expect("a number"));
    while request.body.len() < length {
        let more = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        request.body.extend_from_slice(&piece[..more]);
    }
    Some(request)
}
