//! The language-neutral evaluation cases in `tests/vectors`, whose README describes them, asked of the engine; and
//! that they cover every operator. `evaluate/vectors.rs` asks the same over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use phaseflag::domain::operator::{OPERATORS, Operator};
use phaseflag::domain::time::Timestamp;
use phaseflag::engine::evaluate;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::support::compiled::{compiled, context, ruleset, segment};

/// The moment of the evaluations; no case depends on it, as long as it is in this century.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A ruleset, and what contexts get from one of its flags.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    /// Unique in the file.
    pub(crate) name: String,
    /// The flag that is asked.
    pub(crate) flag: Value,
    /// Other flags of the ruleset.
    #[serde(default)]
    pub(crate) others: Vec<Value>,
    /// Its segments; each comes after those that it refers to, as far as that is possible.
    #[serde(default)]
    pub(crate) segments: Vec<Value>,
    /// The contexts.
    pub(crate) cases: Vec<Case>,
}

/// What a context gets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The context, as it is sent.
    pub(crate) context: Value,
    /// The answer.
    pub(crate) expected: Expected,
}

/// An answer.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// The value of the variation.
    pub(crate) value: Value,
    /// Its key.
    pub(crate) variation_key: String,
    /// The documented reason.
    pub(crate) reason: String,
}

impl Group {
    /// The key of the flag that is asked.
    pub(crate) fn key(&self) -> &str {
        self.flag["key"].as_str().expect("a key")
    }
}

/// Every file with its groups.
pub(crate) fn files() -> BTreeMap<String, Vec<Group>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the vectors") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).expect("a file");
            let groups = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            files.insert(name, groups);
        }
    }
    files
}

#[test]
fn every_case_gets_its_answer() {
    let mut cases = 0;
    for (file, groups) in files() {
        let mut names = BTreeSet::new();
        for group in &groups {
            assert!(names.insert(&group.name), "{file} has two groups called {}", group.name);
            let flags = group.others.iter().chain([&group.flag]).map(compiled);
            let ruleset = ruleset(flags, group.segments.iter().map(segment));
            for case in &group.cases {
                let outcome = evaluate(&ruleset, group.key(), &context(&case.context), NOW);
                let outcome = outcome.expect("the flag is there");
                let answer = Expected {
                    value: serde_json::from_str(outcome.variation.json.get()).expect("a value is JSON"),
                    variation_key: outcome.variation.key.to_string(),
                    reason: outcome.reason.name().to_owned(),
                };
                assert_eq!(answer, case.expected, "{file}: {}: {}", group.name, case.context);
                cases += 1;
            }
        }
    }
    assert!(cases > 2_000, "{cases}");
}

/// What a context can have under a name.
const KINDS: [&str; 8] =
    ["missing", "null", "string", "number", "boolean", "array", "object", "beyond ASCII"];

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(text)) if text.is_ascii() => "string",
        Some(Value::String(_)) => "beyond ASCII",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

/// The conditions of a flag or of a segment.
fn conditions(body: &Value) -> Vec<&Map<String, Value>> {
    let rules = body["targeting_rules"].as_array().into_iter().flatten();
    let lists = rules.map(|rule| &rule["conditions"]).chain([&body["conditions"]]);
    lists.filter_map(Value::as_array).flatten().filter_map(Value::as_object).collect()
}

/// What the cases show of each operator: the kinds of attributes that it, or a segment that it names, met in a flag
/// of one condition, and whether the condition held.
fn shown() -> BTreeMap<&'static str, BTreeSet<(&'static str, bool)>> {
    let mut shown: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for group in files().values().flatten() {
        let [condition] = conditions(&group.flag)[..] else { continue };
        let operator = condition["operator"].as_str().and_then(Operator::parse).expect("an operator");
        let of_segments = || group.segments.iter().flat_map(conditions).next();
        let asks = if operator.row().takes_attribute() { Some(condition) } else { of_segments() };
        let Some(name) = asks.and_then(|it| it.get("attribute")?.as_str()) else { continue };
        for case in &group.cases {
            let attribute = case.context["attributes"].get(name);
            let held = case.expected.reason == "TARGETING_RULE";
            shown.entry(operator.name()).or_default().insert((kind(attribute), held));
        }
    }
    shown
}

#[test]
fn every_operator_is_shown_with_every_kind_of_attribute() {
    let shown = shown();
    for row in OPERATORS {
        let seen = shown.get(row.name).unwrap_or_else(|| panic!("no vector shows {}", row.name));
        for kind in KINDS {
            assert!(seen.iter().any(|(it, _)| *it == kind), "no vector shows {} with {kind}", row.name);
        }
        for held in [true, false] {
            assert!(seen.iter().any(|(_, it)| *it == held), "{} never gives {held}", row.name);
        }
    }
}
