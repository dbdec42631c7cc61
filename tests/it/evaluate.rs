//! Evaluation through the front door, in the documented form and in that of the published SDKs.

mod credentials;
mod request;
mod vectors;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

const PATH: &str = "/api/v1/evaluate";

/// A server, its admin, and an application with a key of `development`.
fn bench() -> (Server, Team, Client) {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    (server, team, sdk)
}

/// Evaluates these keys for a user.
fn ask(sdk: &Client, flags: &Value, user: &str) -> Answer {
    sdk.post(PATH, &json!({"flags": flags, "context": {"user_key": user}}))
}

/// What the flag `key` serves to a user, in the documented form.
#[track_caller]
fn served(sdk: &Client, key: &str, user: &str) -> Value {
    ask(sdk, &json!([key]), user).expect(200)["data"]["evaluations"][key].clone()
}

/// What the flag `key` serves to a user, in the form of the published SDKs.
#[track_caller]
fn flat(sdk: &Client, key: &str, user: &str) -> Value {
    sdk.post(PATH, &json!({"flag_key": key, "context": {"user_id": user}})).expect(200)
}

#[test]
fn the_documented_form_answers_by_key() {
    let (server, team, sdk) = bench();
    let rules =
        json!([{"conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "on"}]);
    let made = team.create_flag("a", &json!({"enabled": true, "targeting_rules": rules}));
    team.create_flag("b", &json!({}));
    let before = server.clock.now();
    let context = json!({"user_key": "u", "attributes": {"plan": "pro"}});
    let body = json!({"flags": ["b", "a", "nobody", "b"], "context": context});
    let answer = sdk.post(PATH, &body).expect(200);
    assert_eq!(
        answer["data"]["evaluations"],
        json!({
            "a": {
                "value": true, "reason": "TARGETING_RULE", "variation_key": "on",
                "rule_id": made["targeting_rules"][0]["id"],
            },
            "b": {"value": false, "reason": "DISABLED", "variation_key": "off", "rule_id": null},
            "nobody": {"value": null, "reason": "FLAG_NOT_FOUND", "variation_key": null, "rule_id": null},
        })
    );
    let during = before..server.clock.now();
    let printed = |millis: i64| format!("2027-01-15T08:00:00.{:03}Z", millis % 1_000);
    assert!(during.map(printed).any(|moment| answer["data"]["evaluated_at"] == moment), "{answer}");
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1));
}

#[test]
fn the_form_of_the_sdks_answers_flat() {
    let (_server, team, sdk) = bench();
    let rules = json!([{"conditions": [], "variation": "on"}]);
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": rules}));
    let ruleset = sdk.get("/api/v1/sdk/ruleset").expect(200);
    let on = ruleset["flags"][0]["variations"][0]["id"].clone();
    assert_eq!(
        flat(&sdk, "a", "u"),
        json!({"flag_key": "a", "variation_id": on, "variation_key": "on", "value": true, "reason": "targeting_match"})
    );
    let unknown = sdk.post(PATH, &json!({"flag_key": "nobody", "context": {"user_id": "u"}}));
    unknown.refused(404, "FLAG_NOT_FOUND");
    let (detail, message) = (&unknown.body()["detail"], &unknown.body()["error"]["message"]);
    assert!(detail.is_string() && detail == message, "{detail} {message}");
    assert!(detail.as_str().unwrap().contains("nobody") && detail.as_str().unwrap().contains("development"));
}

#[test]
fn a_star_is_every_flag_that_is_not_archived() {
    let (_server, team, sdk) = bench();
    for key in ["on", "off", "parked", "gone"] {
        team.create_flag(key, &json!({"enabled": key != "off"}));
    }
    team.client.put(&team.flags("/parked"), &json!({"status": "inactive"})).expect(200);
    team.client.delete(&team.flags("/gone")).expect(204);
    let keys = |flags: Value| -> Vec<String> {
        let answer = ask(&sdk, &flags, "u").expect(200);
        answer["data"]["evaluations"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(json!(["*"])), ["off", "on", "parked"]);
    assert_eq!(keys(json!(["gone", "*", "on"])), ["off", "on", "parked", "gone"]);
    assert_eq!(keys(json!([])), [""; 0]);
    let other = team.sdk(&team.staging, "server");
    assert_eq!(
        ask(&other, &json!(["*"]), "u").expect(200)["data"]["evaluations"]["on"]["reason"],
        "DISABLED"
    );
}

#[test]
fn every_reason_has_its_two_names() {
    let (_server, team, sdk) = bench();
    let rollout = |percentage: i64| json!({"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": percentage}]});
    let needs = |variation: &str| json!([{"flag_key": "default", "variation_key": variation}]);
    for (key, members) in [
        ("default", json!({})),
        ("rule", json!({"targeting_rules": [{"conditions": [], "variation": "on"}]})),
        ("rollout", json!({"targeting_rules": [rollout(100)]})),
        ("nothing", json!({"targeting_rules": [rollout(0)]})),
        ("unmet", json!({"prerequisites": needs("on"), "targeting_rules": [rollout(100)]})),
        ("met", json!({"prerequisites": needs("off"), "targeting_rules": [rollout(100)]})),
        ("off", json!({"enabled": false, "targeting_rules": [rollout(100)]})),
        ("parked", json!({"targeting_rules": [rollout(100)]})),
        ("gone", json!({"targeting_rules": [rollout(100)]})),
    ] {
        let mut members = members;
        members["enabled"] = json!(key != "off");
        team.create_flag(key, &members);
    }
    team.client.put(&team.flags("/parked"), &json!({"status": "inactive"})).expect(200);
    team.client.delete(&team.flags("/gone")).expect(204);
    for (key, reason, sdk_reason, variation, has_rule) in [
        ("default", "DEFAULT", "default", "off", false),
        ("rule", "TARGETING_RULE", "targeting_match", "on", true),
        ("rollout", "PERCENTAGE_ROLLOUT", "percentage_rollout", "on", true),
        ("nothing", "DEFAULT", "default", "off", false),
        ("unmet", "PREREQUISITE", "prerequisite_failed", "off", false),
        ("met", "PERCENTAGE_ROLLOUT", "percentage_rollout", "on", true),
        ("off", "DISABLED", "disabled", "off", false),
        ("parked", "DISABLED", "disabled", "off", false),
        ("gone", "DISABLED", "disabled", "off", false),
    ] {
        let documented = served(&sdk, key, "u");
        assert_eq!(
            (&documented["reason"], &documented["variation_key"]),
            (&json!(reason), &json!(variation)),
            "{key}"
        );
        let rule = documented["rule_id"].as_str();
        assert_eq!(rule.is_some_and(|id| id.starts_with("rule_")), has_rule, "{key}: {documented}");
        assert_eq!(flat(&sdk, key, "u")["reason"], sdk_reason, "{key}");
    }
}

