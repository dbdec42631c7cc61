//! Semantic versions as the operators on versions read them: tolerant in what they accept, strict in order.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Bytes of the text of a version, at most; longer text is not a version.
const MAX_VERSION_BYTES: usize = 256;

/// A version without its build metadata, which never counts. It borrows, so that comparing allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version<'a> {
    /// Major, minor, patch.
    core: [u64; 3],
    /// Identifiers between points; empty for a release.
    pre: Cow<'a, str>,
}

impl<'a> Version<'a> {
    /// Reads a version: a `v` in front is ignored, and so are white space around it and build metadata; missing
    /// parts are 0, so `1.2` is `1.2.0`. A part may have leading zeros but must fit 64 bits. A pre-release follows
    /// the letter of the standard. `None` for anything else.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_ascii();
        if text.len() > MAX_VERSION_BYTES {
            return None;
        }
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, _build) = text.split_once('+').unwrap_or((text, ""));
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, pre.split('.').all(is_identifier).then_some(pre)?),
            None => (text, ""),
        };
        let mut core = [0; 3];
        for (place, digits) in numbers.split('.').enumerate() {
            *core.get_mut(place)? = number(digits)?;
        }
        Some(Self { core, pre: pre.into() })
    }

    /// The same, with nothing borrowed.
    pub(super) fn into_owned(self) -> Version<'static> {
        Version { core: self.core, pre: self.pre.into_owned().into() }
    }

    /// The order of the standard: a pre-release comes before its release; of two, the first identifier that differs
    /// counts, and of two of which one begins the other, the shorter comes first.
    pub(super) fn compare(&self, other: &Version<'_>) -> Ordering {
        let releases = self.pre.is_empty().cmp(&other.pre.is_empty());
        let identifiers = || identifiers(&self.pre).cmp(identifiers(&other.pre));
        self.core.cmp(&other.core).then(releases).then_with(identifiers)
    }
}

fn number(digits: &str) -> Option<u64> {
    // The library's reader takes a sign as well.
    is_number(digits).then(|| digits.parse().ok())?
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A part of a pre-release. Numbers come before words; without leading zeros, the one of more digits is the larger.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    Number { digits: usize, text: &'a str },
    Word(&'a str),
}

fn identifiers(pre: &str) -> impl Iterator<Item = Identifier<'_>> {
    let identifier = |text| {
        if is_number(text) { Identifier::Number { digits: text.len(), text } } else { Identifier::Word(text) }
    };
    pre.split('.').map(identifier)
}

fn is_identifier(text: &str) -> bool {
    let leads_with_zero = text.len() > 1 && text.starts_with('0') && is_number(text);
    !text.is_empty()
        && !leads_with_zero
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tolerantly() {
        for (text, core, pre) in [
            ("1", [1, 0, 0], ""),
            ("v1.2", [1, 2, 0], ""),
            ("V1.2.3", [1, 2, 3], ""),
            (" 1.2.3 ", [1, 2, 3], ""),
            ("1.2.3+build.7", [1, 2, 3], ""),
            ("2024.01.05", [2024, 1, 5], ""),
            ("1.2-beta.1", [1, 2, 0], "beta.1"),
            ("1.0.0-alpha-1+x-y", [1, 0, 0], "alpha-1"),
            ("1.0.0-0.00a.--", [1, 0, 0], "0.00a.--"),
        ] {
            assert_eq!(Version::parse(text), Some(Version { core, pre: pre.into() }), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_version() {
        for text in [
            "",
            "v",
            "vv1",
            "1.",
            ".1",
            "1..2",
            "1.2.3.4",
            "-1",
            "+1",
            "1.x",
            "1.0.0-",
            "1.0.0-01",
            "1.0.0-ä",
            "1.0.0-a..b",
            "1.0.0-a.",
            "1.0.0-a_b",
            "1.2 .3",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert_eq!(Version::parse("18446744073709551616"), None);
        assert_eq!(Version::parse(&"1".repeat(MAX_VERSION_BYTES + 1)), None);
    }

    #[test]
    fn follows_the_order_of_the_standard() {
        let ascending = [
            "1.0.0-0",
            "1.0.0-9",
            "1.0.0-10",
            "1.0.0-99999999999999999999999",
            "1.0.0-100000000000000000000000",
            "1.0.0--",
            "1.0.0-Alpha",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1-rc.1",
            "1.0.1",
            "1.10.0",
        ];
        let versions = ascending.map(|text| Version::parse(text).expect("a version"));
        for (place, version) in versions.iter().enumerate() {
            for (other, another) in versions.iter().enumerate() {
                assert_eq!(version.compare(another), place.cmp(&other), "{version:?} {another:?}");
            }
        }
    }
}
