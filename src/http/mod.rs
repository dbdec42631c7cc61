//! The HTTP face: the only layer that knows poem. Requests become domain values, answers become bytes, and
//! every failure becomes one envelope. What is decided, and what is true, is decided below.

mod api;
pub mod app;
pub mod classify;
pub mod coding;
pub mod conditional;
pub mod connection;
pub mod cookie;
pub mod dashboard;
pub mod direct;
pub mod docs;
pub mod envelope;
pub mod error;
pub mod etag;
pub mod event_stream;
pub mod file;
pub mod guard;
pub mod guesses;
pub mod handover;
pub mod json;
pub mod lines;
pub mod listen;
pub mod listener;
pub mod metrics;
pub mod middleware;
pub mod ofrep;
pub mod openapi;
pub mod packed;
pub mod page;
pub mod parameter;
pub mod patch;
pub mod patience;
pub mod payload;
pub mod plane;
mod refusal;
pub mod rulesets;
pub mod shape;
pub mod shortcut;
pub mod socket;
pub mod tagged;
pub mod tls;
pub mod wire;
pub mod words;

pub use self::error::ApiError;
