//! What the real program makes of a disk that takes no more, of its own violent end, and of a file that somebody damaged.
//! `src/server/durability.rs` does the same at every single step of a simulated disk.

mod flips;
mod kills;
mod room;
