//! Verbs over compiled data: a flag is compiled when it changes, and answers any number of contexts from then on.
//!
//! ```text
//! Arc<Flag> + Arc<Configuration> --compile::flag--> CompiledFlag --Ruleset::with--> Ruleset
//! Ruleset + key + Context + Timestamp --evaluate--> Outcome
//! ```
//!
//! Pure: an answer depends on these arguments alone, on every machine, and there always is one: what can go wrong
//! goes wrong in the compiler, before the change is stored.

mod attributes;
pub mod bucket;
mod chain;
pub mod compile;
pub mod evaluate;
pub mod explain;
pub mod impact;
pub mod lint;
mod memo;
pub mod outcome;
pub mod prerequisite;
#[cfg(test)]
mod properties;
pub mod published;
pub mod ruleset;
#[cfg(test)]
mod sample;
pub mod segment;
pub mod witness;

pub use self::{
    compile::{CompiledFlag, Timing},
    evaluate::{Evaluation, evaluate, evaluate_all},
    explain::{Trace, explain},
    outcome::{Outcome, Reason},
    ruleset::{Change, Ruleset},
    segment::Segments,
};
