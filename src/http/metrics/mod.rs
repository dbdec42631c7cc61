//! What a monitoring system scrapes: every metric with its type, its labels and its meaning once, and beside them
//! where its samples come from. Labels are bounded: routes, methods, statuses and words are those of tables; of
//! environments there are at most [`MAX_ENVIRONMENT_SERIES`]. Names of organizations, flags and people are no labels.
//!
//! What is counted is counted elsewhere; here it is read.

mod exposition;
mod sources;

pub use self::exposition::CONTENT_TYPE;
pub use self::sources::Sources;

use self::exposition::Exposition;

/// Environments whose version is told, at most: the oldest.
pub const MAX_ENVIRONMENT_SERIES: usize = 200;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, from the start of the process on.
    Counter,
    /// It is what it is at this moment.
    Gauge,
    /// How often something took no longer than each of [`crate::tally::BOUNDS_MICROS`].
    Histogram,
}

impl Kind {
    /// How the format calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
    samples: fn(&Sources<'_>, &mut Exposition),
}

macro_rules! families {
    ($($name:ident $kind:ident [$($label:ident),*] $meaning:literal $samples:path;)*) => {
        /// Every metric.
        pub const FAMILIES: &[Family] = &[$(Family {
            name: stringify!($name),
            kind: Kind::$kind,
            labels: &[$(stringify!($label)),*],
            meaning: $meaning,
            samples: $samples,
        },)*];
    };
}

families! {
    phaseflag_build_info Gauge [version] "1, with the version that runs" sources::build;
    phaseflag_http_requests_total Counter [route, method, status]
        "Requests answered; all unknown paths are one route" sources::requests;
    phaseflag_http_request_duration_seconds Histogram [route]
        "Time until the head of the answer was ready" sources::request_durations;
    phaseflag_evaluations_total Counter [reason]
        "Flags evaluated, by the reason of their value; REPORTED by applications that evaluate by themselves"
        sources::evaluations;
    phaseflag_streams Gauge [] "Streams that are open" sources::streams;
    phaseflag_environments Gauge [] "Environments served" sources::environments;
    phaseflag_api_keys Gauge [] "API keys known" sources::api_keys;
    phaseflag_ruleset_version Gauge [environment_id]
        "Version of the ruleset, of the 200 oldest environments" sources::versions;
    phaseflag_rulesets_published_total Counter [] "Rulesets that took the place of another" sources::published;
    phaseflag_changes_total Counter [outcome]
        "Changes, those of the server itself included: committed, rehearsed, refused, failed, or turned_away because too many waited"
        sources::changes;
    phaseflag_changes_waiting Gauge [] "Changes that wait for the writer" sources::waiting;
    phaseflag_change_wait_seconds Histogram [] "Time that changes waited for the writer" sources::waits;
    phaseflag_commit_duration_seconds Histogram [] "Time to make a change durable" sources::commits;
    phaseflag_schedules_total Counter [outcome]
        "Schedules whose time had come: applied, failed, or gone because somebody cancelled them just then"
        sources::schedules;
    phaseflag_schedules_pending Gauge [] "Schedules whose time is to come" sources::pending_schedules;
    phaseflag_database_up Gauge [] "1 if the data file can be read, otherwise 0" sources::database;
    phaseflag_database_size_bytes Gauge [] "Size of the data file" sources::database_size;
    phaseflag_audit_entries Gauge [] "Entries of the audit log" sources::audit_entries;
    phaseflag_webhook_deliveries_pending Gauge [] "Deliveries that wait, those of paused webhooks included"
        sources::pending_deliveries;
    phaseflag_webhook_oldest_pending_seconds Gauge []
        "Age of the oldest delivery that waits; 0 if none does" sources::oldest_delivery;
    phaseflag_webhook_deliveries_total Counter [outcome]
        "Deliveries that are over: delivered, or failed for good" sources::deliveries;
    phaseflag_webhook_attempt_duration_seconds Histogram []
        "Time that attempts to deliver took, however they ended" sources::attempts;
    phaseflag_trace_spans_dropped_total Counter []
        "Spans that were not exported because too many waited" sources::dropped_spans;
    process_start_time_seconds Gauge [] "When the process started, since the Unix epoch" sources::started;
    process_cpu_seconds_total Counter [] "CPU time used" sources::cpu;
    process_resident_memory_bytes Gauge [] "Memory in use" sources::memory;
    process_open_fds Gauge [] "File descriptors open" sources::descriptors;
}

/// What the process takes of the machine; what is not to be learned there is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessFigures {
    /// When it started, in seconds since the Unix epoch.
    pub started: Option<f64>,
    /// Seconds of CPU time.
    pub cpu_seconds: Option<f64>,
    /// Bytes of memory.
    pub resident_bytes: Option<u64>,
    /// File descriptors that are open.
    pub open_fds: Option<u64>,
}

/// All of it as text.
pub fn exposition(sources: &Sources<'_>) -> String {
    let mut text = Exposition::default();
    for family in FAMILIES {
        text.begin(family);
        (family.samples)(sources, &mut text);
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_practice() {
        for Family { name, kind, labels, meaning, .. } in FAMILIES {
            assert!(name.starts_with("phaseflag_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(*kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
            assert!(!labels.contains(&"le") && !meaning.ends_with('.'), "{name}");
        }
        let versions = FAMILIES.iter().find(|family| family.name == "phaseflag_ruleset_version");
        assert!(versions.is_some_and(|it| it.meaning.contains(&MAX_ENVIRONMENT_SERIES.to_string())));
    }
}
