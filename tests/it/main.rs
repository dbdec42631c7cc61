//! The integration tests: one binary.

mod architecture;
mod vectors;

#[cfg(test)]
