//! Many open streams of one server: what each costs in memory, and how soon a change is known to all of them.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::descriptors::raise_descriptor_limit;
use crate::fixture::Fixture;
use crate::{Outcome, client, table};

/// What else a process has open, and connections beside the streams.
const DESCRIPTORS_BESIDE: usize = 500;
const CONNECTIONS_BESIDE: usize = 100;

/// How many flags the project has.
const FLAGS: usize = 5;

/// How long news may take to reach everyone.
const ARRIVAL_TIMEOUT: Duration = Duration::from_mins(1);

/// The rest that memory and connections get before they are looked at.
const REST: Duration = Duration::from_secs(2);

/// What an event ends with, in a chunk of its own.
const END: &[u8] = b"\n\n\r\n";

/// Opens as many streams of `program`, and switches a flag so many times. Prints what it finds.
pub(crate) fn measure(name: &str, program: &Path, streams: usize, toggles: usize) -> Outcome<()> {
    raise_descriptor_limit(streams + DESCRIPTORS_BESIDE)?;
    let settings = [
        format!("--max-connections={}", streams + CONNECTIONS_BESIDE),
        format!("--max-streams={streams}"),
        format!("--max-streams-per-key={streams}"),
    ];
    let fixture = Fixture::start(program, FLAGS, &settings)?;
    println!("{name}: {}", fixture.first_impression(program)?);
    client::runtime()?.block_on(async {
        let before = fixture.process.resident_mib()?;
        let began = Instant::now();
        let (arrived, mut arrivals) = channel(streams);
        for _ in 0..streams {
            let stream = open(&fixture).await?;
            tokio::spawn(follow(stream, arrived.clone()));
        }
        let took = began.elapsed().as_secs_f64();
        tokio::time::sleep(REST).await;
        let with = fixture.process.resident_mib()?;
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 streams")]
        let each = (with - before) * 1024.0 / streams as f64;
        println!(
            "{streams} streams, open after {took:.1} s: {each:.2} KiB resident each \
             ({before:.1} MiB without them, {with:.1} MiB with them)"
        );

        let cpu = fixture.process.cpu()?;
        let mut latencies = Vec::new();
        for round in 0..toggles {
            latencies.extend(toggle(&fixture, round % 2 == 1, &mut arrivals, streams).await?);
        }
        let cpu = fixture.process.cpu()?.since(cpu).total() * 1e3;
        latencies.sort_unstable();
        let percentile = |percent| table::percentile(&latencies, percent) / 1e6;
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let (cpu, with) = (cpu / toggles as f64, fixture.process.resident_mib()?);
        println!(
            "{toggles} toggles, {} arrivals after the request was sent: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms; \
             {cpu:.0} ms of server CPU each; {with:.1} MiB afterwards",
            latencies.len(),
            percentile(50),
            percentile(99),
            percentile(100),
        );
        Ok(())
    })
}

/// A stream whose first event has arrived.
async fn open(fixture: &Fixture) -> Outcome<TcpStream> {
    let mut stream = TcpStream::connect(fixture.process.address).await?;
    let request = format!(
        "GET /api/v1/sdk/stream HTTP/1.1\r\nhost: {}\r\nuser-agent: phaseflag-sdk/1.0\r\n\
         accept: text/event-stream\r\nx-api-key: {}\r\n\r\n",
        fixture.process.address, fixture.key
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(END) {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(format!("no stream: {}", String::from_utf8_lossy(&answer)).into());
        }
    }
    Ok(stream)
}

/// Tells when each toggle arrives, until the stream ends.
async fn follow(mut stream: TcpStream, arrived: Sender<Instant>) {
    let mut events = Vec::new();
    while stream.read_buf(&mut events).await.is_ok_and(|bytes| bytes > 0) {
        if !events.ends_with(END) {
            continue;
        }
        let now = Instant::now();
        let toggles = events.split(|byte| *byte == b'\n').filter(|line| *line == b"event: flag.toggled");
        for _ in 0..toggles.count() {
            if arrived.send(now).await.is_err() {
                return;
            }
        }
        events.clear();
    }
}

/// Switches the first flag; the nanoseconds until each stream had heard of it.
async fn toggle(
    fixture: &Fixture,
    enabled: bool,
    arrivals: &mut Receiver<Instant>,
    streams: usize,
) -> Outcome<Vec<u32>> {
    let (api, path) = (fixture.api.clone(), fixture.toggle.clone());
    let began = Instant::now();
    let toggled = tokio::task::spawn_blocking(move || api.post(&path, &json!({"enabled": enabled})));
    let mut latencies = Vec::with_capacity(streams);
    while latencies.len() < streams {
        let arrival = timeout(ARRIVAL_TIMEOUT, arrivals.recv()).await?.ok_or("streams ended")?;
        latencies.push(u32::try_from((arrival - began).as_nanos()).unwrap_or(u32::MAX));
    }
    toggled.await??;
    Ok(latencies)
}
