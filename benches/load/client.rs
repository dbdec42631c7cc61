//! The load: connections that are kept alive, each with one request at a time, all on one thread. Requests are bytes
//! made beforehand; an answer is read to the end that its `content-length` says.
//!
//! The thread never sleeps. Whoever sends to a sleeping thread pays for waking it, so that a server would cost the more
//! the longer it makes its clients wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Outcome;

/// What answers fit into without growing, in bytes.
const BUFFER: usize = 64 * 1024;

/// Requests to one server.
pub(crate) struct Load {
    address: SocketAddr,
    /// Sent in turns.
    pub(crate) requests: Arc<[Vec<u8>]>,
}

/// What came of one round.
pub(crate) struct Run {
    /// How long it took.
    pub(crate) took: Duration,
    /// Nanoseconds that each request took.
    pub(crate) latencies: Vec<u32>,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, requests: Arc<[Vec<u8>]>) -> Self {
        Self { address, requests }
    }

    /// Sends as much as the server answers until the time is over.
    pub(crate) fn run(&self, connections: usize, time: Duration) -> Outcome<Run> {
        runtime()?.block_on(async {
            let mut open = Vec::new();
            for _ in 0..connections {
                open.push(Connection::open(self.address).await?);
            }
            let began = Instant::now();
            let mut running = JoinSet::new();
            for (place, connection) in open.into_iter().enumerate() {
                running.spawn(connection.ask(Arc::clone(&self.requests), place, began + time));
            }
            let awake = tokio::spawn(async {
                loop {
                    tokio::task::yield_now().await;
                }
            });
            let mut latencies = Vec::new();
            while let Some(ended) = running.join_next().await {
                latencies.extend(ended??);
            }
            awake.abort();
            Ok(Run { took: began.elapsed(), latencies })
        })
    }

    /// How many bytes of body an answer has, on average of all requests.
    pub(crate) fn typical_answer(&self) -> Outcome<usize> {
        runtime()?.block_on(async {
            let mut connection = Connection::open(self.address).await?;
            let mut bytes = 0;
            for request in &*self.requests {
                bytes += connection.exchange(request).await?;
            }
            Ok(bytes / self.requests.len())
        })
    }
}

pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER) })
    }

    async fn ask(mut self, requests: Arc<[Vec<u8>]>, place: usize, until: Instant) -> Outcome<Vec<u32>> {
        let mut latencies = Vec::new();
        let mut began = Instant::now();
        for request in requests.iter().cycle().skip(place) {
            self.exchange(request).await?;
            let now = Instant::now();
            latencies.push(u32::try_from((now - began).as_nanos()).unwrap_or(u32::MAX));
            if now >= until {
                break;
            }
            began = now;
        }
        Ok(latencies)
    }

    /// Sends a request and reads its answer; tells how many bytes of body it has.
    async fn exchange(&mut self, request: &[u8]) -> Outcome<usize> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed a connection".into());
            }
            if let Some((head, body)) = head(&self.buffer)?
                && self.buffer.len() >= head + body
            {
                return Ok(body);
            }
        }
    }
}

/// The lengths of the head and of the body, once the head is complete. An answer that is neither 200 nor 304 fails the
/// run.
fn head(answer: &[u8]) -> Outcome<Option<(usize, usize)>> {
    const LENGTH: &[u8] = b"content-length: ";
    let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(None) };
    if answer.starts_with(b"HTTP/1.1 304 ") {
        return Ok(Some((end + 4, 0)));
    }
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        return Err(format!("an answer is not 200: {}", String::from_utf8_lossy(answer)).into());
    }
    let mut lines = answer[..end].split(|byte| *byte == b'\n');
    let length = lines.find_map(|line| line.strip_prefix(LENGTH)).ok_or("an answer has no content-length")?;
    Ok(Some((end + 4, str::from_utf8(length)?.trim_end().parse()?)))
}
