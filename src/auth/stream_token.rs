//! Tokens that open a stream of events and nothing else, for clients that cannot send a header with the request for
//! it (contract B3). They stand in addresses, so they say whose they are, prove it, and are soon over.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::secret::Secret;
use crate::domain::{id::ApiKeyId, time::Timestamp};

/// How long a token is valid at most, in seconds. It is valid for half of that at least.
pub const LIFETIME_SECONDS: i64 = 60 * 60;

/// Keeps these signatures apart from all others that are made from the secret.
const KEY_LABEL: &[u8] = b"phaseflag/stream-token/1";

const ID_BYTES: usize = size_of::<u128>();
const EXPIRY_BYTES: usize = size_of::<i64>();
const CLAIM_BYTES: usize = ID_BYTES + EXPIRY_BYTES;
const MAC_BYTES: usize = 32;

/// What a token grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The API key whose environment may be followed.
    pub key: ApiKeyId,
    /// The first moment at which it may not any more, in whole seconds.
    pub expires_at: Timestamp,
}

impl Grant {
    /// What is granted at `now`. For half of the lifetime that is the same, so that an address stays the same; `phase`
    /// says in which second of that time the next one begins, so that not all streams end at once.
    pub fn new(key: ApiKeyId, now: Timestamp, phase: u64) -> Self {
        const HALF: i64 = LIFETIME_SECONDS / 2;
        let phase = i64::try_from(phase % HALF.unsigned_abs()).unwrap_or_default();
        let period = (now.seconds() - phase).div_euclid(HALF);
        Self { key, expires_at: Timestamp::from_seconds((period + 2) * HALF + phase) }
    }

    fn claim(self) -> [u8; CLAIM_BYTES] {
        let mut claim = [0; CLAIM_BYTES];
        let (id, expiry) = claim.split_at_mut(ID_BYTES);
        id.copy_from_slice(&self.key.bits().to_be_bytes());
        expiry.copy_from_slice(&self.expires_at.seconds().to_be_bytes());
        claim
    }
}

/// Signs and opens these tokens. Prints as `***`.
pub struct StreamTokenKey(hmac::Key);

impl StreamTokenKey {
    /// The key derived from the server's secret.
    pub fn new(secret: &Secret) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        let derived = hmac::sign(&root, KEY_LABEL);
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The token of a grant. The same grant always has the same text, which needs no escape in an address.
    pub fn issue(&self, grant: Grant) -> String {
        let claim = grant.claim();
        let mac = hmac::sign(&self.0, &claim);
        URL_SAFE_NO_PAD.encode([&claim, mac.as_ref()].concat())
    }

    /// What a genuine token grants, be its time over; `None` for every other text. The proof is compared in constant
    /// time.
    pub fn open(&self, text: &str) -> Option<Grant> {
        // A text that is longer than its buffer is refused, whatever its length.
        let mut bytes = [0; CLAIM_BYTES + MAC_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (claim, mac) = bytes.get(..length)?.split_first_chunk::<CLAIM_BYTES>()?;
        hmac::verify(&self.0, claim, mac).ok()?;
        let (id, expiry) = claim.split_first_chunk::<ID_BYTES>()?;
        Some(Grant {
            key: ApiKeyId::from_bits(u128::from_be_bytes(*id)),
            expires_at: Timestamp::from_seconds(i64::from_be_bytes(*expiry.first_chunk()?)),
        })
    }
}

impl fmt::Debug for StreamTokenKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn key(byte: u8) -> StreamTokenKey {
        StreamTokenKey::new(&Secret::from_entropy([byte; 32]))
    }

    fn grant() -> Grant {
        Grant::new(ApiKeyId::from_bits(0x0192_3456_789a_bcde_f012_3456_789a_bcde), NOW, 7)
    }

    #[test]
    fn a_token_opens_to_what_it_grants() {
        let token = key(1).issue(grant());
        assert_eq!(key(1).open(&token), Some(grant()));
        assert_eq!(token, key(1).issue(grant()));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
    }

    #[test]
    fn no_character_can_be_changed_and_nothing_else_opens() {
        let token = key(1).issue(grant());
        for index in 0..token.len() {
            for other in ["A", "B", "0", "-"] {
                let mut forged = token.clone();
                forged.replace_range(index..=index, other);
                assert!(forged == token || key(1).open(&forged).is_none(), "{forged}");
            }
        }
        assert_eq!(key(2).open(&token), None);
        let short = URL_SAFE_NO_PAD.encode(grant().claim());
        let long = format!("{token}{token}");
        for text in ["", "rt_", &short, &long, &token[..token.len() - 1], "\u{1f600}"] {
            assert_eq!(key(1).open(text), None, "{text}");
        }
    }

    #[test]
    fn a_grant_lasts_from_half_a_lifetime_to_a_whole_one_and_stays_the_same_for_half_of_it() {
        for phase in [0, 7, 1_799, 1_800, u64::MAX] {
            let mut last = grant().expires_at;
            let mut changes = 0;
            for second in 0..LIFETIME_SECONDS {
                let now = NOW.plus_seconds(second);
                let expires_at = Grant::new(grant().key, now, phase).expires_at;
                let left = expires_at.seconds() - now.seconds();
                assert!((LIFETIME_SECONDS / 2 < left) && (left <= LIFETIME_SECONDS), "{left}");
                changes += i32::from(second > 0 && expires_at != last);
                last = expires_at;
            }
            assert_eq!(changes, 2, "{phase}");
        }
    }

    #[test]
    fn the_proof_is_not_made_with_the_secret_itself() {
        let direct = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), &grant().claim());
        let token = URL_SAFE_NO_PAD.decode(key(1).issue(grant())).unwrap();
        assert_ne!(token[CLAIM_BYTES..], *direct.as_ref());
        assert_eq!(format!("{:?}", key(1)), "***");
    }
}