#[test]
fn values_print_as_they_were_written() {
    let (_server, team, sdk) = bench();
    for (key, flag_type, values) in [
        ("ten", "number", ["10", "10.0"]),
        ("fraction", "number", ["0.1", "-0.5"]),
        ("large", "number", ["9007199254740991", "-9007199254740991"]),
        ("order", "json", [r#"{"z":1,"a":{"y":[],"b":null},"m":10.0}"#, r#"[3,{"b":1,"a":2}]"#]),
        ("text", "string", [r#""Grüße 😀 \"x\"""#, r#""""#]),
    ] {
        let body = format!(
            r#"{{"key": "{key}", "name": "{key}", "flag_type": "{flag_type}", "default_variation": "second",
            "variations": [{{"key": "first", "value": {}}}, {{"key": "second", "value": {}}}],
            "targeting_rules": [{{"conditions": [{{"attribute": "user_key", "operator": "is", "value": "one"}}],
            "variation": "first"}}], "enabled": true}}"#,
            values[0], values[1]
        );
        team.client.json("POST", &team.flags(""), &body).expect(201);
        for (user, value) in [("one", values[0]), ("two", values[1])] {
            let printed = format!(r#""value":{value},"#);
            let documented = ask(&sdk, &json!([key]), user).text();
            assert!(documented.contains(&printed), "{documented}");
            let sdk_form = json!({"flag_key": key, "context": {"user_id": user}});
            let flat = sdk.post(PATH, &sdk_form).text();
            assert!(flat.contains(&printed), "{flat}");
        }
        let ruleset = sdk.get("/api/v1/sdk/ruleset").text();
        assert!(values.iter().all(|value| ruleset.contains(&format!(r#""value":{value}"#))), "{ruleset}");
    }
}

#[test]
fn a_reader_of_its_own_write_sees_it() {
    let (mut server, team, sdk) = bench();
    team.create_flag("a", &json!({"targeting_rules": [{"conditions": [], "variation": "on"}]}));
    for enabled in [true, false, true] {
        team.client.post(&team.flags("/a/toggle"), &json!({"enabled": enabled})).expect(200);
        assert_eq!(served(&sdk, "a", "u")["value"], enabled);
    }
    server.restart();
    assert_eq!(served(&server.reach(&sdk), "a", "u")["value"], true);
}

#[test]
fn the_published_buckets() {
    let (_server, team, sdk) = bench();
    for (key, user, bucket) in [
        ("rollout-50", "user-010", 3),
        ("multivar-flag", "user-001", 7),
        ("search-ranker", "acct-1", 38),
        ("a", "b", 42),
        ("beta-nav", "José", 94),
        ("beta-nav", "😀", 77),
    ] {
        let share = |percentage: i64| {
            let shares = json!([{"variation": "on", "percentage": percentage}]);
            json!({"enabled": true, "targeting_rules": [{"conditions": [], "percentage_rollout": shares}]})
        };
        if team.client.get(&team.flags(&format!("/{key}"))).status == 404 {
            team.create_flag(key, &json!({}));
        }
        for (percentage, expected) in [(bucket, false), (bucket + 1, true)] {
            team.client.put(&team.flags(&format!("/{key}")), &share(percentage)).expect(200);
            assert_eq!(served(&sdk, key, user)["value"], expected, "{key}:{user} at {percentage}");
            assert_eq!(flat(&sdk, key, user)["value"], expected, "{key}:{user} at {percentage}");
        }
    }
}
