//! Exports of other products. Each fixture was written by hand from what the product publishes of its format; beside it
//! lie the document and the report that come of it, word for word. What the documents mean is asked of the engine.

mod flagd;
mod flagsmith;
mod hostile;
mod launchdarkly;
mod server;
mod unleash;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use phaseflag::cli::importers::{Source, Translation, translate};
use phaseflag::domain::time::Timestamp;
use phaseflag::engine::{Ruleset, evaluate};
use serde_json::{Map, Value, json};

use crate::support::compiled::{compiled, context, ruleset, segment};

/// The moment of the evaluations.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Users of whom a share is counted.
const USERS: usize = 4_000;

/// Every fixture, and what it was exported from.
const FIXTURES: &[(&str, Source)] = &[
    ("launchdarkly-flags", Source::Launchdarkly),
    ("launchdarkly-data", Source::Launchdarkly),
    ("unleash-clients", Source::Unleash),
    ("unleash-export", Source::Unleash),
    ("flagsmith", Source::Flagsmith),
    ("flagd", Source::Flagd),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/importers").join(name)
}

fn fixture(name: &str) -> Value {
    let text = fs::read_to_string(path(&format!("{name}.json"))).expect("the fixture is there");
    text.parse().expect("the fixture is JSON")
}

/// The translation of a fixture, which must be an export.
fn translated(name: &str) -> Translation {
    let (_, source) = FIXTURES.iter().find(|(known, _)| *known == name).expect("it is in the list");
    translate(*source, &fixture(name), "shop").unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
}

fn report(translation: &Translation) -> String {
    let lines: Vec<String> = translation.notes.iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

/// Compares with what is kept, and says where the new text lies.
fn kept(name: &str, actual: &str) -> Result<(), String> {
    let expected = fs::read_to_string(path(name)).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&new, actual).expect("the folder for temporary files is there");
    Err(format!("{name} is not what came of it, which is in {}", new.display()))
}

#[test]
fn every_fixture_becomes_the_document_and_the_report_beside_it() {
    let mut faults = Vec::new();
    for (name, _) in FIXTURES {
        let translation = translated(name);
        let document = serde_json::to_string_pretty(&translation.document).expect("a document is JSON");
        faults.extend(kept(&format!("{name}.document"), &(document + "\n")).err());
        faults.extend(kept(&format!("{name}.report"), &report(&translation)).err());
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The flags of one environment of a document, ready to be asked.
pub(crate) struct Environment(Ruleset);

impl Environment {
    /// The environment `key` of a document. What is in it must be what an import takes.
    pub(crate) fn of(translation: &Translation, key: &str) -> Self {
        let document = serde_json::to_value(&translation.document).expect("a document is JSON");
        let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
        let flags = list("flags").into_iter().map(|mut flag| {
            let own = flag["environments"][key].take();
            let members = flag.as_object_mut().expect("a flag is an object");
            members.remove("environments");
            let name = members["key"].clone();
            members.entry("name").or_insert(name);
            members.extend(own.as_object().cloned().unwrap_or_default());
            let fallback =
                flag["variations"].as_array().and_then(|all| all.last()).map(|it| it["key"].clone());
            let members = flag.as_object_mut().expect("a flag is an object");
            members.entry("default_variation").or_insert(fallback.unwrap_or_default());
            compiled(&flag)
        });
        let segments: Vec<_> = list("segments").iter().map(segment).collect();
        let ruleset = ruleset(flags, segments);
        assert!(ruleset.unsettled().is_empty() && ruleset.segments().unsettled().is_empty());
        Self(ruleset)
    }

    /// The value that a context gets.
    pub(crate) fn value(&self, flag: &str, body: &Value) -> Value {
        let context = context(body);
        let outcome = evaluate(&self.0, flag, &context, NOW).unwrap_or_else(|| panic!("no flag {flag}"));
        outcome.variation.json.get().parse().expect("a value is JSON")
    }

    /// Asks one flag as many users as its cases have, and compares.
    pub(crate) fn answers(&self, flag: &str, cases: &[(Value, Value)]) {
        for (context, expected) in cases {
            assert_eq!(self.value(flag, context), *expected, "{flag} {context}");
        }
    }

    /// How many per cent of users with these attributes get each value, rounded.
    pub(crate) fn shares(&self, flag: &str, attributes: &Value) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for user in 0..USERS {
            let mut attributes = attributes.clone();
            // Whoever shares out by another attribute finds it as different as the users are.
            attributes["company"] = format!("company-{user}").into();
            attributes["session_id"] = format!("session-{user}").into();
            let context = json!({"user_key": format!("user-{user}"), "attributes": attributes});
            *counts.entry(self.value(flag, &context).to_string()).or_default() += 1;
        }
        counts.into_iter().map(|(value, count)| (value, (count * 100 + USERS / 2) / USERS)).collect()
    }

    /// Demands that the shares are these, within two per cent.
    pub(crate) fn shares_are(&self, flag: &str, attributes: &Value, expected: &[(&str, usize)]) {
        let shares = self.shares(flag, attributes);
        let expected: BTreeMap<_, _> =
            expected.iter().map(|(value, share)| ((*value).to_owned(), *share)).collect();
        let near = expected
            .iter()
            .all(|(value, share)| shares.get(value).is_some_and(|found| found.abs_diff(*share) <= 2));
        assert!(near && shares.len() == expected.len(), "{flag} {attributes}: {shares:?}, not {expected:?}");
    }
}

/// A user with these attributes.
pub(crate) fn user(key: &str, attributes: Value) -> Value {
    json!({"user_key": key, "attributes": attributes})
}

/// A user with this key of whom nothing else is known.
pub(crate) fn known(key: &str) -> Value {
    user(key, Value::Object(Map::new()))
}

/// An unknown user with one attribute.
pub(crate) fn having(name: &str, value: impl Into<Value>) -> Value {
    let mut attributes = Map::new();
    attributes.insert(name.to_owned(), value.into());
    user("somebody", Value::Object(attributes))
}
