//! Those who follow: streams that stay open, and what they were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::Outcome;
use crate::team::Team;

/// How long the last news may take to be everywhere.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);
/// What a stream that ended leaves as its version.
const ENDED: u64 = u64::MAX;

/// Streams of one server, read by a thread of their own.
pub(crate) struct Streams {
    /// The version that each was told of last.
    versions: Vec<Arc<AtomicU64>>,
    events: Arc<AtomicU64>,
    _runtime: Runtime,
}

impl Streams {
    pub(crate) fn open(url: &str, team: &Team, count: usize) -> Outcome<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let address = url.strip_prefix("http://").ok_or("no address")?;
        let events = Arc::<AtomicU64>::default();
        let versions = runtime.block_on(async {
            let mut versions = Vec::new();
            for _ in 0..count {
                let mut stream = TcpStream::connect(address).await?;
                stream.write_all(team.stream_request().as_bytes()).await?;
                let mut begun = Vec::new();
                while !begun.windows(b"event: connected".len()).any(|part| part == b"event: connected") {
                    if stream.read_buf(&mut begun).await? == 0 {
                        return Err(format!("no stream: {}", String::from_utf8_lossy(&begun)).into());
                    }
                }
                let version = Arc::<AtomicU64>::default();
                tokio::spawn(follow(stream, Arc::clone(&version), Arc::clone(&events)));
                versions.push(version);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(versions)
        })?;
        Ok(Self { versions, events, _runtime: runtime })
    }

    /// Waits until all of them were told of this version; the events that came in all.
    pub(crate) fn end_at(self, version: u64) -> Outcome<u64> {
        let began = Instant::now();
        loop {
            let seen = || self.versions.iter().map(|version| version.load(Ordering::Relaxed));
            let behind = seen().filter(|seen| *seen != version).count();
            if behind == 0 {
                return Ok(self.events.load(Ordering::Relaxed));
            }
            if began.elapsed() > ARRIVAL_TIMEOUT {
                let ended = seen().filter(|seen| *seen == ENDED).count();
                return Err(
                    format!("{behind} streams are not at version {version}, {ended} of them ended").into()
                );
            }
            thread::sleep(LOOK);
        }
    }
}

/// Notes the versions that a stream tells of, until it ends.
async fn follow(mut stream: TcpStream, version: Arc<AtomicU64>, events: Arc<AtomicU64>) {
    const ID: &[u8] = b"id: ";
    let mut unread = Vec::new();
    while stream.read_buf(&mut unread).await.is_ok_and(|bytes| bytes > 0) {
        while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let id = line.strip_prefix(ID).and_then(|id| str::from_utf8(id).ok()?.trim().parse().ok());
            if let Some(id) = id {
                version.store(id, Ordering::Relaxed);
                events.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    version.store(ENDED, Ordering::Relaxed);
}
