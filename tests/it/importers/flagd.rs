//! flagd, as its definitions and custom operations are documented.

use serde_json::json;

use super::{Environment, having, known, translated, user};

fn production() -> Environment {
    Environment::of(&translated("flagd"), "production")
}

#[test]
fn branches_are_rules() {
    let production = production();
    production.answers("simple", &[(known("u"), json!(true))]);
    production.answers("disabled", &[(known("u"), json!(true))]);
    production.answers(
        "staff",
        &[
            (known("ada"), json!(true)),
            (known("u"), json!(false)),
            (having("email", "x@example.com"), json!(true)),
            (user("ada", json!({"country": "us"})), json!(false)),
            (user("ada", json!({"country": "de"})), json!(true)),
        ],
    );
    production.answers(
        "tiers",
        &[
            (known("u"), json!("f")),
            (having("seats", 100), json!("m")),
            (user("u", json!({"seats": 99, "plan": "pro"})), json!("p")),
            (user("u", json!({"plan": "pro", "trial": true})), json!("f")),
            (having("email", "pro-x@example.com"), json!("p")),
            (user("u", json!({"seats": 100, "plan": "pro", "trial": true})), json!("m")),
        ],
    );
    production.answers("shorthand", &[(known("ada"), json!(true)), (known("u"), json!(false))]);
    production.answers("upper-case", &[(known("u"), json!("x"))]);
}

#[test]
fn fractions_are_rollouts() {
    let production = production();
    production.shares_are("fraction", &json!({"beta": true}), &[("1", 25), ("2", 75)]);
    production.shares_are("fraction", &json!({"beta": false}), &[("2", 100)]);
    // Without the attribute the default is served, and not what would come next.
    production.answers("fraction", &[(having("beta", true), json!(3)), (known("u"), json!(2))]);
    production.shares_are("own-key", &json!({}), &[("\"a\"", 50), ("\"b\"", 50)]);
    production.answers("shared", &[(known("u"), json!({"x": 2}))]);
}

#[test]
fn operations_mean_what_they_did() {
    let production = production();
    let version = |text: &str, expected: &str| (having("v", text), json!(expected));
    production.answers(
        "versions",
        &[
            version("2.0.0", "major"),
            version("2.9.9", "major"),
            version("2.0.0-rc.1", "major"),
            version("3.0.0-rc.1", "other"),
            version("1.4.9", "minor"),
            version("1.5.0", "other"),
            version("0.9.0", "low"),
            version("1.0.0", "none"),
            version("nonsense", "none"),
            (known("u"), json!("none")),
        ],
    );
    production.answers("times", &[(known("u"), json!("future"))]);
    production.answers(
        "comparisons",
        &[
            (having("n", 1), json!("between")),
            (having("n", 3), json!("between")),
            (having("n", 4), json!("missing")),
            (having("e", "ax"), json!("end")),
            (having("s", "axa"), json!("part")),
            (user("u", json!({"c": "yes", "d": 1})), json!("chosen")),
            (user("u", json!({"c": "yes", "user.name": "Ada"})), json!("none")),
            (user("u", json!({"c": "no", "d": "only"})), json!("chosen")),
            (having("user.name", "Ada"), json!("none")),
            (known("u"), json!("missing")),
        ],
    );
}

#[test]
fn what_cannot_be_said_is_off() {
    let production = production();
    let flags = ["no-default", "regexp", "unknown-variant", "loop", "computed", "with-default"];
    for flag in flags {
        let context = user("u", json!({"n": 2, "variant": "on", "plan": "pro"}));
        production.answers(flag, &[(context, json!(false))]);
    }
    production.answers("no-default-text", &[(known("u"), json!("a"))]);
    let document = translated("flagd").document;
    let keys: Vec<_> = document.flags.iter().flatten().map(|flag| flag.key.as_str()).collect();
    assert!(!keys.contains(&"mixed") && keys.contains(&"stateless"));
}
