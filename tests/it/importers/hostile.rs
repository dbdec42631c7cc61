//! Files that are no exports, and exports with anything in the place of anything: they are refused or translated, but
//! nothing panics, and what is translated is sound.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fastrand::Rng;
use phaseflag::cli::importers::{Outcome, Source, translate};
use phaseflag::domain::violation::Violations;
use phaseflag::http::wire::manifest::manifest;
use serde_json::{Map, Value, json};

use super::{Environment, FIXTURES, fixture, known, translated};

/// Mutated files of each fixture.
const CASES: u64 = 60;
/// Changes of one file, at most.
const MOST_CHANGES: usize = 4;

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Hands the value at this place, in the order of the file, to `change`.
fn at(value: &mut Value, place: &mut usize, change: &mut dyn FnMut(&mut Value)) {
    if *place == 0 {
        change(value);
        // The others come at no place any more.
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for inner in inner {
        if *place != usize::MAX {
            at(inner, place, change);
        }
    }
}

fn strange(random: &mut Rng, file: &Value) -> Value {
    let mut deep = json!("x");
    for _ in 0..random.usize(1..60) {
        deep = if random.bool() { json!([deep]) } else { json!({"!": deep}) };
    }
    let nth = |random: &mut Rng| {
        let mut found = Value::Null;
        let mut place = random.usize(0..values(file));
        at(&mut file.clone(), &mut place, &mut |value| found = value.clone());
        found
    };
    match random.u8(0..14) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(1e308),
        3 => json!(u64::MAX),
        4 => json!(""),
        5 => json!("\u{0}\n😀".repeat(random.usize(1..200))),
        6 => json!([]),
        7 => json!({}),
        8 => json!(random.bool()),
        9 => Value::Object(Map::from_iter([("$ref".to_owned(), json!("loop"))])),
        10 => deep,
        11 => json!(vec!["same"; random.usize(1..6_000)]),
        12 => json!(0.000_000_1),
        _ => nth(random),
    }
}

fn mutated(random: &mut Rng, file: &Value) -> Value {
    let mut changed = file.clone();
    for _ in 0..random.usize(1..=MOST_CHANGES) {
        let new = strange(random, file);
        let mut place = random.usize(0..values(&changed));
        let removes = random.u8(0..4) == 0;
        at(&mut changed, &mut place, &mut |value| match value {
            Value::Object(members) if removes && !members.is_empty() => {
                let name = members.keys().nth(members.len() / 2).cloned().unwrap_or_default();
                members.remove(&name);
            }
            Value::Array(items) if removes && !items.is_empty() => items.push(items[0].clone()),
            value => *value = new.clone(),
        });
    }
    changed
}

#[test]
fn no_file_is_too_strange() {
    let mut taken = 0;
    for (place, (name, source)) in (0..).zip(FIXTURES) {
        let file = fixture(name);
        for case in 0..CASES {
            let seed = place * CASES + case;
            let changed = mutated(&mut Rng::with_seed(seed), &file);
            let result = catch_unwind(AssertUnwindSafe(|| sound(*source, &changed)));
            taken += result.unwrap_or_else(|panic| {
                eprintln!("{name}, seed {seed}: {changed}");
                resume_unwind(panic)
            });
        }
    }
    assert!(taken > CASES, "hardly anything was translated: {taken}");
}

