//! Flagsmith, as its evaluation engine has it.

use serde_json::{Value, json};

use super::{Environment, known, translated, user};

fn production() -> Environment {
    Environment::of(&translated("flagsmith"), "production")
}

#[test]
fn whether_a_feature_is_enabled_and_its_value_are_two_answers() {
    let production = production();
    let adult = || user("u", json!({"age": 18}));
    production.answers("banner", &[(known("u"), json!(true)), (adult(), json!(false))]);
    // A value is served whether the feature is enabled or not.
    production.answers("banner.value", &[(known("u"), json!("hello")), (adult(), json!("for adults"))]);
    production.answers("truth", &[(known("u"), json!(true))]);
    production.answers("truth.value", &[(known("u"), json!(true))]);
    production.answers("never", &[(known("u"), json!(false))]);
    // Values of several types are text.
    production.answers(
        "limit.value",
        &[(known("u"), json!("5")), (known("ada"), json!("many")), (known("bob"), json!("many"))],
    );
}

#[test]
fn identities_come_before_segments() {
    let production = production();
    let case = |key: &str, attributes: Value, expected: bool| (user(key, attributes), json!(expected));
    production.answers(
        "checkout",
        &[
            case("ada", json!({}), true),
            case("u", json!({}), false),
            case("u", json!({"age": 18}), true),
            case("u", json!({"age": 17}), false),
            case("u", json!({"verified": true}), true),
            case("u", json!({"age": 18, "country": "us"}), false),
            case("u", json!({"age": 18, "country": "mx"}), false),
            case("u", json!({"age": 18, "country": "de"}), true),
        ],
    );
}

#[test]
fn shares_are_rollouts() {
    let production = production();
    let with_plan = json!({"plan": "pro"});
    production.shares_are("banner.value", &with_plan, &[("\"for a tenth\"", 10), ("\"hello\"", 90)]);
    production.shares_are("banner.value", &json!({}), &[("\"hello\"", 100)]);
    production.shares_are("max_items.value", &json!({}), &[("10", 50), ("20", 30), ("30", 20)]);
    // Nobody is told apart from anybody who has no key.
    production.answers("max_items.value", &[(json!({"attributes": {}}), json!(10))]);
}

#[test]
fn operators_mean_what_they_did() {
    let production = production();
    let matching =
        json!({"a": "y", "b": "axa", "c": "a", "d": "1.3.0", "e": 4, "f": 5, "g": "xxy", "i": "0.9.0"});
    production.answers(
        "operators",
        &[(user("ada", matching.clone()), json!(true)), (user("eve", matching.clone()), json!(false))],
    );
    let changes = [
        ("a", json!("x")),
        ("a", Value::Null),
        ("b", json!("a")),
        ("c", json!("x")),
        ("c", Value::Null),
        ("d", json!("1.2.0")),
        ("e", json!(5)),
        ("f", json!(6)),
        ("g", json!("yx")),
        ("h", json!(1)),
        ("i", json!("1.0.0")),
        ("i", Value::Null),
    ];
    for (name, value) in changes {
        let mut attributes = matching.clone();
        attributes[name] = value;
        production.answers("operators", &[(user("ada", attributes), json!(false))]);
    }
}

#[test]
fn an_override_for_unknown_people_switches_off_what_it_changes_alone() {
    let production = production();
    production.answers("for-odd", &[(known("u"), json!(false))]);
    production.answers("for-odd.value", &[(known("u"), json!("same"))]);
}
