//! Nouns and their laws. Pure: no input or output, no clock, no async runtime.

pub mod api_key;
pub mod environment;
pub mod id;
pub mod time;
pub mod violation;
