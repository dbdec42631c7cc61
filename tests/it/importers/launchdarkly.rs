//! `LaunchDarkly`, as its server SDKs evaluate.

use serde_json::json;

use super::{Environment, having, known, translated, user};

#[test]
fn flags_of_the_rest_api_mean_what_they_did() {
    let translation = translated("launchdarkly-flags");
    let production = Environment::of(&translation, "production");
    production.answers(
        "new-nav",
        &[
            (known("ada"), json!(true)),
            // A target comes before every rule, and that of the organization before that of the other users.
            (user("eve", json!({"email": "eve@example.com"})), json!(false)),
            (user("eve", json!({"organization.key": "acme"})), json!(true)),
            (having("email", "x@example.org"), json!(true)),
            (user("u", json!({"country": "us", "age": 17})), json!(false)),
            (user("u", json!({"country": "de", "age": 17})), json!(true)),
            // Of a missing attribute no clause holds, and no negated one.
            (having("age", 17), json!(true)),
            (having("country", "us"), json!(true)),
            // The fallthrough is not what is served when off.
            (known("u"), json!(true)),
        ],
    );
    let staging = Environment::of(&translation, "staging");
    staging.answers("new-nav", &[(known("ada"), json!(false))]);

    // Whoever lacks what users are shared out by is in the first share that is one.
    production.answers(
        "search.engine",
        &[
            (known("u"), json!("v2")),
            (having("app", "2.1"), json!("v3")),
            (having("app", "2.0"), json!("v2")),
            (having("plan", "beta"), json!("v2")),
            (known("eve"), json!("v1")),
        ],
    );
    // The last share takes what is missing to the whole.
    production.shares_are("search.engine", &json!({}), &[("\"v2\"", 33), ("\"v3\"", 67)]);
    staging.answers("search.engine", &[(known("u"), json!("v1"))]);
}

#[test]
fn data_of_sdks_means_what_it_did() {
    let translation = translated("launchdarkly-data");
    let production = Environment::of(&translation, "production");
    production.answers(
        "for-staff",
        &[
            (known("ada"), json!(true)),
            (known("eve"), json!(false)),
            // Who is both included and excluded is included.
            (known("both"), json!(true)),
            (user("eve", json!({"role": "admin"})), json!(false)),
            (having("role", "admin"), json!(true)),
            (having("email", "x@example.com"), json!(false)),
            (user("u", json!({"email": "x@example.com", "trial": false})), json!(true)),
            (user("u", json!({"email": "x@example.com", "trial": true})), json!(false)),
        ],
    );
    production.answers(
        "not-partners",
        &[
            (known("pat"), json!(false)),
            (having("organization.key", "acme"), json!(false)),
            (user("kim", json!({"organization.key": "acme"})), json!(false)),
            (user("kim", json!({"partner": true})), json!(true)),
            (having("partner", true), json!(false)),
            (user("u", json!({"partner": true, "organization.key": "evil"})), json!(true)),
            (known("u"), json!(true)),
        ],
    );
    production.shares_are("half", &json!({}), &[("\"a\"", 50), ("\"b\"", 50)]);
    production.answers("limit", &[(known("u"), json!(25))]);
    for off in
        ["for-some", "no-off", "kinds", "strange", "lookahead", "two-by", "circle-a", "circle-b", "dangling"]
    {
        production.answers(off, &[(known("u"), json!(false))]);
    }
}

#[test]
fn operators_mean_what_they_did() {
    let translation = translated("launchdarkly-data");
    let production = Environment::of(&translation, "production");
    production.answers(
        "operators",
        &[
            (known("u"), json!("none")),
            (having("a", "y"), json!("starts")),
            (having("a", "xy"), json!("none")),
            (having("a", json!(["xy", "y"])), json!("none")),
            (having("b", "axb"), json!("contains")),
            (having("b", 5), json!("none")),
            (having("c", "xxx"), json!("matches")),
            (having("c", "xyx"), json!("none")),
            (having("d", 5), json!("lte")),
            (having("d", 5.1), json!("none")),
            (having("e", 5), json!("none")),
            (having("e", 6), json!("gt")),
            (having("f", 5), json!("gte")),
            (having("g", "2025-12-31T23:59:59Z"), json!("before")),
            (having("g", "2026-01-01T00:00:00Z"), json!("none")),
            (having("h", 1_767_225_600_001_i64), json!("after")),
            (having("h", 1_767_225_600_000_i64), json!("none")),
            (having("i", "2.0.0"), json!("equal")),
            (having("i", "nonsense"), json!("none")),
            (having("j", "2.0.0-rc.1"), json!("below")),
            (having("address.city", "Rome"), json!("typed")),
        ],
    );
}
