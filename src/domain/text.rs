//! Free text that people write: names, descriptions, tags. Bounded, and without control characters.

use std::fmt;

use super::violation::{Path, Violations};

/// Characters of a name, at most.
pub const MAX_NAME_LENGTH: usize = 200;
/// Characters of a description, at most.
pub const MAX_DESCRIPTION_LENGTH: usize = 2_000;
/// Characters of a tag, at most.
pub const MAX_TAG_LENGTH: usize = 100;
/// Characters of the owner of a flag, at most.
pub const MAX_OWNER_LENGTH: usize = 200;
/// Tags of a flag, at most.
pub const MAX_TAGS: usize = 50;

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident by $check:ident up to $max:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads the text found at `path`, or notes what is wrong with it.
            pub fn parse(text: &str, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
                match $check(text, $max) {
                    Ok(()) => Some(Self(text.into())),
                    Err(message) => {
                        faults.malformed(path, message);
                        None
                    }
                }
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A text that is known to be sound: one that was stored, or a constant.
            pub fn trusted(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// What a thing is called: one line, not blank.
    Name by line up to MAX_NAME_LENGTH;
    /// A label that lists filter by: one line, not blank.
    Tag by line up to MAX_TAG_LENGTH;
    /// Who answers for a flag, a person or a team: one line, not blank.
    Owner by line up to MAX_OWNER_LENGTH;
    /// What a thing is for: any lines, possibly none.
    Description by lines up to MAX_DESCRIPTION_LENGTH;
    /// Why something is done: any lines, not blank.
    Justification by some_lines up to MAX_DESCRIPTION_LENGTH;
}

fn line(text: &str, max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be blank".into());
    }
    if text.chars().any(char::is_control) {
        return Err("must be one line without control characters".into());
    }
    length(text, max)
}

fn lines(text: &str, max: usize) -> Result<(), String> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not have control characters".into());
    }
    length(text, max)
}

fn some_lines(text: &str, max: usize) -> Result<(), String> {
    if text.trim().is_empty() { Err("must not be blank".into()) } else { lines(text, max) }
}

fn length(text: &str, max: usize) -> Result<(), String> {
    if text.chars().count() <= max { Ok(()) } else { Err(format!("must be at most {max} characters")) }
}

/// Reads a flag's tags: at most [`MAX_TAGS`], each once.
pub fn tags(texts: &[String], path: &Path<'_>, faults: &mut Violations) -> Vec<Tag> {
    if texts.len() > MAX_TAGS {
        faults.malformed(path, format!("must have at most {MAX_TAGS} tags"));
        return Vec::new();
    }
    let mut tags = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let place = path.index(index);
        if let Some(tag) = Tag::parse(text, &place, faults) {
            if tags.contains(&tag) {
                faults.malformed(place, "is given twice");
            }
            tags.push(tag);
        }
    }
    tags
}
