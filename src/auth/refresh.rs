//! Refresh tokens: `rt_`, the session's ULID, and a signed generation (contract A4).
//!
//! The token carries its own proof, so the session stores nothing but its current generation. Each refresh raises
//! that number. A token which opens, but names an older generation, was issued by us and used before: somebody
//! holds a copy, and the session must end. A forged token does not open and can end nothing.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::secret::Secret;
use crate::domain::id::SessionId;

/// Keeps these signatures apart from those of access tokens, which are made with the secret itself.
const KEY_LABEL: &[u8] = b"phaseflag/refresh-token/1";

/// Keeps these messages apart from any others that this key may sign one day.
const MESSAGE_LABEL: &[u8] = b"refresh";

/// Characters of the session's identifier: its prefix and a ULID.
const ID_CHARS: usize = SessionId::PREFIX.len() + 26;
const GENERATION_BYTES: usize = size_of::<u64>();
const MAC_BYTES: usize = 32;

/// Signs and opens refresh tokens. Prints as `***`.
pub struct RefreshKey(hmac::Key);

impl RefreshKey {
    /// The key derived from the server's secret.
    pub fn new(secret: &Secret) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        let derived = hmac::sign(&root, KEY_LABEL);
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The token of this generation of the session. The same arguments always give the same text.
    pub fn issue(&self, session: SessionId, generation: u64) -> String {
        let mac = hmac::sign(&self.0, &message(session, generation));
        let mut proof = Vec::with_capacity(GENERATION_BYTES + MAC_BYTES);
        proof.extend_from_slice(&generation.to_be_bytes());
        proof.extend_from_slice(mac.as_ref());
        format!("{session}{}", URL_SAFE_NO_PAD.encode(proof))
    }

    /// The session and generation that a genuine token names; `None` for every other text.
    ///
    /// The proof is compared in constant time. Whether the generation is the session's current one, is for
    /// whoever stores sessions to say.
    pub fn open(&self, text: &str) -> Option<(SessionId, u64)> {
        let (id, proof) = text.split_at_checked(ID_CHARS)?;
        let session = SessionId::parse(id)?;
        // A proof that is longer than its buffer is refused, whatever its length.
        let mut bytes = [0; GENERATION_BYTES + MAC_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(proof, &mut bytes).ok()?;
        let (generation, mac) = bytes.get(..length)?.split_first_chunk::<GENERATION_BYTES>()?;
        let generation = u64::from_be_bytes(*generation);
        hmac::verify(&self.0, &message(session, generation), mac).ok()?;
        Some((session, generation))
    }
}

/// What is signed: parts of fixed length, so that no two sessions or generations give the same message.
fn message(session: SessionId, generation: u64) -> Vec<u8> {
    [MESSAGE_LABEL, &session.bits().to_be_bytes(), &generation.to_be_bytes()].concat()
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> RefreshKey {
        RefreshKey::new(&Secret::from_entropy([byte; 32]))
    }

    fn session() -> SessionId {
        SessionId::from_bits(0x0192_3456_789a_bcde_f012_3456_789a_bcde)
    }

    #[test]
    fn a_token_opens_to_its_session_and_generation() {
        for generation in [0, 1, 41, u64::MAX] {
            let token = key(1).issue(session(), generation);
            assert!(token.starts_with(&session().to_string()), "{token}");
            assert_eq!(key(1).open(&token), Some((session(), generation)));
        }
    }

    #[test]
    fn every_generation_has_its_own_token() {
        assert_ne!(key(1).issue(session(), 1), key(1).issue(session(), 2));
        assert_ne!(key(1).issue(session(), 1), key(1).issue(SessionId::from_bits(1), 1));
    }

    #[test]
    fn no_single_character_can_be_changed() {
        let token = key(1).issue(session(), 7);
        for index in 0..token.len() {
            for other in ["A", "B", "0", "-"] {
                let mut forged = token.clone();
                forged.replace_range(index..=index, other);
                assert!(forged == token || key(1).open(&forged).is_none(), "{forged}");
            }
        }
    }

    #[test]
    fn another_secret_and_other_shapes_do_not_open() {
        let token = key(1).issue(session(), 7);
        assert_eq!(key(2).open(&token), None);
        for text in ["", "rt_", &session().to_string(), &token[..token.len() - 1], "\u{1f600}"] {
            assert_eq!(key(1).open(text), None, "{text}");
        }
        for text in
            [format!("{token}A"), format!("{token}="), format!("{token}{token}"), token.to_lowercase()]
        {
            assert_eq!(key(1).open(&text), None, "{text}");
        }
    }

    #[test]
    fn the_proof_is_not_made_with_the_secret_itself() {
        let secret = [1; 32];
        let direct = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), &message(session(), 7));
        let token = key(1).issue(session(), 7);
        let proof = URL_SAFE_NO_PAD.decode(&token[ID_CHARS..]).unwrap();
        assert_ne!(proof[GENERATION_BYTES..], *direct.as_ref());
        assert_eq!(format!("{:?}", key(1)), "***");
    }
}
