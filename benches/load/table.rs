//! What is printed.

use crate::Options;
use crate::client::Run;
use crate::process::Cpu;

/// One contestant in one round.
pub(crate) struct Reading {
    /// Processor time that its process used.
    pub(crate) cpu: Cpu,
    /// Memory that its process holds afterwards.
    pub(crate) resident_mib: f64,
    /// What it answered.
    pub(crate) run: Run,
}

/// One contestant in one case.
pub(crate) struct Row {
    name: String,
    /// By round.
    rates: Vec<f64>,
    cpu_micros: Vec<f64>,
    user_micros: Vec<f64>,
    /// Of all rounds, in nanoseconds.
    latencies: Vec<u32>,
    /// After the last round.
    resident_mib: f64,
}

impl Row {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rates: Vec::new(),
            cpu_micros: Vec::new(),
            user_micros: Vec::new(),
            latencies: Vec::new(),
            resident_mib: f64::NAN,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a round has far fewer than 2^52 requests")]
    pub(crate) fn add(&mut self, reading: Reading) {
        let Reading { cpu, resident_mib, run } = reading;
        self.resident_mib = resident_mib;
        let requests = run.latencies.len() as f64;
        self.rates.push(requests / run.took.as_secs_f64());
        self.cpu_micros.push(cpu.total() * 1e6 / requests);
        self.user_micros.push(cpu.user() * 1e6 / requests);
        self.latencies.extend(run.latencies);
    }

    fn latency_micros(&self, percent: usize) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        percentile(&sorted, percent) / 1e3
    }
}

/// The value that so many of a hundred are below.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(f64::NAN, |value| f64::from(*value))
}

pub(crate) fn head(options: &Options) {
    println!(
        "{} connections, {} rounds of {} ms each; medians of rounds\n",
        options.connections, options.rounds, options.millis
    );
    println!(
        "{:<28}{:>12}{:>8}{:>8}{:>12}{:>8}{:>13}{:>11}{:>11}{:>7}",
        "",
        "requests/s",
        "p50 µs",
        "p99 µs",
        "CPU µs/req",
        "(user)",
        "req/s ratio",
        "CPU ratio",
        "requests",
        "MiB"
    );
}

/// Prints a case. Ratios are to its first row: requests per second, and requests per second of processor time.
pub(crate) fn print(case: &str, rows: &[Row]) {
    println!("{case}");
    let Some(first) = rows.first() else { return };
    for row in rows {
        println!(
            "  {:<26}{:>12.0}{:>8.0}{:>8.0}{:>12.2}{:>8.2}{:>13.3}{:>11.3}{:>11}{:>7.1}",
            tail(&row.name),
            median(&row.rates),
            row.latency_micros(50),
            row.latency_micros(99),
            median(&row.cpu_micros),
            median(&row.user_micros),
            median(&ratios(&row.rates, &first.rates)),
            median(&ratios(&first.cpu_micros, &row.cpu_micros)),
            row.latencies.len(),
            row.resident_mib,
        );
    }
    println!();
}

/// Prints how the first server did beside the peer: above one is better for the first two, below one for the others.
pub(crate) fn print_rivalry(server: &Row, peer: &Row) {
    println!(
        "  {} by {}: {:.2} times the requests per second of CPU, {:.2} times the requests per second, \
         {:.2} times the p99, {:.2} times the memory\n",
        server.name,
        peer.name,
        median(&ratios(&peer.cpu_micros, &server.cpu_micros)),
        median(&ratios(&server.rates, &peer.rates)),
        server.latency_micros(99) / peer.latency_micros(99),
        server.resident_mib / peer.resident_mib,
    );
}

/// Round by round: what disturbs a round disturbs both sides of it.
fn ratios(above: &[f64], below: &[f64]) -> Vec<f64> {
    above.iter().zip(below).map(|(above, below)| above / below).collect()
}

/// The end of a name tells more than its beginning: it may be a path.
fn tail(name: &str) -> String {
    const WIDTH: usize = 25;
    let skipped = name.chars().count().saturating_sub(WIDTH);
    name.chars().skip(skipped).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
