//! Nouns and their laws. Pure: no input or output, no clock, no async runtime.

pub mod id;
pub mod time;
pub mod violation;
