//! Proofs of identity, without storage: what a credential must look like and whether it is genuine. Whether the
//! session, the user or the key behind it still exists is for `control` and `live` to say.
//!
//! Everything here is a function of its arguments. The moment is one of them, and so is the randomness:
//! [`entropy::SystemEntropy`] is made in `server.rs` and handed down.

pub mod api_key;
pub mod entropy;
pub mod jwt;
pub mod password;
pub mod refresh;
pub mod secret;
pub mod stream_token;
pub mod token;
pub mod webhook_signature;
