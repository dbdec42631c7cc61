//! The integration tests: one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors;
