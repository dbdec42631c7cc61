//! The integration tests: one binary.

<<<<<<< HEAD
mod vectors;
=======
#[cfg(test)]
mod architecture;
>>>>>>> auth
