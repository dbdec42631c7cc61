//! The integration tests: one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tour;
#[cfg(test)]
mod vectors;
