//! The `OpenFeature` Remote Evaluation Protocol 0.3.0 (contract B3): its own shapes over the same engine, so that
//! any `OpenFeature` SDK works with an address and a key.
//!
//! ```text
//! body --request::read--> Context --engine--> Outcome --evaluation--> answer
//! whatever goes wrong, on every path below /ofrep/ --failure::translate--> the protocol's members beside our envelope
//! ```
//!
//! What the protocol leaves open is decided like this. Rules address the targeting key as `user_key`. A body that is
//! missing or empty is a context about which nothing is known. Members that the protocol does not know are ignored.
//! The `metadata` of a flag has its revision as `version`, and that of a bulk answer names the environment as
//! `flagSetId` with its version, as `OpenFeature` calls these two; nothing of rules or segments is ever told.
//!
//! A provider keeps the address of the event stream until an answer has another one, and a 304 has none. So the tag of
//! a bulk answer covers the address: before its token is over, asking again brings the next one.

pub mod api;
pub mod evaluation;
pub mod events;
pub mod failure;
pub mod request;
pub mod tag;
