//! API keys as text: `sdk-dev-...` for servers, `pub-dev-...` for browsers (contract A2 and B2).
//!
//! A key carries 256 bits of entropy, so a plain SHA-256 is a safe thing to store and a fast thing to look up: no
//! slow hash could make guessing harder than it is.

use std::fmt;

use super::entropy::{Digest, sha256};
use crate::domain::api_key::KeyKind;
use crate::domain::environment::EnvironmentType;

/// Bytes of entropy in a key.
pub const ENTROPY_BYTES: usize = 32;

/// Characters of the random part: the fewest digits of base 62 that can write every number of 256 bits.
const RANDOM_CHARS: usize = 43;

/// Characters of the random part that stay visible after the key was shown once. They name 24 bits of 256.
const HINT_CHARS: usize = 4;

/// Characters of a key that somebody chose, at most.
pub const MAX_CHOSEN_CHARS: usize = 200;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A whole API key, which exists only while it is made and shown. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyText {
    prefix: String,
    random: String,
}

impl ApiKeyText {
    /// Makes a key from fresh entropy.
    ///
    /// The random part is the entropy written as one number in base 62. That loses nothing and favours nothing:
    /// different bytes give different keys.
    pub fn mint(kind: KeyKind, environment: EnvironmentType, entropy: [u8; ENTROPY_BYTES]) -> Self {
        Self { prefix: prefix(kind, environment), random: base62(entropy) }
    }

    /// A key that somebody chose beforehand: the prefix of its kind, any environment, and more. `None` if it is no key
    /// of this kind, or too short to be one.
    pub fn chosen(kind: KeyKind, text: &str) -> Option<Self> {
        let (environment, random) =
            text.strip_prefix(kind_prefix(kind))?.strip_prefix('-')?.split_once('-')?;
        let sound =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let long_enough = random.len() >= HINT_CHARS && text.len() <= MAX_CHOSEN_CHARS;
        let prefix = || format!("{}-{environment}-", kind_prefix(kind));
        (long_enough && sound(environment) && sound(random))
            .then(|| Self { prefix: prefix(), random: random.to_owned() })
    }

    /// What a chosen key of this kind can look like.
    pub fn example(kind: KeyKind) -> String {
        format!("{}something", prefix(kind, EnvironmentType::Development))
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> String {
        format!("{}{}", self.prefix, self.random)
    }

    /// What is stored of the key.
    pub fn digest(&self) -> Digest {
        digest(&self.expose())
    }

    /// What is shown of the key from then on, such as `sdk-dev-4fGh…`.
    pub fn hint(&self) -> String {
        format!("{}{}…", self.prefix, self.random.get(..HINT_CHARS).unwrap_or_default())
    }
}

/// What is stored of a key, and what a presented key is looked up by. Two keys with the same digest cannot be
/// found, so the look-up needs no comparison in constant time.
pub fn digest(text: &str) -> Digest {
    sha256(&[text.as_bytes()])
}

/// Whether a credential was meant as an API key, which tells it from a JWT in `Authorization: Bearer`. It says
/// nothing about the key being genuine.
pub fn looks_like(text: &str) -> bool {
    [KeyKind::Server, KeyKind::Client]
        .into_iter()
        .any(|kind| text.strip_prefix(kind_prefix(kind)).is_some_and(|rest| rest.starts_with('-')))
}

fn prefix(kind: KeyKind, environment: EnvironmentType) -> String {
    let environment = match environment {
        EnvironmentType::Development => "dev",
        EnvironmentType::Staging => "staging",
        EnvironmentType::Production => "prod",
    };
    format!("{}-{environment}-", kind_prefix(kind))
}

const fn kind_prefix(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Server => "sdk",
        KeyKind::Client => "pub",
    }
}

/// The big-endian number in base 62, last digit first; the order is of no meaning.
pub(super) fn base62(mut number: [u8; ENTROPY_BYTES]) -> String {
    let mut text = String::with_capacity(RANDOM_CHARS);
    for _ in 0..RANDOM_CHARS {
        let mut remainder = 0_usize;
        for byte in &mut number {
            let dividend = remainder << 8 | usize::from(*byte);
            // A remainder is below 62, so the quotient is below 256.
            *byte = u8::try_from(dividend / ALPHABET.len()).unwrap_or(u8::MAX);
            remainder = dividend % ALPHABET.len();
        }
        text.push(char::from(ALPHABET[remainder]));
    }
    text
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minted(entropy: [u8; ENTROPY_BYTES]) -> String {
        ApiKeyText::mint(KeyKind::Server, EnvironmentType::Development, entropy).expose()
    }

    #[test]
    fn the_prefix_names_kind_and_environment() {
        let cases = [
            (KeyKind::Server, EnvironmentType::Development, "sdk-dev-"),
            (KeyKind::Server, EnvironmentType::Staging, "sdk-staging-"),
            (KeyKind::Server, EnvironmentType::Production, "sdk-prod-"),
            (KeyKind::Client, EnvironmentType::Development, "pub-dev-"),
            (KeyKind::Client, EnvironmentType::Staging, "pub-staging-"),
            (KeyKind::Client, EnvironmentType::Production, "pub-prod-"),
        ];
        for (kind, environment, prefix) in cases {
            let text = ApiKeyText::mint(kind, environment, [0xa5; 32]).expose();
            let random = text.strip_prefix(prefix).expect(prefix);
            assert_eq!(random.len(), RANDOM_CHARS);
            assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            assert!(looks_like(&text));
        }
    }

    #[test]
    fn no_bit_of_the_entropy_is_lost() {
        let base = [0x5a; ENTROPY_BYTES];
        let mut seen = std::collections::HashSet::from([minted(base)]);
        for bit in 0..ENTROPY_BYTES * 8 {
            let mut entropy = base;
            entropy[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(minted(entropy)), "bit {bit}");
        }
        // The largest number fits into the fixed count of digits: nothing is cut off at the end.
        let largest = minted([0xff; ENTROPY_BYTES]);
        let top = largest.bytes().next_back().unwrap();
        assert!(top != b'0', "{largest}");
        assert_eq!(minted([0; ENTROPY_BYTES]), format!("sdk-dev-{}", "0".repeat(RANDOM_CHARS)));
    }

    #[test]
    fn a_presented_key_has_the_digest_of_the_minted_one() {
        let key = ApiKeyText::mint(KeyKind::Client, EnvironmentType::Production, [3; 32]);
        assert_eq!(digest(&key.expose()), key.digest());
        assert_ne!(digest(&key.expose().to_lowercase()), key.digest());
    }

    #[test]
    fn the_hint_shows_the_beginning_alone() {
        let key = ApiKeyText::mint(KeyKind::Server, EnvironmentType::Staging, [3; 32]);
        let shown = key.hint().strip_suffix('…').unwrap().to_owned();
        assert_eq!(shown.len(), "sdk-staging-".len() + HINT_CHARS);
        assert!(key.expose().starts_with(&shown));
        assert_eq!(format!("{key:?}"), "***");
    }

    #[test]
    fn other_credentials_do_not_look_like_keys() {
        for text in ["", "sdk", "pub", "SDK-dev-x", "rt_01", "eyJhbGciOiJIUzI1NiJ9.e30.x", "pat_x", "public"]
        {
            assert!(!looks_like(text), "{text}");
        }
    }
}
