//! Arbitrary rulesets and contexts: whatever the API's readers accept compiles or is refused, and whatever compiles
//! answers: always the same, whatever the order of the attributes, and as it explains itself.
//!
//! `PHASEFLAG_FUZZ_CASES` says how many rulesets are made up; where it is set, no evaluation may take a millisecond
//! either. `PHASEFLAG_FUZZ_SEED` begins elsewhere; a failure tells the seed of its case.

mod corpus;
mod generate;
mod targets;

use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;
use phaseflag::domain::context::Context;
use phaseflag::domain::segment::Matching;
use phaseflag::domain::time::Timestamp;
use phaseflag::engine::explain::{TestedCondition, Trace};
use phaseflag::engine::segment::Ground;
use phaseflag::engine::witness::Holds;
use phaseflag::engine::{Outcome, Reason, Ruleset, evaluate, evaluate_all, explain};
use serde_json::Value;

use crate::support::compiled::{ruleset, try_compiled, try_context, try_segment};

/// Rulesets of an ordinary run.
const CASES: u64 = 60;
/// Contexts that ask each of them.
const CONTEXTS: usize = 8;
/// What an evaluation may take, where time counts.
const SLOW: Duration = Duration::from_millis(1);
/// How often a slow evaluation is repeated, each time with a ruleset that was never asked before: the machine may have
/// had something else to do.
const REPEATED: usize = 20;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text}")))
}

#[test]
fn no_ruleset_and_no_context_are_too_strange() {
    let (asked, first) = (number("PHASEFLAG_FUZZ_CASES"), number("PHASEFLAG_FUZZ_SEED").unwrap_or(1));
    let clock = if asked.is_some() { Clock::Running } else { Clock::Stopped };
    let mut found = Found::default();
    for seed in first..first + asked.unwrap_or(CASES) {
        let outcome = catch_unwind(AssertUnwindSafe(|| case(seed, clock, &mut found)));
        if let Err(panic) = outcome {
            eprintln!("PHASEFLAG_FUZZ_SEED={seed} PHASEFLAG_FUZZ_CASES=1");
            resume_unwind(panic);
        }
    }
    println!("{found:?}");
    // If next to nothing compiled, or nothing was refused, nothing would have been tried.
    assert!(found.flags > found.refused && found.refused > 0 && found.by_reason.len() == 5, "{found:?}");
    assert!(found.memberships.len() > 1, "{found:?}");
}

/// What a run came across.
#[derive(Debug, Default)]
struct Found {
    flags: usize,
    refused: usize,
    evaluations: u64,
    by_reason: BTreeMap<&'static str, u64>,
    memberships: BTreeMap<&'static str, u64>,
    slowest: Duration,
}

/// The bodies that a ruleset is made of.
struct Bodies {
    flags: Vec<Value>,
    segments: Vec<Value>,
}

impl Bodies {
    /// The ruleset of those that are sound.
    fn ruleset(&self) -> Ruleset {
        let flags = self.flags.iter().filter_map(|body| try_compiled(body).ok());
        ruleset(flags, self.segments.iter().filter_map(|body| try_segment(body).ok()))
    }
}

/// Whether evaluations are timed.
#[derive(Clone, Copy, PartialEq)]
enum Clock {
    Stopped,
    Running,
}

fn case(seed: u64, clock: Clock, found: &mut Found) {
    let mut rng = Rng::with_seed(seed);
    let bodies = Bodies { flags: generate::flags(&mut rng), segments: generate::segments(&mut rng) };
    let flags = bodies.ruleset();
    found.flags += flags.flags().count();
    found.refused += bodies.flags.len() - flags.flags().count();
    for _ in 0..CONTEXTS {
        let Ok(context) = try_context(&generate::context(&mut rng)) else { continue };
        let mut shuffled = context.clone();
        rng.shuffle(&mut shuffled.attributes);
        let now = Timestamp::from_millis(if rng.bool() { rng.i64(..) } else { 1_800_000_000_000 });
        for outcome in evaluate_all(&flags, &context, now) {
            let key = outcome.flag.key();
            found.evaluations += 1;
            *found.by_reason.entry(outcome.reason.name()).or_default() += 1;
            let (alone, took) = ask(&flags, key, &context, now);
            assert_eq!(said(&alone), said(&outcome), "{key} {context:?}");
            let (otherwise, _) = ask(&flags, key, &shuffled, now);
            assert_eq!(said(&otherwise), said(&outcome), "{key} {context:?} {shuffled:?}");
            let trace = explain(&flags, key, &context, now).expect("the flag is there");
            assert_eq!((trace.reason, &trace.variation), (alone.reason, &alone.variation.key), "{key}");
            check_trace(&trace, &mut found.memberships);
            if clock == Clock::Running {
                let took = if took < SLOW { took } else { at_best(&bodies, key, &context, now) };
                assert!(took < SLOW, "{key} took {took:?} for {context:?}");
                found.slowest = found.slowest.max(took);
            }
        }
    }
}

fn said<'r>(outcome: &Outcome<'r>) -> (&'r str, Reason, bool) {
    (outcome.variation.key.as_str(), outcome.reason, outcome.lacks_user_key)
}

fn ask<'r>(flags: &'r Ruleset, key: &str, context: &Context<'_>, now: Timestamp) -> (Outcome<'r>, Duration) {
    let begin = Instant::now();
    let outcome = evaluate(flags, key, context, now).expect("the flag is there");
    (outcome, begin.elapsed())
}

fn at_best(bodies: &Bodies, key: &str, context: &Context<'_>, now: Timestamp) -> Duration {
    let times = (0..REPEATED).map(|_| ask(&bodies.ruleset(), key, context, now).1);
    times.min().unwrap_or_default()
}

/// Every verdict that is told follows from those told below it.
fn check_trace(trace: &Trace, memberships: &mut BTreeMap<&'static str, u64>) {
    for demand in &trace.prerequisites {
        demand.trace.iter().for_each(|trace| check_trace(trace, memberships));
    }
    for rule in &trace.rules {
        rule.conditions.iter().for_each(|condition| check_condition(condition, memberships));
        let all = rule.conditions.iter().all(|it| it.holds == Holds::Yes);
        assert_eq!(all, rule.holds == Holds::Yes, "{rule:?}");
    }
}

fn check_condition(tested: &TestedCondition, memberships: &mut BTreeMap<&'static str, u64>) {
    let operand = &tested.condition.operand;
    if operand.segments().is_some() {
        let inside = tested.segments.iter().any(|it| it.membership.inside);
        assert_eq!(operand.holds_in_segment(inside), tested.holds == Holds::Yes, "{tested:?}");
    } else {
        assert!(tested.segments.is_empty(), "{tested:?}");
    }
    for segment in &tested.segments {
        let ground = segment.membership.ground;
        *memberships.entry(ground.as_str()).or_default() += 1;
        let Some(told) = &segment.conditions else { continue };
        let mut verdicts = told.conditions.iter().map(|it| it.holds == Holds::Yes);
        let inside = match told.matching {
            Matching::All => !told.conditions.is_empty() && verdicts.all(|it| it),
            Matching::Any => verdicts.any(|it| it),
        };
        assert_eq!((segment.membership.inside, ground), (inside, Ground::Conditions), "{segment:?}");
        told.conditions.iter().for_each(|condition| check_condition(condition, memberships));
    }
}
