//! Keys: the names that people give things, used in addresses and in clients' code.

use std::{fmt, sync::Arc};

/// Characters of a key, at most.
pub const MAX_KEY_LENGTH: usize = 128;

/// Why a text is not a key; prints the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError(&'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

macro_rules! keys {
    ($($(#[$meta:meta])* $name:ident by $check:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads a key, or says which rule it breaks.
            pub fn parse(text: &str) -> Result<Self, KeyError> {
                $check(text).map(|()| Self(text.into()))
            }

            /// The key's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, out)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

keys! {
    /// A flag's key, unique in its project; `^[a-z0-9][a-z0-9._-]{0,127}$` (contract A5).
    FlagKey by slug;
    /// A project's key, unique in its organization; the grammar of a flag's key.
    ProjectKey by slug;
    /// An environment's key, unique in its project; the grammar of a flag's key.
    EnvironmentKey by slug;
    /// A segment's key, unique in its project; the grammar of a flag's key.
    SegmentKey by slug;
    /// A variation's key, unique in its flag; `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`. The contract leaves its
    /// grammar open; clients exist that write them in camel case.
    VariationKey by word;
}

fn slug(text: &str) -> Result<(), KeyError> {
    const RULE: KeyError = KeyError(
        "must be 1 to 128 characters of a-z, 0-9, '.', '_' and '-', and begin with a letter or a digit",
    );
    check(text, u8::is_ascii_lowercase).ok_or(RULE)
}

fn word(text: &str) -> Result<(), KeyError> {
    const RULE: KeyError = KeyError(
        "must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_' and '-', and begin with a letter or a digit",
    );
    check(text, u8::is_ascii_alphabetic).ok_or(RULE)
}

fn check(text: &str, letter: fn(&u8) -> bool) -> Option<()> {
    let bytes = text.as_bytes();
    let (first, rest) = bytes.split_first()?;
    let alphanumeric = |byte: &u8| letter(byte) || byte.is_ascii_digit();
    let sound = bytes.len() <= MAX_KEY_LENGTH
        && alphanumeric(first)
        && rest.iter().all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'_' | b'-'));
    sound.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_keys_follow_the_published_pattern() {
        for good in ["a", "0", "new-nav", "a.b_c-d", &"x".repeat(128)] {
            assert_eq!(FlagKey::parse(good).map(|key| key.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "A", "new-Nav", "-a", ".a", "_a", "a/b", "a b", "é", &"x".repeat(129)] {
            assert!(FlagKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn variation_keys_may_have_capitals() {
        assert!(VariationKey::parse("Treatment_A").is_ok());
        for bad in ["", "a/b", "a b", "-a", &"x".repeat(129)] {
            assert!(VariationKey::parse(bad).is_err(), "{bad:?}");
        }
    }
}
