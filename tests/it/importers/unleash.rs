//! Unleash, as its client specification has it.

use serde_json::{Value, json};

use super::{Environment, having, known, translated, user};

fn production() -> Environment {
    Environment::of(&translated("unleash-clients"), "production")
}

#[test]
fn any_strategy_is_enough() {
    let production = production();
    production.answers("plain", &[(known("u"), json!(true))]);
    production.answers("off", &[(known("u"), json!(false))]);
    production.answers("all-disabled", &[(known("u"), json!(false))]);
    let company = |email: &str, country: Value, age: u32| {
        user("u", json!({"email": email, "country": country, "age": age}))
    };
    production.answers(
        "beta",
        &[
            (known("ada"), json!(true)),
            (known("bob"), json!(true)),
            (known(" bob"), json!(false)),
            (having("remoteAddress", "10.1.2.3"), json!(true)),
            (having("remoteAddress", "11.1.2.3"), json!(false)),
            (company("X@EXAMPLE.ORG", json!("de"), 18), json!(true)),
            (company("x@example.com", json!("de"), 17), json!(false)),
            (company("x@example.com", json!("ca"), 18), json!(false)),
            // Of a missing field NOT_IN holds.
            (company("x@example.com", json!(null), 18), json!(true)),
            (company("x@example.net", json!("de"), 18), json!(false)),
        ],
    );
    production.answers("unknown-segment", &[(known("u"), json!(false))]);
    production.answers("broken", &[(known("u"), json!(false))]);
}

#[test]
fn rollouts_reach_nobody_whom_they_did_not_promise() {
    let production = production();
    // The two that are by user overlap here, and the one by company is left out: fewer than there, never more.
    production.shares_are("quarter-rollout", &json!({}), &[("true", 50), ("false", 50)]);
    production.answers("whole", &[(having("company", "a"), json!(true)), (known("u"), json!(false))]);
}

#[test]
fn variants_are_variations() {
    let production = production();
    production.answers(
        "colours",
        &[
            (user("u", json!({"plan": "pro"})), json!("#fd0")),
            (user("rita", json!({"plan": "pro"})), json!("#fd0")),
        ],
    );
    production.shares_are("colours", &json!({}), &[("\"\"", 50), ("\"#f00\"", 25), ("\"#00f\"", 25)]);
    production.shares_are("names-only", &json!({"plan": "pro"}), &[("\"left\"", 33), ("\"right\"", 67)]);
    production.answers("names-only", &[(known("u"), json!("disabled")), (known("zoe"), json!("enabled"))]);
    production.answers("payloads", &[(known("u"), json!("1.5"))]);
    production.answers("numbers", &[(known("u"), json!(3))]);
    // Whom the strategy that is not known here reached is not known either.
    production.answers("custom-with-variants", &[(known("u"), json!("disabled"))]);
}

#[test]
fn constraints_mean_what_they_did() {
    let yes = [
        having("a", "axa"),
        having("b", "yes"),
        having("c", 5),
        having("d", 9),
        having("e", 5),
        having("born", "2001-01-01T00:00:01Z"),
        having("f", "1.2.3"),
        having("g", "1.9.0"),
        having("h", "XX"),
        having("i", "192.168.7.7"),
        json!({"user_key": "u", "session_id": "s1"}),
        having("appName", "shop"),
    ];
    let no = [
        known("u"),
        having("a", "AXA"),
        having("b", "xyz"),
        having("c", 5.1),
        having("d", 5),
        having("d", 9.1),
        having("e", 9),
        having("born", "2001-01-01T00:00:00Z"),
        having("f", "1.2.4"),
        having("g", "2.0.0"),
        having("h", "XXy"),
        having("i", "10.0.0.1"),
        having("j", 1_000_000),
        having("k", "x"),
        json!({"user_key": "u", "session_id": "s2"}),
    ];
    let production = production();
    production.answers("operators", &yes.map(|context| (context, json!(true))));
    production.answers("operators", &no.map(|context| (context, json!(false))));
}

#[test]
fn dependencies_are_prerequisites() {
    let production = production();
    production.answers("child", &[(known("ada"), json!(true)), (known("u"), json!(false))]);
    for off in ["child-of-off", "child-of-any", "orphan"] {
        production.answers(off, &[(known("ada"), json!(false))]);
    }
}

#[test]
fn an_environment_export_means_what_it_did() {
    let translation = translated("unleash-export");
    let development = Environment::of(&translation, "development");
    development.answers("checkout", &[(known("ada"), json!(true))]);
    // By session, and not for those who were in the segment: who that is the export does not say.
    development.shares_are("checkout", &json!({}), &[("true", 10), ("false", 90)]);
    development.answers("after-checkout", &[(known("ada"), json!(true)), (known("u"), json!(false))]);
}
