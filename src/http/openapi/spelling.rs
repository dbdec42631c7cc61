//! Corrects how the framework spells media types and the names of headers.

use serde_json::{Map, Value};

/// Names that are not spelled with one capital per word.
const SPELLINGS: [&str; 7] = [
    "ETag",
    "WWW-Authenticate",
    "X-API-Key",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
];

/// Corrects a whole document.
pub(super) fn correct(document: &mut Value) {
    super::for_each_operation(document, |_, _, operation| {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            if parameter["in"] == "header"
                && let Some(name) = parameter["name"].as_str().map(header_name)
            {
                parameter["name"] = Value::from(name);
            }
        }
        operation.get_mut("requestBody").into_iter().for_each(|body| rename(body, "content", media_type));
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        for (_, response) in responses.into_iter().flatten() {
            rename(response, "content", media_type);
            rename(response, "headers", header_name);
        }
    });
}

/// Renames the members of the object `holder[name]`.
fn rename(holder: &mut Value, name: &str, spell: fn(&str) -> String) {
    if let Some(members) = holder.get_mut(name).and_then(Value::as_object_mut) {
        *members = std::mem::take(members)
            .into_iter()
            .map(|(name, value)| (spell(&name), value))
            .collect::<Map<String, Value>>();
    }
}

/// JSON is UTF-8 and has no charset (RFC 8259, section 11).
fn media_type(name: &str) -> String {
    let essence = name.split(';').next().unwrap_or(name).trim();
    if essence == "application/json" { essence.to_owned() } else { name.to_owned() }
}

/// The framework writes the names of headers in capitals.
fn header_name(name: &str) -> String {
    if let Some(known) = SPELLINGS.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return (*known).to_owned();
    }
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_people_do() {
        let spelled: Vec<_> =
            ["ETAG", "X-RATELIMIT-RESET", "RETRY-AFTER", "if-none-match", "x-request-id", ""]
                .map(header_name)
                .into();
        assert_eq!(
            spelled,
            ["ETag", "X-RateLimit-Reset", "Retry-After", "If-None-Match", "X-Request-ID", ""]
        );
        assert_eq!(media_type("application/json; charset=utf-8"), "application/json");
        assert_eq!(media_type("text/plain; charset=utf-8"), "text/plain; charset=utf-8");
    }
}
