//! The server's secret: the root of every signature that it makes.

use std::fmt;

/// The fewest bytes a secret may have: HMAC-SHA256 is no stronger than its key, and 32 bytes are its full strength.
pub const MIN_SECRET_BYTES: usize = 32;

/// Secret bytes, at least [`MIN_SECRET_BYTES`] of them. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// A secret of fewer than [`MIN_SECRET_BYTES`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretTooShort;

impl Secret {
    /// Takes the bytes of a secret.
    pub fn new(bytes: Vec<u8>) -> Result<Self, SecretTooShort> {
        if bytes.len() < MIN_SECRET_BYTES { Err(SecretTooShort) } else { Ok(Self(bytes)) }
    }

    /// A secret of freshly drawn bytes.
    pub fn from_entropy(entropy: [u8; MIN_SECRET_BYTES]) -> Self {
        Self(entropy.to_vec())
    }

    /// The bytes themselves, to sign with or to store.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl fmt::Display for SecretTooShort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the secret must have at least {MIN_SECRET_BYTES} bytes")
    }
}

impl std::error::Error for SecretTooShort {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_bytes_are_the_least() {
        assert_eq!(Secret::new(vec![7; MIN_SECRET_BYTES - 1]), Err(SecretTooShort));
        assert!(Secret::new(vec![7; MIN_SECRET_BYTES]).is_ok());
        assert_eq!(Secret::new(Vec::new()), Err(SecretTooShort));
    }

    #[test]
    fn never_prints_its_bytes() {
        assert_eq!(format!("{:?}", Secret::from_entropy(*b"0123456789abcdef0123456789abcdef")), "***");
    }
}
