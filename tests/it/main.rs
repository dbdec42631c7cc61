//! The integration tests: one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod vectors;
