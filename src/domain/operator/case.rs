//! Comparing text without regard to upper and lower case.

/// Bytes of folded text that fit on the stack; longer text is folded on the heap.
const STACK_BYTES: usize = 512;
/// Bytes that the lower case of one character can take, at most: three characters of four bytes.
const MAX_FOLDED_CHARACTER: usize = 12;

/// Whether upper and lower case are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// `A` and `a` differ.
    #[default]
    Sensitive,
    /// `A` and `a` are the same. Each character counts by itself, so the rule does not depend on a language.
    Insensitive,
}

impl Case {
    /// Reads the text in the form in which it is compared.
    pub(super) fn fold<R>(self, text: &str, read: impl FnOnce(&str) -> R) -> R {
        match self {
            Self::Sensitive => read(text),
            Self::Insensitive => {
                let mut buffer = [0; STACK_BYTES];
                match fold_into(text, &mut buffer) {
                    Some(folded) => read(folded),
                    None => read(&text.chars().flat_map(char::to_lowercase).collect::<String>()),
                }
            }
        }
    }

    /// The form in which an operand is compared.
    pub(super) fn folded(self, text: Box<str>) -> Box<str> {
        match self {
            Self::Sensitive => text,
            Self::Insensitive => text.chars().flat_map(char::to_lowercase).collect(),
        }
    }
}

/// The lower case of `text`, if it is sure to fit.
fn fold_into<'b>(text: &str, buffer: &'b mut [u8; STACK_BYTES]) -> Option<&'b str> {
    let mut end = 0;
    for character in text.chars() {
        if end + MAX_FOLDED_CHARACTER > STACK_BYTES {
            return None;
        }
        for lower in character.to_lowercase() {
            end += lower.encode_utf8(&mut buffer[end..]).len();
        }
    }
    std::str::from_utf8(&buffer[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_text_fold_alike() {
        for length in [0, 1, 30, 39, 40, 41, 42, 43, 500, 512, 513, 5_000] {
            let text = "ÄİẞΣ".chars().cycle().take(length).collect::<String>();
            let expected = Case::Insensitive.folded(text.as_str().into());
            Case::Insensitive.fold(&text, |folded| assert_eq!(folded, &*expected, "{length}"));
            Case::Sensitive.fold(&text, |same| assert_eq!(same, text));
        }
    }
}
