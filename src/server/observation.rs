//! What watches the server: the clock that durations are measured with, traces on their way to a collector, and what
//! the process takes of the machine.

use std::fs;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::Error;
pub(super) use crate::telemetry::otlp::Exporter;
use crate::{
    auth::entropy::SystemEntropy,
    config::Otlp,
    control::instruments::Instruments,
    http::metrics::ProcessFigures,
    trace::{Sampling, Tracer},
};

/// Ticks of a second in `/proc`, which Linux has the same on every machine.
const TICKS_PER_SECOND: f64 = 100.0;
const BYTES_PER_KIB: u64 = 1024;

/// Where the fields of `/proc/self/stat` stand that are used, counted behind the name of the process.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;
const START_TICKS: usize = 19;

/// Instruments that trace nothing.
pub(super) fn instruments() -> Instruments {
    Instruments { stopwatch: Instant::now, tracer: None }
}

/// The instruments of a server that is about to start, and what sends its traces, if anything does.
pub(super) fn begin(settings: &Otlp) -> Result<(Instruments, Option<Exporter>), Error> {
    if settings.otlp_endpoint.is_none() {
        return Ok((instruments(), None));
    }
    let mut seed = [0; 8];
    // Without entropy identifiers are predictable, and they are not secrets.
    let _predictable = SystemEntropy::new().fill(&mut seed);
    let sampling = Sampling::share(settings.otlp_sample_ratio.share());
    let (tracer, spans) = Tracer::new(sampling, u64::from_le_bytes(seed));
    let exporter =
        Exporter::start(settings, spans, || (SystemTime::now(), Instant::now())).map_err(|error| {
            Error::Process(format!("the thread that sends traces cannot be started: {error}"))
        })?;
    Ok((Instruments { tracer: Some(Arc::new(tracer)), ..instruments() }, exporter))
}

/// Waits until the last traces are sent, for a moment.
pub(super) async fn finish(exporter: Option<Exporter>) {
    if let Some(exporter) = exporter {
        // What panicked has said so.
        let _panicked = tokio::task::spawn_blocking(|| exporter.finish()).await;
    }
}

/// What the process takes, where there is a `/proc` that says so.
pub(super) fn process() -> ProcessFigures {
    let read = |path: &str| fs::read_to_string(path).ok();
    let stat = read("/proc/self/stat");
    let ticks = |field| stat.as_deref().and_then(|stat| ticks(stat, field));
    let booted = read("/proc/stat").and_then(|stat| field(&stat, "btime")?.parse::<f64>().ok());
    let resident = read("/proc/self/status").and_then(|status| field(&status, "VmRSS:")?.parse::<u64>().ok());
    let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64);
    ProcessFigures {
        started: booted.zip(ticks(START_TICKS)).map(|(booted, ticks)| booted + ticks / TICKS_PER_SECOND),
        cpu_seconds: ticks(USER_TICKS)
            .zip(ticks(SYSTEM_TICKS))
            .map(|(user, own)| (user + own) / TICKS_PER_SECOND),
        resident_bytes: resident.map(|kib| kib * BYTES_PER_KIB),
        // One of them is this directory.
        open_fds: open.map(|count| count.saturating_sub(1)),
    }
}

/// A field of `/proc/self/stat`. The name of the process may have any characters, and ends with the last parenthesis.
fn ticks(stat: &str, place: usize) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(place)?.parse().ok()
}

/// The first word behind a name at the beginning of a line.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_behind_the_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 4990 0 2 0 125 75 0 0 20 0 5 0 123456 1 2 3";
        assert_eq!((ticks(stat, USER_TICKS), ticks(stat, SYSTEM_TICKS)), (Some(125.0), Some(75.0)));
        assert_eq!((ticks(stat, START_TICKS), ticks("7", 0)), (Some(123_456.0), None));
        assert_eq!(field("Name:\tx\nVmRSS:\t  5128 kB\n", "VmRSS:"), Some("5128"));
    }
}
