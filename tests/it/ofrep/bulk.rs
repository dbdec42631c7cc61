//! All flags at once, and the tag of such an answer.

use serde_json::{Value, json};

use super::{ask_all, bench, for_pro, to_all};
use crate::support::{Answer, Client};

fn tag(answer: &Answer) -> String {
    answer.header("etag").expect("a tag").to_owned()
}

/// Asks again with `If-None-Match`.
fn again(sdk: &Client, context: &Value, tag: &str) -> Answer {
    ask_all(&sdk.with("If-None-Match", tag), context)
}

#[test]
fn all_flags_are_evaluated_in_the_order_of_their_keys() {
    let (_server, team, sdk) = bench();
    team.create_flag("b", &json!({"enabled": true, "targeting_rules": [to_all()]}));
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": [for_pro()]}));
    team.create_flag("c", &json!({}));
    let answer = ask_all(&sdk, &json!({"plan": "pro"})).expect(200);
    let served = |key: &str, value: bool, reason: &str, variant: &str| json!({"key": key, "value": value, "reason": reason, "variant": variant, "metadata": {"version": "1"}});
    assert_eq!(
        answer["flags"],
        json!([
            served("a", true, "TARGETING_MATCH", "on"),
            {
                "key": "b", "errorCode": "TARGETING_KEY_MISSING",
                "errorDetails": "context.targetingKey is required: a percentage rollout needs it",
            },
            served("c", false, "DISABLED", "off"),
        ])
    );
    let ruleset = sdk.get("/api/v1/sdk/ruleset").expect(200);
    let metadata = json!({"flagSetId": team.development, "version": ruleset["data"]["version"].to_string()});
    assert_eq!(answer["metadata"], metadata);
}

#[test]
fn an_environment_without_flags_has_an_empty_list() {
    let (_server, _team, sdk) = bench();
    assert_eq!(ask_all(&sdk, &json!({"targetingKey": "u"})).expect(200)["flags"], json!([]));
}

#[test]
fn a_known_tag_is_answered_without_a_body_in_whatever_form_it_comes() {
    let (_server, team, sdk) = bench();
    team.create_flag("f", &json!({"enabled": true}));
    let context = json!({"targetingKey": "u"});
    let first = ask_all(&sdk, &context);
    let tag = tag(&first);
    let bare = tag.trim_matches('"');
    for known in [
        tag.clone(),
        bare.to_owned(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        format!("x,{bare}"),
        "*".into(),
    ] {
        let answer = again(&sdk, &context, &known);
        assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{known}");
        assert_eq!(answer.header("vary"), first.header("vary"));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    }
    for unknown in ["\"x\"", "", "W/", &tag[..tag.len() - 2]] {
        again(&sdk, &context, unknown).expect(200);
    }
}

#[test]
fn the_tag_changes_with_everything_that_an_answer_depends_on() {
    let (_server, team, sdk) = bench();
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": [for_pro()]}));
    let context = json!({"targetingKey": "u", "plan": "pro", "more": {"list": [1, 2]}});
    let known = tag(&ask_all(&sdk, &context));
    let same = json!({"more": {"list": [1, 2]}, "plan": "pro", "targetingKey": "u"});
    again(&sdk, &same, &known).expect(304);
    for other in [
        json!({}),
        json!({"targetingKey": "v", "plan": "pro", "more": {"list": [1, 2]}}),
        json!({"targetingKey": "u", "plan": "free", "more": {"list": [1, 2]}}),
        json!({"targetingKey": "u", "plan": "pro", "more": {"list": [2, 1]}}),
        json!({"targetingKey": "u", "plan": "pro", "more": {"list": [1, 2]}, "x": null}),
    ] {
        again(&sdk, &other, &known).expect(200);
    }
    again(&team.sdk(&team.development, "client"), &context, &known).expect(200);
    again(&team.sdk(&team.staging, "server"), &context, &known).expect(200);
    // With the same rights, but the answer has an event stream that ends with its key.
    again(&team.sdk(&team.development, "server"), &context, &known).expect(200);
    again(&sdk, &context, &known).expect(304);
    team.client.post(&team.flags("/f/toggle"), &json!({"enabled": false})).expect(200);
    again(&sdk, &context, &known).expect(200);
}

#[test]
fn what_time_alone_changes_is_not_hidden_behind_a_tag() {
    let (server, team, sdk) = bench();
    let context = json!({"targetingKey": "u"});
    let later = server.clock.now() + 60_000;
    let rule = json!([{
        "conditions": [{"attribute": "$now", "operator": "after", "value": later}], "variation": "on",
    }]);
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": rule}));
    let before = ask_all(&sdk, &context);
    assert_eq!(before.body()["flags"][0]["value"], false);
    again(&sdk, &context, &tag(&before)).expect(304);
    server.clock.advance_seconds(120);
    let after = again(&sdk, &context, &tag(&before));
    assert_eq!(after.expect(200)["flags"][0]["value"], true);
    again(&sdk, &context, &tag(&after)).expect(304);
}

#[test]
fn a_segment_that_asks_for_the_moment_counts_as_well() {
    let (server, team, sdk) = bench();
    let context = json!({"targetingKey": "u"});
    let later = server.clock.now() + 60_000;
    let segment = json!({
        "key": "late", "name": "Late", "conditions": [{"attribute": "$now", "operator": "after", "value": later}],
    });
    team.client.post(&format!("/api/v1/segments?project_id={}", team.project), &segment).expect(201);
    let rule = json!([{"conditions": [{"operator": "in_segment", "value": "late"}], "variation": "on"}]);
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": rule}));
    let before = ask_all(&sdk, &context);
    server.clock.advance_seconds(120);
    assert_eq!(again(&sdk, &context, &tag(&before)).expect(200)["flags"][0]["value"], true);
}
