//! The HTTP face: the only layer that knows poem. Requests become domain values, answers become bytes, and
//! every failure becomes one envelope. What is decided, and what is true, is decided below.

pub mod classify;
pub mod envelope;
pub mod error;
pub mod json;
pub mod middleware;
pub mod openapi;
pub mod patch;
pub mod payload;
pub mod shape;
