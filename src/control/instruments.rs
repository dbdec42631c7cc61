//! What is measured of changes: how long they wait for the writer and for the disk, and what becomes of them. Nothing
//! here decides anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{call::Call, error::Error, schedule::Ran};
use crate::{
    domain::named::named,
    tally::{Counter, Durations},
    trace::{Context, Ending, Kind, Span, Tracer, Value},
};

/// A change that takes longer, its wait included, has a line in the log.
const SLOW_CHANGE: Duration = Duration::from_secs(1);

named! {
    /// What became of a change.
    Outcome {
        /// It is durable.
        Committed = "committed",
        /// It was tried out, and undone as it was meant to be.
        Rehearsed = "rehearsed",
        /// It may not be made, or not of what is there.
        Refused = "refused",
        /// It could not be made: the data file, or a fault of ours.
        Failed = "failed",
        /// Too many were waiting.
        TurnedAway = "turned_away",
    }
}

/// How changes are measured. The clock only rises, and says nothing about the moment.
#[derive(Clone, Debug)]
pub struct Instruments {
    /// Reads that clock.
    pub stopwatch: fn() -> Instant,
    /// Takes spans, if anything is traced.
    pub tracer: Option<Arc<Tracer>>,
}

/// What was measured since the process started.
#[derive(Debug, Default)]
pub struct Measured {
    /// By [`Outcome`].
    outcomes: [Counter; Outcome::ALL.len()],
    /// From being asked for until it was its turn.
    pub waits: Durations,
    /// Making changes durable.
    pub commits: Durations,
    /// By [`Ran`].
    schedules: [Counter; Ran::ALL.len()],
}

impl Measured {
    /// How many changes ended in each way.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Outcome::ALL.iter().zip(&self.outcomes).map(|((_, name), counter)| (*name, counter.total()))
    }

    /// How many schedules were over in each way when their time came.
    pub fn schedules(&self) -> impl Iterator<Item = (Ran, u64)> {
        Ran::ALL.iter().zip(&self.schedules).map(|((ran, _), counter)| (*ran, counter.total()))
    }

    /// Counts a schedule whose time had come.
    pub(super) fn ran(&self, ran: Ran) {
        self.schedules[ran as usize].one();
    }
}

/// From one look at the clock to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) began: Instant,
    pub(super) ended: Instant,
}

/// A change on its way through the writer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    asked: Instant,
    begun: Instant,
}

/// The instruments of one writer, and what they have shown.
#[derive(Debug)]
pub(super) struct Panel {
    instruments: Instruments,
    pub(super) measured: Measured,
}

impl Panel {
    pub(super) fn new(instruments: Instruments) -> Self {
        Self { instruments, measured: Measured::default() }
    }

    pub(super) fn now(&self) -> Instant {
        (self.instruments.stopwatch)()
    }

    /// Does something, and tells from when to when it did if it succeeded.
    pub(super) fn time<E>(&self, something: impl FnOnce() -> Result<(), E>) -> Result<Interval, E> {
        let began = self.now();
        something()?;
        Ok(Interval { began, ended: self.now() })
    }

    /// It is the turn of a change that was asked for at `asked`.
    pub(super) fn begin(&self, asked: Instant) -> Passage {
        let begun = self.now();
        self.measured.waits.note(begun - asked);
        Passage { asked, begun }
    }

    /// Nobody took a change on.
    pub(super) fn turned_away(&self) {
        self.note(Outcome::TurnedAway);
    }

    /// A change is over: it was committed within the interval, or there was nothing to commit, or it was refused.
    pub(super) fn end(&self, passage: Passage, call: &Call, made: Result<Option<Interval>, &Error>) {
        let (outcome, commit) = match made {
            Ok(Some(commit)) => (Outcome::Committed, Some(commit)),
            Ok(None) => (Outcome::Rehearsed, None),
            Err(Error::Storage(_) | Error::Internal(_)) => (Outcome::Failed, None),
            Err(_) => (Outcome::Refused, None),
        };
        self.note(outcome);
        let ended = self.now();
        if let Some(Interval { began, ended }) = commit {
            self.measured.commits.note(ended - began);
        }
        if ended - passage.asked > SLOW_CHANGE {
            tracing::warn!(
                request_id = &*call.request_id,
                outcome = outcome.as_str(),
                millis = millis(ended - passage.asked),
                waited_millis = millis(passage.begun - passage.asked),
                commit_millis = commit.map(|commit| millis(commit.ended - commit.began)),
                "a change was slow"
            );
        }
        if let (Some(tracer), Some(request)) = (&self.instruments.tracer, call.trace) {
            trace(tracer, request, passage, ended, outcome, commit);
        }
    }

    fn note(&self, outcome: Outcome) {
        self.measured.outcomes[outcome as usize].one();
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The spans of a change: the whole, and within it the wait, the work and the commit.
fn trace(
    tracer: &Tracer,
    request: Context,
    Passage { asked, begun }: Passage,
    over: Instant,
    outcome: Outcome,
    commit: Option<Interval>,
) {
    let whole = tracer.part_of(request);
    let ending = if outcome == Outcome::Failed { Ending::Failed } else { Ending::Well };
    let span = |name: &'static str, context, parent: Context, began, ended| Span {
        name: name.into(),
        kind: Kind::Internal,
        context,
        parent: Some(parent.span),
        began,
        ended,
        attributes: Vec::new(),
        ending: Ending::Well,
    };
    let part = |name, began, ended| tracer.end(span(name, tracer.part_of(whole), whole, began, ended));
    part("change.wait", asked, begun);
    part("change.transaction", begun, commit.map_or(over, |commit| commit.began));
    if let Some(Interval { began, ended }) = commit {
        part("change.commit", began, ended);
    }
    let attributes = vec![("phaseflag.change.outcome", Value::Text(outcome.as_str().into()))];
    tracer.end(Span { attributes, ending, ..span("change", whole, request, asked, over) });
}
