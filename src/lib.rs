//! PhaseFlag, a feature-flag server in one executable with one data file.

pub mod auth;
pub mod domain;
pub mod engine;
pub mod http;
pub mod limit;
pub mod store;
