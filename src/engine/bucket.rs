//! Buckets: a hash puts every user of a flag into one of them, always into the same, and a rollout hands them out
//! from the first. The hashes and what they are taken of come from the contract, A6 and B1.

use crate::domain::rollout::Algorithm;

/// Buckets of DJB2, each a percent of the users.
const DJB2_BUCKETS: u32 = 100;

/// Thousandths of a percent in one bucket of DJB2.
const DJB2_WIDTH: u32 = 1_000;

/// Buckets of `MurmurHash3`, each a thousandth of a percent of the users.
const MURMUR3_BUCKETS: u32 = 100_000;

/// Where a user's bucket begins, in thousandths of a percent of all users: 0 to 99,999. A share that ends at `sum`
/// has the bucket if it begins below `sum`; with whole percentages that is the published `bucket < sum` of DJB2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(u32);

impl Bucket {
    /// Where it begins, in thousandths of a percent.
    pub const fn thousandths(self) -> u32 {
        self.0
    }
}

/// The hash of a flag, already fed with what comes before the text of each user.
#[derive(Clone, Copy, Debug)]
pub struct Bucketer(State);

#[derive(Clone, Copy, Debug)]
enum State {
    Djb2(Djb2),
    Murmur3(Murmur3),
}

impl Bucketer {
    /// The hash of `"{prefix}:"`; the prefix is the salt of the flag, or its key.
    pub fn new(algorithm: Algorithm, prefix: &str) -> Self {
        match algorithm {
            Algorithm::Djb2 => Self(State::Djb2(Djb2::START.fed(prefix).fed(":"))),
            Algorithm::Murmur3 => Self(State::Murmur3(Murmur3::START.fed(prefix).fed(":"))),
        }
    }

    /// The bucket of the user with this text.
    pub fn bucket(&self, text: &str) -> Bucket {
        match self.0 {
            State::Djb2(hash) => Bucket(hash.fed(text).0 % DJB2_BUCKETS * DJB2_WIDTH),
            State::Murmur3(hash) => Bucket(hash.fed(text).finish() % MURMUR3_BUCKETS),
        }
    }
}

/// DJB2 over Unicode code points, as the published SDKs compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Djb2(u32);

impl Djb2 {
    const START: Self = Self(5381);

    fn fed(self, text: &str) -> Self {
        Self(text.chars().fold(self.0, |hash, char| hash.wrapping_mul(33).wrapping_add(u32::from(char))))
    }
}

/// `MurmurHash3_x86_32` with seed 0 over UTF-8. It is fed in pieces, and so keeps the bytes of an unfinished block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Murmur3 {
    hash: u32,
    /// The first bytes of the next block, little-endian.
    block: u32,
    /// Bytes fed so far, modulo 2^32; modulo 4 it is the number of bytes in `block`.
    length: u32,
}

impl Murmur3 {
    const START: Self = Self { hash: 0, block: 0, length: 0 };

    fn fed(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            self.block |= u32::from(byte) << (8 * (self.length % 4));
            self.length = self.length.wrapping_add(1);
            if self.length.is_multiple_of(4) {
                self.hash = (self.hash ^ Self::scrambled(self.block)).rotate_left(13);
                self.hash = self.hash.wrapping_mul(5).wrapping_add(0xe654_6b64);
                self.block = 0;
            }
        }
        self
    }

    fn finish(self) -> u32 {
        // An empty block scrambles to zero and so changes nothing.
        let mut hash = self.hash ^ Self::scrambled(self.block) ^ self.length;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }

    const fn scrambled(block: u32) -> u32 {
        block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn djb2_gives_the_published_hashes_and_buckets() {
        for (prefix, user, hash, bucket) in [
            ("rollout-50", "user-010", Some(26_052_703), 3),
            ("multivar-flag", "user-001", Some(3_723_854_007), 7),
            ("search-ranker", "acct-1", Some(2_620_915_838), 38),
            ("a", "b", Some(193_484_642), 42),
            ("beta-nav", "José", None, 94),
            ("beta-nav", "😀", None, 77),
        ] {
            if let Some(hash) = hash {
                assert_eq!(Djb2::START.fed(&format!("{prefix}:{user}")), Djb2(hash), "{prefix}:{user}");
            }
            let given = Bucketer::new(Algorithm::Djb2, prefix).bucket(user);
            assert_eq!(given, Bucket(bucket * DJB2_WIDTH), "{prefix}:{user}");
        }
    }

    #[test]
    fn murmur3_gives_the_reference_hashes() {
        for (text, hash) in [
            ("", 0),
            ("test", 0xba6b_d213),
            ("hello", 0x248b_fa47),
            ("hello, world", 0x149b_bb7f),
            ("Hello, world!", 0xc036_3e43),
            ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
        ] {
            assert_eq!(Murmur3::START.fed(text).finish(), hash, "{text}");
        }
    }

    #[test]
    fn murmur3_does_not_see_the_seams_between_pieces() {
        let text = "naïve-flag:user-😀-0042";
        let whole = Murmur3::START.fed(text);
        for (first, _) in text.char_indices() {
            for (second, _) in text.char_indices().filter(|(at, _)| *at >= first) {
                let pieces =
                    Murmur3::START.fed(&text[..first]).fed(&text[first..second]).fed(&text[second..]);
                assert_eq!(pieces, whole);
            }
        }
    }

    #[test]
    fn every_bucket_is_below_a_whole() {
        for algorithm in [Algorithm::Djb2, Algorithm::Murmur3] {
            let bucketer = Bucketer::new(algorithm, "flag");
            for user in 0..10_000 {
                assert!(bucketer.bucket(&user.to_string()).thousandths() < 100_000);
            }
        }
    }
}
