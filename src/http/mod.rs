//! The HTTP face: the only layer that knows poem. Requests become domain values, answers become bytes, and
//! every failure becomes one envelope. What is decided, and what is true, is decided below.

pub mod classify;
pub mod docs;
pub mod envelope;
pub mod error;
pub mod etag;
pub mod json;
pub mod listen;
pub mod middleware;
pub mod openapi;
pub mod patch;
pub mod payload;
pub mod shape;
