//! The integration tests: one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod segments;
#[cfg(test)]
mod support;
#[cfg(test)]
mod targeting;
#[cfg(test)]
mod vectors;
