//! PhaseFlag, a feature-flag server in one executable with one data file.

pub mod auth;
pub mod cli;
pub mod config;
pub mod control;
pub mod domain;
pub mod engine;
pub mod http;
pub mod limit;
pub mod live;
pub mod server;
pub mod store;
pub mod telemetry;
