//! JSON as YAML that people like to read. A text stands without quotes only where no reader, of YAML 1.1 or 1.2, could
//! take it for anything else; else it is written as JSON writes it, which is YAML as well.

use std::fmt::Write as _;

use serde_json::Value;

/// Words that some version of YAML reads as something else than a text.
const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// The value as a YAML document that ends with its last line.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(value, 0, &mut out),
        Value::Array(list) if !list.is_empty() => block(value, 0, &mut out),
        scalar => {
            inline(scalar, &mut out);
            out.push('\n');
        }
    }
    out
}

/// A list or a map that is not empty, every line of it `indent` spaces to the right; the first one stands at the place
/// that was reached.
fn block(value: &Value, indent: usize, out: &mut String) {
    let mut lines = Lines { first: true, indent };
    match value {
        Value::Object(map) => {
            for (name, member) in map {
                lines.begin(out);
                text(name, out);
                out.push(':');
                match member {
                    Value::Object(inner) if !inner.is_empty() => nested(member, indent + 2, out),
                    Value::Array(inner) if !inner.is_empty() => nested(member, indent + 2, out),
                    scalar => {
                        out.push(' ');
                        inline(scalar, out);
                        out.push('\n');
                    }
                }
            }
        }
        Value::Array(list) => {
            for element in list {
                lines.begin(out);
                out.push_str("- ");
                match element {
                    Value::Object(inner) if !inner.is_empty() => block(element, indent + 2, out),
                    Value::Array(inner) if !inner.is_empty() => block(element, indent + 2, out),
                    scalar => {
                        inline(scalar, out);
                        out.push('\n');
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => inline(value, out),
    }
}

/// The same below the name of a member.
fn nested(value: &Value, indent: usize, out: &mut String) {
    out.push('\n');
    spaces(indent, out);
    block(value, indent, out);
}

struct Lines {
    first: bool,
    indent: usize,
}

impl Lines {
    fn begin(&mut self, out: &mut String) {
        if !self.first {
            spaces(self.indent, out);
        }
        self.first = false;
    }
}

fn spaces(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}

fn inline(value: &Value, out: &mut String) {
    match value {
        Value::String(content) => text(content, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            // Writing into a String cannot fail.
            let _written = write!(out, "{value}");
        }
    }
}

fn text(content: &str, out: &mut String) {
    if is_plain(content) {
        out.push_str(content);
        return;
    }
    for c in Value::from(content).to_string().chars() {
        // Unlike JSON, YAML wants these to be spelled out.
        if matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            let _written = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
}

fn is_plain(content: &str) -> bool {
    let harmless =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b'/' | b'-');
    content.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && !content.ends_with(' ')
        && content.bytes().all(harmless)
        && !WORDS.iter().any(|word| content.eq_ignore_ascii_case(word))
}
