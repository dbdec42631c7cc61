//! The integration tests: one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod evaluate;
#[cfg(test)]
mod events;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod ruleset;
#[cfg(test)]
mod sdk_clients;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors;
