//! PhaseFlag, a feature-flag server in one executable with one data file.

pub mod domain;
pub mod engine;
