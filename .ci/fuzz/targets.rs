//! The targets of the plain test, by their names.

#[path = "../../tests/it/fuzz/targets.rs"]
mod shared;

/// Runs a target.
///
/// # Panics
/// If something is not as it has to be, or no target has this name.
pub fn run(name: &str, bytes: &[u8]) {
    let target = shared::TARGETS.iter().find(|(known, _)| *known == name);
    target.expect("a target has this name").1(bytes);
}
