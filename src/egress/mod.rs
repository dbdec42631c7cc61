//! The way out: the only layer that opens connections to other machines, for webhooks, for traces and for commands
//! that ask a running server. (`phaseflag healthcheck`, which asks the server beside it and blocks, has its own.)
//!
//! Whoever sends says what it sends to whom ([`destination::Destination`]), which addresses that may turn out to be
//! ([`guard::Policy`]), and how long all of it may take ([`client::Limits`]). No redirect is followed, no proxy is
//! asked, and every request has a connection of its own.
//!
//! An address that was typed by a customer may lead to where only this machine gets: into the network around it, to
//! itself, to the metadata of its cloud. What is written says nothing about that: a name may resolve to anything,
//! `http://2130706433/` is 127.0.0.1, and the second answer of a name server may differ from the first one. So the
//! resolved addresses are checked, and the connection is made to exactly one of those that were checked.

pub mod client;
mod connection;
pub mod destination;
mod failure;
pub mod guard;
pub mod kind;
mod trust;

pub use failure::Failure;
