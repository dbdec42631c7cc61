//! Where the samples of each metric come from.

use super::exposition::Exposition;
use super::{MAX_ENVIRONMENT_SERIES, ProcessFigures};
use crate::{
    control::{
        Extent,
        outbox::{self, Backlog},
    },
    http::{
        app::App,
        middleware::{
            account::UNKNOWN_PATH,
            paths::{KnownPath, Paths},
            traffic::Traffic,
        },
    },
};

/// Everything that is read for one exposition.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    app: &'a App,
    paths: &'a Paths,
    /// What the data file says, if it says anything.
    extent: Option<Extent>,
    backlog: Option<Backlog>,
    process: ProcessFigures,
}

impl<'a> Sources<'a> {
    /// What there is to read at this moment.
    pub fn new(app: &'a App, paths: &'a Paths) -> Self {
        // What the counters of flags hold belongs to the totals.
        app.control.live().settle_all();
        let (extent, backlog) = (app.control.extent().ok(), outbox::backlog(&app.control).ok());
        Self { app, paths, extent, backlog, process: (app.process)() }
    }

    /// Every path that was asked for, and what was asked of it.
    fn traffic(&self) -> impl Iterator<Item = (&'a str, &'a Traffic)> + use<'a> {
        let paths = self.paths;
        let known = paths.known().iter().map(|path| (path.template(), paths.traffic(Some(path))));
        known.chain([(UNKNOWN_PATH, paths.traffic(None::<&KnownPath>))])
    }
}

pub(super) fn build(_: &Sources<'_>, text: &mut Exposition) {
    text.sample([env!("CARGO_PKG_VERSION")], 1);
}

pub(super) fn requests(sources: &Sources<'_>, text: &mut Exposition) {
    for (route, traffic) in sources.traffic() {
        for (method, status, times) in traffic.requests() {
            text.sample([route, method, &status], times);
        }
    }
}

pub(super) fn request_durations(sources: &Sources<'_>, text: &mut Exposition) {
    let asked =
        |(_, traffic): &(&str, &Traffic)| traffic.durations.up_to().last().is_some_and(|all| *all > 0);
    for (route, traffic) in sources.traffic().filter(asked) {
        text.histogram([route], &traffic.durations);
    }
}

pub(super) fn evaluations(sources: &Sources<'_>, text: &mut Exposition) {
    for (cause, times) in sources.app.control.live().usage.totals() {
        text.sample([cause.as_str()], times);
    }
}

pub(super) fn streams(sources: &Sources<'_>, text: &mut Exposition) {
    text.sample([], sources.app.control.live().followers());
}

pub(super) fn environments(sources: &Sources<'_>, text: &mut Exposition) {
    let (environments, _) = sources.app.control.live().extent();
    text.sample([], environments);
}

pub(super) fn api_keys(sources: &Sources<'_>, text: &mut Exposition) {
    let (_, keys) = sources.app.control.live().extent();
    text.sample([], keys);
}

pub(super) fn versions(sources: &Sources<'_>, text: &mut Exposition) {
    for (environment, version) in sources.app.control.live().versions(MAX_ENVIRONMENT_SERIES) {
        text.sample([&environment.to_string()], version);
    }
}

pub(super) fn published(sources: &Sources<'_>, text: &mut Exposition) {
    text.sample([], sources.app.control.live().published());
}

pub(super) fn changes(sources: &Sources<'_>, text: &mut Exposition) {
    for (outcome, times) in sources.app.control.measured().outcomes() {
        text.sample([outcome], times);
    }
}

pub(super) fn waiting(sources: &Sources<'_>, text: &mut Exposition) {
    text.sample([], sources.app.control.waiting_changes());
}

pub(super) fn waits(sources: &Sources<'_>, text: &mut Exposition) {
    text.histogram([], &sources.app.control.measured().waits);
}

pub(super) fn commits(sources: &Sources<'_>, text: &mut Exposition) {
    text.histogram([], &sources.app.control.measured().commits);
}

pub(super) fn schedules(sources: &Sources<'_>, text: &mut Exposition) {
    for (ran, times) in sources.app.control.measured().schedules() {
        text.sample([ran.as_str()], times);
    }
}

pub(super) fn pending_schedules(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.extent.map(|extent| extent.pending_schedules));
}

pub(super) fn database(sources: &Sources<'_>, text: &mut Exposition) {
    text.sample([], u8::from(sources.extent.is_some()));
}

pub(super) fn database_size(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.extent.and_then(|extent| extent.file_bytes));
}

pub(super) fn audit_entries(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.extent.map(|extent| extent.audit_entries));
}

pub(super) fn pending_deliveries(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.backlog.map(|backlog| backlog.pending));
}

pub(super) fn oldest_delivery(sources: &Sources<'_>, text: &mut Exposition) {
    let now = (sources.app.clock)();
    let age = |backlog: Backlog| backlog.oldest.map_or(0, |oldest| (now.seconds() - oldest.seconds()).max(0));
    optional(text, sources.backlog.map(age));
}

pub(super) fn deliveries(sources: &Sources<'_>, text: &mut Exposition) {
    for (outcome, times) in outbox::posted(&sources.app.control).outcomes() {
        text.sample([outcome], times);
    }
}

pub(super) fn attempts(sources: &Sources<'_>, text: &mut Exposition) {
    text.histogram([], &outbox::posted(&sources.app.control).attempts);
}

pub(super) fn dropped_spans(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.app.tracer.as_ref().map(|tracer| tracer.dropped()));
}

pub(super) fn started(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.process.started);
}

pub(super) fn cpu(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.process.cpu_seconds);
}

pub(super) fn memory(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.process.resident_bytes);
}

pub(super) fn descriptors(sources: &Sources<'_>, text: &mut Exposition) {
    optional(text, sources.process.open_fds);
}

fn optional(text: &mut Exposition, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        text.sample([], value);
    }
}
