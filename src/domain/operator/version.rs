//! Semantic versions as `version_gt` and `version_lt` read them: tolerant in what they accept, strict in order.

use semver::{BuildMetadata, Prerelease, Version};

/// Bytes of the text of a version, at most; longer text is not a version.
const MAX_VERSION_BYTES: usize = 256;

/// Reads a version: a `v` in front is ignored, and so are white space around it and build metadata; missing
/// parts are 0, so `1.2` is `1.2.0`. A part may have leading zeros but must fit 64 bits. A pre-release follows
/// the letter of the standard. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Version> {
    let text = text.trim_ascii();
    if text.len() > MAX_VERSION_BYTES {
        return None;
    }
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (text, _build) = text.split_once('+').unwrap_or((text, ""));
    let (core, pre) = match text.split_once('-') {
        Some((core, pre)) if !pre.is_empty() => (core, Prerelease::new(pre).ok()?),
        Some(_) => return None,
        None => (text, Prerelease::EMPTY),
    };
    let mut parts = core.split('.');
    let major = part(parts.next()?)?;
    let minor = parts.next().map_or(Some(0), part)?;
    let patch = parts.next().map_or(Some(0), part)?;
    if parts.next().is_some() {
        return None;
    }
    Some(Version { major, minor, patch, pre, build: BuildMetadata::EMPTY })
}

fn part(digits: &str) -> Option<u64> {
    // The library's reader takes a sign as well.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tolerantly() {
        for (text, version) in [
            ("1", "1.0.0"),
            ("v1.2", "1.2.0"),
            ("V1.2.3", "1.2.3"),
            (" 1.2.3 ", "1.2.3"),
            ("1.2.3+build.7", "1.2.3"),
            ("2024.01.05", "2024.1.5"),
            ("1.2-beta.1", "1.2.0-beta.1"),
            ("1.0.0-alpha-1+x-y", "1.0.0-alpha-1"),
        ] {
            assert_eq!(parse(text).map(|version| version.to_string()).as_deref(), Some(version), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_version() {
        for text in [
            "", "v", "vv1", "1.", ".1", "1..2", "1.2.3.4", "-1", "+1", "1.x", "1.0.0-", "1.0.0-01",
            "1.0.0-ä", "1.2 .3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("18446744073709551616"), None);
        assert_eq!(parse(&"1".repeat(MAX_VERSION_BYTES + 1)), None);
    }

    #[test]
    fn follows_the_order_of_the_standard() {
        let ascending = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.10.0",
        ];
        for pair in ascending.windows(2) {
            let (lower, higher) = (parse(pair[0]).expect("a version"), parse(pair[1]).expect("a version"));
            assert!(lower.cmp_precedence(&higher).is_lt(), "{pair:?}");
        }
    }
}
