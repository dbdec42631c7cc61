//! Nouns and their laws. Pure: no input or output, no clock, no async runtime.

pub mod api_key;
pub mod audit;
pub mod context;
pub mod environment;
pub mod flag;
pub mod flag_change;
pub mod id;
pub mod invitation;
pub mod key;
pub(crate) mod named;
pub mod network;
pub mod operator;
pub mod organization;
pub mod page;
pub mod personal_token;
pub mod project;
pub mod role;
pub mod rollout;
pub mod rule;
pub mod segment;
pub mod text;
pub mod time;
pub mod usage;
pub mod user;
pub mod value;
pub mod violation;
