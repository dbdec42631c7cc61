//! Randomness from the operating system, and the two primitives every stored proof needs: a digest and a
//! comparison that tells nothing by its duration.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{self, Context, SHA256, SHA256_OUTPUT_LEN};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// A SHA-256 digest.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

/// The operating system's generator, asked by a system call: the cryptographic library has one of its own, which
/// gathers noise for 20 ms before it gives any, and other ways to the system's want a folder `/dev`. Only `server.rs`
/// makes one.
#[derive(Debug, Default)]
pub struct SystemEntropy(());

/// The operating system gave no randomness; nothing secret can be made without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntropyUnavailable;

impl SystemEntropy {
    /// A handle to the generator; cheap, it holds no state of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Overwrites `bytes` with randomness fit for keys.
    pub fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match getrandom(&mut *rest, GetRandomFlags::empty()) {
                Ok(0) => return Err(EntropyUnavailable),
                // The system gives less than it was asked for if a signal arrives meanwhile.
                Ok(filled) => rest = &mut rest[filled..],
                Err(Errno::INTR) => {}
                Err(_) => return Err(EntropyUnavailable),
            }
        }
        Ok(())
    }
}

/// A SHA-256 digest of what does not fit into memory at once.
pub struct Sha256(Context);

impl Sha256 {
    /// The digest of nothing yet.
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Goes on with `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything it was given.
    pub fn finish(self) -> Digest {
        taken(&self.0.finish())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

fn taken(finished: &digest::Digest) -> Digest {
    let mut digest = [0; SHA256_OUTPUT_LEN];
    digest.copy_from_slice(finished.as_ref());
    digest
}

/// The SHA-256 digest of the parts, one after another.
///
/// The borders between the parts are not part of the digest: give all but one of them a fixed length.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let finished = match parts {
        // Without a context, which would be allocated: every evaluation looks up its key by a digest.
        [whole] => digest::digest(&SHA256, whole),
        _ => {
            let mut context = Context::new(&SHA256);
            for part in parts {
                context.update(part);
            }
            context.finish()
        }
    };
    taken(&finished)
}

/// Whether the two are equal, in a time that depends on their lengths alone.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    verify_slices_are_equal(left, right).is_ok()
}

impl fmt::Display for EntropyUnavailable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the operating system gave no randomness")
    }
}

impl std::error::Error for EntropyUnavailable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_sha256_of_the_joined_parts() {
        // The first bytes of the published test vector for "abc" (FIPS 180-2).
        assert_eq!(sha256(&[b"abc"])[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(sha256(&[b"a", b"", b"bc"]), sha256(&[b"abc"]));
        assert_ne!(sha256(&[b"abd"]), sha256(&[b"abc"]));
    }

    #[test]
    fn comparison_sees_every_byte_and_the_length() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"sane"));
        assert!(!constant_time_eq(b"same", b"same "));
        assert!(constant_time_eq(b"", b""));
    }

    #[test]
    fn a_long_draw_is_filled_to_its_end() {
        // The system gives at most 32 MiB at a time.
        let mut bytes = vec![0; (32 << 20) + 64];
        SystemEntropy::new().fill(&mut bytes).unwrap();
        assert!(bytes[bytes.len() - 64..].iter().any(|byte| *byte != 0));
        SystemEntropy::new().fill(&mut []).unwrap();
    }

    #[test]
    fn two_draws_differ() {
        let entropy = SystemEntropy::new();
        let (mut first, mut second) = ([0; 32], [0; 32]);
        entropy.fill(&mut first).unwrap();
        entropy.fill(&mut second).unwrap();
        assert_ne!(first, second);
    }
}
