//! Conditional requests: the answer has not changed since the client got it, or the thing that the client changes has
//! not.

use std::hash::{DefaultHasher, Hash, Hasher};

use poem::http::{HeaderMap, HeaderValue, header};

use crate::domain::revision::Expected;

/// The tag of some bytes. It only has to differ when they do; a server built by another compiler may tag the same
/// bytes otherwise, which costs one download.
pub fn of_bytes(bytes: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // Sixteen hexadecimal digits in quotes are always a header.
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish()))
        .unwrap_or(HeaderValue::from_static("\"\""))
}

/// The tag of a thing at this revision.
pub fn of_revision(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Which revisions `If-Match` names, compared strongly (RFC 9110, section 13.1.1): a weak tag names none, and neither
/// does a tag that is not of a revision. Quotes may be left out, as in [`none_match`].
pub fn expected(request: &HeaderMap) -> Expected {
    let lists = request.get_all(header::IF_MATCH);
    if lists.iter().next().is_none() {
        return Expected::Any;
    }
    // What is not text names nothing of ours, and our tags have no commas.
    let lists = lists.iter().map(|list| list.to_str().unwrap_or_default());
    let tags: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    if tags.contains(&"*") {
        Expected::Any
    } else {
        Expected::OneOf(tags.into_iter().filter_map(revision).collect())
    }
}

/// The revision of a strong tag.
fn revision(tag: &str) -> Option<u64> {
    let quoted = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = quoted.unwrap_or(tag);
    text.parse().ok().filter(|revision: &u64| revision.to_string() == text)
}

/// Whether `If-None-Match` names this tag, compared weakly (RFC 9110, section 13.1.2). There are clients that leave
/// the quotes out.
pub fn none_match(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str().map(opaque) else {
        return false;
    };
    let lists = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    // A tag of ours never contains a comma.
    lists.flat_map(|list| list.split(',')).any(|listed| listed.trim() == "*" || opaque(listed) == tag)
}

/// What is compared of a tag.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_compared_strongly_in_lists() {
        let named = |lists: &[&str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(header::IF_MATCH, HeaderValue::from_str(list).unwrap());
            }
            expected(&headers)
        };
        assert_eq!(named(&[]), Expected::Any);
        let cases: [(&[&str], &[u64]); 8] = [
            (&["\"7\""], &[7]),
            (&["\"7\", \"8\"", " 9 "], &[7, 8, 9]),
            (&["W/\"7\""], &[]),
            (&["\"a,7\""], &[]),
            (&["\"07\", \"+7\", \"-7\", \"7.0\", \"\", \""], &[]),
            (&[""], &[]),
            (&["\"*\""], &[]),
            (&["\"18446744073709551616\""], &[]),
        ];
        for (lists, revisions) in cases {
            assert_eq!(named(lists), Expected::OneOf(revisions.to_vec()), "{lists:?}");
        }
        assert_eq!(named(&["*"]), Expected::Any);
        assert_eq!(named(&["\"1\", *"]), Expected::Any);
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(expected(&headers), Expected::OneOf(Vec::new()));
        headers.insert(header::IF_MATCH, of_revision(7));
        assert!(expected(&headers).accepts(7) && !expected(&headers).accepts(8));
    }

    #[test]
    fn names_are_compared_weakly_in_lists() {
        let tag = of_bytes(b"a");
        assert_ne!(tag, of_bytes(b"b"));
        let text = tag.to_str().unwrap();
        for (given, expected) in [
            (text.to_owned(), true),
            (format!("\"x\", W/{text}"), true),
            (text.trim_matches('"').to_owned(), true),
            (format!("x, W/{}", text.trim_matches('"')), true),
            ("*".to_owned(), true),
            ("\"x\"".to_owned(), false),
            (String::new(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&given).unwrap());
            assert_eq!(none_match(&headers, &tag), expected, "{given}");
        }
        assert!(!none_match(&HeaderMap::new(), &tag));
    }
}
