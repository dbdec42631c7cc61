//! Reading, writing, and both one after the other.

use fastrand::Rng;
use serde_json::{Map, json};

use super::*;

#[test]
fn yaml_of_the_core_schema_is_json() {
    let text = "\
# A comment.
texts: [on, yes, 2024-01-01, '1', \"\\u00e9\", 1.2.3, 1-2, !!str 5]
numbers: [0, -3, +4, 0x1F, 0o17, 1.5, .5, 1e3, 10.0, 18446744073709551615]
others: [true, False, ~, null, ]
block: |
  two
  lines
base: &base {a: 1}
again: *base
empty:
";
    let expected = json!({
        "texts": ["on", "yes", "2024-01-01", "1", "é", "1.2.3", "1-2", "5"],
        "numbers": [0, -3, 4, 31, 15, 1.5, 0.5, 1000.0, 10.0, u64::MAX],
        "others": [true, false, null, null],
        "block": "two\nlines\n",
        "base": {"a": 1},
        "again": {"a": 1},
        "empty": null,
    });
    assert_eq!(parse(text).unwrap(), expected);
}

#[test]
fn a_fault_names_its_line_and_column() {
    let cases = [
        ("a: 1\nb: 2\na: 3\n", "3:1: `a` is given twice"),
        ("{\"a\": 1,\n \"a\": 2}", "2:2: `a` is given twice"),
        ("{\"a\": 1,\n}", "2:1: trailing comma"),
        ("", "1:1: the document is empty"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here"),
        ("a: .inf\n", "1:4: `.inf` is no number that JSON knows; a text needs quotes"),
        ("a: 1e999\n", "1:4: `1e999` is too large for a number; a text needs quotes"),
        ("a: !secret x\n", "1:4: has a tag that means nothing here"),
        ("? [a]\n: 1\n", "1:3: a key must be a text"),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
    assert_eq!(parse("a: [1,\nb: 2\n").unwrap_err().at.line, 2);
}

#[test]
fn what_grows_without_end_is_refused() {
    let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
    assert!(parse(&deep).unwrap_err().message.contains("deeper"), "{deep}");
    let within = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(parse(&within).is_ok());
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        let repeated = [before.as_str(); 10].join(", ");
        laughs = format!("{laughs}a{level}: &a{level} [{repeated}]\n");
    }
    let refused = parse(&laughs).unwrap_err();
    assert!(refused.message.contains("more than"), "{refused}");
    assert!(parse("a: &a [*a]\n").is_err());
}

#[test]
fn a_path_has_a_place_in_the_text() {
    let text =
        "flags:\n  - key: a\n    environments:\n      eu: {}\n      eu.west: {enabled: 1}\n  - name:\n";
    let place = |path| {
        let line = located("f", text, [(path, "is wrong")]).remove(0);
        line.split(": ").next().unwrap().trim_start_matches("f:").to_owned()
    };
    assert_eq!(place("flags[0].key"), "2:10");
    assert_eq!(place("flags[0].environments.eu.west.enabled"), "5:26");
    assert_eq!(place("flags[0].environments.eu.default_variation"), "4:11");
    // What is missing is missing in the thing that should have it.
    assert_eq!(place("flags[1].flag_type"), "6:5");
    assert_eq!(place("flags[1].name"), "6:5");
    assert_eq!(place("segments[0]"), "1:1");
    let lines =
        located("f.yaml", text, [("flags[1].name", "must be a string"), ("flags[0].key", "is taken")]);
    assert_eq!(lines, ["f.yaml:2:10: flags[0].key is taken", "f.yaml:6:5: flags[1].name must be a string"]);
}

fn any_text(rng: &mut Rng) -> String {
    const ODD: [&str; 16] = [
        "on",
        "No",
        "~",
        "1.0",
        "- a",
        "a: b",
        "#",
        "",
        " x ",
        "null",
        "0x10",
        "2024-01-01",
        "é\u{85}\u{2028}",
        "\u{0}\"\\\n\t",
        "\u{1f600}",
        "plain words/of-it.",
    ];
    if rng.bool() {
        ODD[rng.usize(..ODD.len())].to_owned()
    } else {
        (0..rng.usize(..6)).map(|_| rng.char(..)).collect()
    }
}

fn any_value(rng: &mut Rng, depth: usize) -> Value {
    match rng.usize(..if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(rng.f64() * 10f64.powi(rng.i32(-20..20))),
        4 => json!(f64::from(rng.i8(..))),
        5 => json!(any_text(rng)),
        6 => (0..rng.usize(..4)).map(|_| any_value(rng, depth - 1)).collect(),
        _ => Value::Object(
            (0..rng.usize(..4)).map(|_| (any_text(rng), any_value(rng, depth - 1))).collect::<Map<_, _>>(),
        ),
    }
}

#[test]
fn what_was_written_reads_as_it_was() {
    let mut rng = Rng::with_seed(6);
    for _ in 0..5_000 {
        let value = any_value(&mut rng, 4);
        let text = write(&value);
        let read =
            if text.starts_with('{') { tree::parse(&text).map(tree::Node::into_value) } else { parse(&text) };
        assert_eq!(read.unwrap_or_else(|fault| panic!("{fault}\n{text}")), value, "\n{text}");
    }
}

#[test]
fn it_is_written_for_people() {
    let value = json!({"flags": [{"key": "new-nav", "tags": ["a", "on"], "rules": [], "value": {"n": 1.0}}], "x": [[1]]});
    let expected = "\
flags:
  - key: new-nav
    tags:
      - a
      - \"on\"
    rules: []
    value:
      \"n\": 1.0
x:
  - - 1
";
    assert_eq!(write(&value), expected);
}
