//! The integration tests: one binary.

#[cfg(test)]
mod architecture;