/// Translates a file and looks at what came of it: 1 if something did.
fn sound(source: Source, file: &Value) -> u64 {
    let Ok(translation) = translate(source, file, "shop") else { return 0 };
    let mut faults = Violations::new();
    manifest(translation.document.clone(), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    for environment in translation.document.environments.iter().flatten() {
        let environment = Environment::of(&translation, &environment.key);
        for flag in translation.document.flags.iter().flatten() {
            environment.value(&flag.key, &known("somebody"));
        }
    }
    1
}

#[test]
fn what_is_no_export_is_refused_with_a_sentence() {
    for (_, source) in FIXTURES {
        for file in [
            json!(null),
            json!([]),
            json!({}),
            json!("x"),
            json!({"flags": 1, "features": 1, "feature_states": 1, "items": 1}),
        ] {
            let refusal =
                translate(*source, &file, "shop").err().unwrap_or_else(|| panic!("{source:?} takes {file}"));
            assert!(!refusal.to_string().is_empty() && !refusal.to_string().contains("  "));
        }
    }
    let refusal = translate(Source::Flagd, &fixture("flagd"), "No Key").err().expect("it is no key");
    assert!(refusal.to_string().starts_with("the file cannot be translated: the key of the project must be"));
}

#[test]
fn a_file_that_is_too_deep_is_refused() {
    let mut deep = json!({});
    for _ in 0..200 {
        deep = json!({"flags": deep});
    }
    let refusal = translate(Source::Flagd, &deep, "shop").err().expect("it is too deep");
    assert_eq!(refusal.to_string(), "the file is nested too deep");
}

#[test]
fn references_cannot_unfold_without_end() {
    let mut evaluators = Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("level-{}", level + 1)});
        evaluators.insert(format!("level-{level}"), json!({"and": [next, next]}));
    }
    evaluators.insert("level-40".to_owned(), json!({"==": [{"var": "a"}, 1]}));
    let file = json!({"$evaluators": evaluators, "flags": {"f": {"state": "ENABLED", "variants": {"on": true, "off": false},
        "defaultVariant": "off", "targeting": {"if": [{"$ref": "level-0"}, "on", "off"]}}}});
    let translation = translate(Source::Flagd, &file, "shop").unwrap_or_else(|refusal| panic!("{refusal}"));
    let last = translation.notes.last().expect("it is told");
    assert_eq!(last.outcome, Outcome::Skipped);
    assert!(last.message.contains("operations"), "{last}");
    assert_eq!(Environment::of(&translation, "production").value("f", &known("u")), json!(false));
}

#[test]
fn limits_are_told_and_kept() {
    let clause = json!({"attribute": "a", "op": "in", "values": (0..6_000).map(|n| n.to_string()).collect::<Vec<_>>()});
    let flag = |rules: Value| {
        json!({"variations": [true, false], "on": true, "offVariation": 1, "rules": rules,
        "fallthrough": {"variation": 1}, "targets": []})
    };
    let mut many = flag(json!([{"variation": 0, "clauses": [clause]}]));
    let one = json!({"variation": 0, "clauses": [{"attribute": "a", "op": "in", "values": ["x"]}]});
    let rules = flag(json!(vec![one; 201]));
    let users: Vec<_> = (0..7_000).map(|n| format!("user-{n}")).collect();
    let mut targeted = flag(json!([]));
    targeted["targets"] = json!([{"variation": 0, "values": users}]);
    many["key"] = json!("ignored");
    let file = json!({"flags": {"many-values": many, "many-rules": rules, "many-targets": targeted}});
    let translation =
        translate(Source::Launchdarkly, &file, "shop").unwrap_or_else(|refusal| panic!("{refusal}"));
    let skipped: Vec<_> = translation.notes.iter().filter(|note| note.outcome == Outcome::Skipped).collect();
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert!(skipped[0].message.contains("at most 5000 values"), "{}", skipped[0]);
    assert!(skipped[1].message.contains("200"), "{}", skipped[1]);
    let environment = Environment::of(&translation, "production");
    for (flag, user, expected) in
        [("many-values", "u", false), ("many-rules", "u", false), ("many-targets", "user-6999", true)]
    {
        assert_eq!(environment.value(flag, &known(user)), json!(expected), "{flag}");
    }
}

#[test]
fn reports_tell_of_every_flag_and_segment() {
    for (name, _) in FIXTURES {
        let translation = translated(name);
        assert!(!translation.notes.is_empty());
        for note in &translation.notes {
            assert!(!note.message.is_empty() && !note.message.ends_with('.'), "{name}: {note}");
        }
    }
}
