//! The OpenFeature Remote Evaluation Protocol through the front door.

mod browser;
mod bulk;
mod events;
mod failure;
mod keys;
mod protocol;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

const ALL: &str = "/ofrep/v1/evaluate/flags";

/// A server, its admin, and an application with a key of `development`.
fn bench() -> (Server, Team, Client) {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    (server, team, sdk)
}

/// Evaluates one flag.
fn ask(sdk: &Client, key: &str, context: &Value) -> Answer {
    sdk.post(&format!("{ALL}/{key}"), &json!({"context": context}))
}

/// Evaluates all flags.
fn ask_all(sdk: &Client, context: &Value) -> Answer {
    sdk.post(ALL, &json!({"context": context}))
}

/// A rule that gives `on` to everybody on the plan `pro`.
fn for_pro() -> Value {
    json!({"conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "on"})
}

/// A rule that gives `on` to everybody who has a user key.
fn to_all() -> Value {
    json!({"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 100}]})
}

/// What the flag serves to `u` on the plan `pro`: its reason and its value.
#[track_caller]
fn served(sdk: &Client, key: &str) -> (String, Value) {
    let answer = ask(sdk, key, &json!({"targetingKey": "u", "plan": "pro"})).expect(200);
    (answer["reason"].as_str().expect("a reason").to_owned(), answer["value"].clone())
}

#[test]
fn one_flag_is_evaluated() {
    let (_server, team, sdk) = bench();
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": [for_pro()]}));
    let answer = ask(&sdk, "a", &json!({"targetingKey": "u", "plan": "pro"}));
    let expected = json!({
        "key": "a", "value": true, "reason": "TARGETING_MATCH", "variant": "on", "metadata": {"version": "1"},
    });
    assert_eq!(answer.expect(200), expected);
    assert_eq!(answer.text(), expected.to_string(), "in this order");
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    assert_eq!(ask(&sdk, "a", &json!({})).expect(200)["metadata"], json!({"version": "2"}));
}

#[test]
fn every_reason_has_its_name() {
    let (_server, team, sdk) = bench();
    let make = |key: &str, overrides: &Value| team.create_flag(key, overrides);
    make("static", &json!({"enabled": true}));
    make("match", &json!({"enabled": true, "targeting_rules": [for_pro()]}));
    make("split", &json!({"enabled": true, "targeting_rules": [to_all()]}));
    let nobody =
        json!({"conditions": [{"attribute": "plan", "operator": "is", "value": "free"}], "variation": "on"});
    make("none", &json!({"enabled": true, "targeting_rules": [nobody]}));
    make("off", &json!({"targeting_rules": [for_pro()]}));
    let demand = json!([{"flag_key": "off", "variation_key": "on"}]);
    make("unmet", &json!({"enabled": true, "targeting_rules": [for_pro()], "prerequisites": demand}));
    for (key, reason, value) in [
        ("static", "STATIC", false),
        ("match", "TARGETING_MATCH", true),
        ("split", "SPLIT", true),
        ("none", "DEFAULT", false),
        ("off", "DISABLED", false),
        ("unmet", "DEFAULT", false),
    ] {
        assert_eq!(served(&sdk, key), (reason.to_owned(), json!(value)), "{key}");
    }
    team.client.put(&team.flags("/match"), &json!({"status": "inactive"})).expect(200);
    assert_eq!(served(&sdk, "match").0, "DISABLED");
}

#[test]
fn values_keep_their_type() {
    let (server, team, sdk) = bench();
    let kept = ["10", "10.0", "-0.5", "9007199254740991", "\"10\"", "{\"a\":[1,1.0,null]}", "[1]"];
    for (index, value) in kept.iter().enumerate() {
        let kind = match value.as_bytes()[0] {
            b'"' => "string",
            b'{' | b'[' => "json",
            _ => "number",
        };
        // The text as it is: a program that builds the body could write the number otherwise.
        let body = format!(
            r#"{{"key":"f{index}","name":"f","flag_type":"{kind}","default_variation":"v","variations":[{{"key":"v","value":{value}}}]}}"#
        );
        team.client.json("POST", &team.flags(""), &body).expect(201);
    }
    let check = |sdk: &Client| {
        let all = ask_all(sdk, &json!({})).text();
        for (index, value) in kept.iter().enumerate() {
            let text = ask(sdk, &format!("f{index}"), &json!({})).text();
            let member = format!(r#""value":{value},"#);
            assert!(text.contains(&member) && all.contains(&member), "{value}: {text}");
        }
    };
    check(&sdk);
    let mut server = server;
    server.restart();
    check(&server.reach(&sdk));
}

#[test]
fn the_targeting_key_is_the_user_key() {
    let (_server, team, sdk) = bench();
    let rule = |attribute: &str| json!([{"conditions": [{"attribute": attribute, "operator": "is", "value": "u"}], "variation": "on"}]);
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": rule("user_key")}));
    assert_eq!(ask(&sdk, "f", &json!({"targetingKey": "u"})).expect(200)["value"], true);
    assert_eq!(ask(&sdk, "f", &json!({"targetingKey": "v"})).expect(200)["value"], false);
    // Another attribute of that name does not take its place.
    assert_eq!(ask(&sdk, "f", &json!({"targetingKey": "v", "user_key": "u"})).expect(200)["value"], false);
}

#[test]
fn a_targeting_key_is_asked_for_only_where_it_is_needed() {
    let (_server, team, sdk) = bench();
    let rules = json!([for_pro(), to_all()]);
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": rules}));
    let demand = json!([{"flag_key": "f", "variation_key": "on"}]);
    team.create_flag("g", &json!({"enabled": true, "prerequisites": demand}));
    for context in [json!({}), json!({"targetingKey": ""}), json!({"targetingKey": null}), json!(null)] {
        for key in ["f", "g"] {
            let answer = ask(&sdk, key, &context);
            answer.faults(400, "VALIDATION_ERROR", &["context.targetingKey"]);
            assert_eq!(answer.body()["errorCode"], "TARGETING_KEY_MISSING");
            assert_eq!(answer.body()["key"], key);
        }
    }
    // A rule before the rollout has decided.
    assert_eq!(ask(&sdk, "f", &json!({"plan": "pro"})).expect(200)["reason"], "TARGETING_MATCH");
}

#[test]
fn what_is_left_out_is_a_context_about_which_nothing_is_known() {
    let (_server, team, sdk) = bench();
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": [for_pro()]}));
    for path in [ALL.to_owned(), format!("{ALL}/f")] {
        for body in ["", "{}", r#"{"context":null}"#, r#"{"context":{}}"#, r#"{"other":{"a":1}}"#] {
            sdk.json("POST", &path, body).expect(200);
        }
        sdk.send("POST", &path, None).expect(200);
    }
}

#[test]
fn an_archived_flag_is_not_there() {
    let (_server, team, sdk) = bench();
    team.create_flag("gone", &json!({"enabled": true}));
    team.create_flag("here", &json!({"enabled": true}));
    team.client.delete(&team.flags("/gone")).expect(204);
    let answer = ask(&sdk, "gone", &json!({"targetingKey": "u"}));
    answer.refused(404, "FLAG_NOT_FOUND");
    assert_eq!(
        (&answer.body()["key"], &answer.body()["errorCode"]),
        (&json!("gone"), &json!("FLAG_NOT_FOUND"))
    );
    assert!(!ask_all(&sdk, &json!({})).text().contains("gone"));
}

#[test]
fn both_ways_to_show_a_key_and_both_doors_lead_there() {
    let (_server, team, sdk) = bench();
    team.create_flag("f", &json!({"enabled": true}));
    let key = sdk.sends("X-API-Key").expect("a key").to_owned();
    let expected = ask(&sdk, "f", &json!({})).expect(200);
    let bearer = sdk.anonymous().bearer(&key);
    assert_eq!(ask(&bearer, "f", &json!({})).expect(200), expected);
    // A key that needs decoding goes by the router.
    assert_eq!(ask(&sdk, "%66", &json!({})).expect(200), expected);
    assert_eq!(ask(&sdk, "f?a=b", &json!({})).expect(200), expected);
    assert_eq!(ask_all(&bearer, &json!({})).expect(200)["flags"], json!([expected]));
    ask(&sdk, "%66oo", &json!({})).refused(404, "FLAG_NOT_FOUND");
}

#[test]
fn what_is_served_is_counted() {
    let (_server, team, sdk) = bench();
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": [to_all()]}));
    let context = json!({"targetingKey": "u"});
    ask(&sdk, "f", &context).expect(200);
    let all = ask_all(&sdk, &context);
    // What serves nothing is not counted: without a key, and where the client has the answer.
    ask(&sdk, "f", &json!({})).expect(400);
    ask_all(&sdk, &json!({})).expect(200);
    ask_all(&sdk.with("If-None-Match", all.header("etag").expect("a tag")), &context).expect(304);
    let stats = team.client.get(&team.flags("/f/stats")).expect(200);
    assert_eq!(stats["data"]["evaluations"], 2);
}
