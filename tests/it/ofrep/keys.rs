//! A `client` key is in every browser: it evaluates, and learns nothing of what decided.

use serde_json::json;

use super::{ask, ask_all, bench};

/// Names that stand in rules and segments, and nowhere else.
const SECRETS: [&str; 6] =
    ["secret-rule", "secret-segment", "Secret segment", "secret_attribute", "secret-value", "secret-member"];

#[test]
fn a_client_key_evaluates_everywhere_and_never_sees_a_rule() {
    let (_server, team, sdk) = bench();
    let segment = json!({
        "key": "secret-segment", "name": "Secret segment", "included": ["secret-member"],
        "conditions": [{"attribute": "secret_attribute", "operator": "is", "value": "secret-value"}],
    });
    team.client.post(&format!("/api/v1/segments?project_id={}", team.project), &segment).expect(201);
    let rules = json!([
        {"name": "secret-rule", "variation": "on", "conditions": [
            {"operator": "in_segment", "value": "secret-segment"},
            {"attribute": "secret_attribute", "operator": "is_not", "value": "secret-value"},
        ]},
        {"name": "secret-rule", "conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 50}]},
    ]);
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": rules}));
    let made = team.create_key(&team.development, "client").expect(201);
    let key = made["data"]["key"].as_str().expect("a key");
    assert!(key.starts_with("pub-dev-") && made["data"]["kind"] == "client");
    let client = sdk.anonymous().with("X-API-Key", key);

    let user = json!({"user_key": "u"});
    let event = json!([{"flag_key": "f", "variation_key": "on", "user_id": "u"}]);
    let seen = [
        client.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": user})),
        client.post("/api/v1/evaluate", &json!({"flag_key": "f", "context": user})),
        ask(&client, "f", &json!({"targetingKey": "u"})),
        ask(&client, "f", &json!({})),
        ask(&client, "nobody", &json!({})),
        ask_all(&client, &json!({"targetingKey": "u"})),
        ask_all(&client, &json!({})),
        client.post("/api/v1/sdk/events", &event),
    ];
    assert_eq!(seen.each_ref().map(|answer| answer.status), [200, 200, 200, 400, 404, 200, 200, 202]);
    let refused = ["ruleset", "bootstrap"].map(|path| client.get(&format!("/api/v1/sdk/{path}")));
    for answer in &refused {
        answer.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let explain = client.post(&team.flags("/f/explain"), &json!({"context": user}));
    explain.refused(403, "INSUFFICIENT_PERMISSIONS");
    for answer in seen.iter().chain(&refused).chain([&explain]) {
        for secret in SECRETS {
            assert!(!answer.text().contains(secret), "{secret}: {}", answer.text());
        }
    }
    // What a server key reads has all of them, so that the search above could have failed.
    let ruleset = sdk.get("/api/v1/sdk/ruleset").text();
    assert!(["secret-segment", "secret_attribute", "secret-value"].iter().all(|it| ruleset.contains(it)));
}
