//! Nouns and their laws. Pure: no input or output, no clock, no async runtime.

pub mod api_key;
pub mod context;
pub mod environment;
pub mod flag;
pub mod flag_change;
pub mod id;
pub mod key;
pub mod operator;
pub mod rollout;
pub mod rule;
pub mod text;
pub mod time;
pub mod value;
pub mod violation;
