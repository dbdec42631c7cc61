//! Conditional requests: the answer has not changed since the client got it.

use std::hash::{DefaultHasher, Hash, Hasher};

use poem::http::{HeaderMap, HeaderValue, header};

/// The tag of some bytes. It only has to differ when they do; a server built by another compiler may tag the same
/// bytes otherwise, which costs one download.
pub fn of_bytes(bytes: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // Sixteen hexadecimal digits in quotes are always a header.
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish()))
        .unwrap_or(HeaderValue::from_static("\"\""))
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
