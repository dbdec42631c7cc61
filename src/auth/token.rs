//! Opaque tokens as text: `pat_...`, by which a script acts for a person, and `invite_...`, by which somebody joins
//! an organization (contract B2).
//!
//! Like an API key, a token carries 256 bits of entropy: its plain SHA-256 is safe to store and fast to look up.

use std::fmt;

use super::{
    api_key::{ENTROPY_BYTES, MAX_CHOSEN_CHARS, base62},
    entropy::{Digest, sha256},
};

/// Characters of the random part that stay visible after the token was shown once. They name 24 bits of 256.
const HINT_CHARS: usize = 4;

/// What a token is good for; its text begins with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Acts for a person.
    Personal,
    /// Lets somebody into an organization, once.
    Invitation,
}

impl TokenKind {
    /// What the text of such a token begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "pat_",
            Self::Invitation => "invite_",
        }
    }
}

/// A whole token, which exists only while it is made and shown. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText {
    kind: TokenKind,
    random: String,
}

impl TokenText {
    /// Makes a token from fresh entropy.
    pub fn mint(kind: TokenKind, entropy: [u8; ENTROPY_BYTES]) -> Self {
        Self { kind, random: base62(entropy) }
    }

    /// A token that somebody chose beforehand: the prefix of its kind, and more. `None` if it is none of this kind, or
    /// too short to be one.
    pub fn chosen(kind: TokenKind, text: &str) -> Option<Self> {
        let random = text.strip_prefix(kind.prefix())?;
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let long_enough = random.len() >= HINT_CHARS && text.len() <= MAX_CHOSEN_CHARS;
        (long_enough && random.bytes().all(sound)).then(|| Self { kind, random: random.to_owned() })
    }

    /// The token itself, to be shown once.
    pub fn expose(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.random)
    }

    /// What is stored of the token.
    pub fn digest(&self) -> Digest {
        digest(&self.expose())
    }

    /// What is shown of the token from then on, such as `pat_4fGh…`.
    pub fn hint(&self) -> String {
        format!("{}{}…", self.kind.prefix(), self.random.get(..HINT_CHARS).unwrap_or_default())
    }
}

/// What is stored of a token, and what a presented one is looked up by.
pub fn digest(text: &str) -> Digest {
    sha256(&[text.as_bytes()])
}

/// Whether a credential was meant as a personal access token. It says nothing about the token being genuine.
pub fn looks_personal(text: &str) -> bool {
    text.starts_with(TokenKind::Personal.prefix())
}

impl fmt::Debug for TokenText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_names_what_the_token_is_good_for() {
        for (kind, prefix) in [(TokenKind::Personal, "pat_"), (TokenKind::Invitation, "invite_")] {
            let token = TokenText::mint(kind, [0xa5; ENTROPY_BYTES]);
            let text = token.expose();
            let random = text.strip_prefix(prefix).unwrap();
            assert!(random.len() > 40 && random.bytes().all(|it| it.is_ascii_alphanumeric()), "{text}");
            assert_eq!((looks_personal(&text), digest(&text)), (prefix == "pat_", token.digest()));
            assert_eq!(format!("{token:?}"), "***");
            let shown = token.hint().strip_suffix('…').unwrap().to_owned();
            assert!(text.starts_with(&shown) && shown.len() == prefix.len() + HINT_CHARS, "{shown}");
        }
    }

    #[test]
    fn other_entropy_gives_another_token() {
        let of = |byte| TokenText::mint(TokenKind::Personal, [byte; ENTROPY_BYTES]);
        assert_ne!(of(1).expose(), of(2).expose());
        assert_ne!(of(1).digest(), of(2).digest());
    }
}
