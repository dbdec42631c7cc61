//! Documents that are refused: every fault with its place, and nothing done.

use serde_json::{Value, json};

use super::{export, furnish, import};
use crate::support::{Server, Team};

fn with(parts: &Value) -> Value {
    let mut document = json!({"project": {"key": "default", "name": "Default"}});
    for (name, part) in parts.as_object().expect("parts") {
        document[name] = part.clone();
    }
    document
}

fn refused(team: &Team, parts: &Value, status: u16, code: &str, fields: &[&str]) {
    let before = export(team, "");
    for query in ["?dry_run=true&prune=true", "?prune=true"] {
        import(&team.client, query, &with(parts)).faults(status, code, fields);
    }
    assert_eq!(export(team, ""), before);
}

#[test]
fn all_faults_of_shape_are_told_at_once() {
    let server = Server::start();
    let team = server.admin();
    let parts = json!({
        "phaseflag": 2, "seed": {}, "more": 1,
        "environments": [{"key": "E", "name": "", "type": "test"}],
        "segments": [{"key": "s", "name": "S"}, {"key": "s", "name": "S", "conditions": [{"operator": "is"}]}],
        "flags": [
            {"key": "a"},
            {"key": "a", "flag_type": "string", "environments": {"x y": {}, "production": {"enabled": 1}}},
            {"key": "b", "flag_type": "boolean", "variations": [{"key": "on", "value": true, "id": 1}]},
        ],
        "api_keys": [{"environment": "production", "name": "K", "kind": "server", "prefix": "", "sha256": "ab"}],
    });
    let fields = [
        "phaseflag",
        "seed",
        "more",
        "environments[0].key",
        "environments[0].name",
        "environments[0].type",
        "segments[1].key",
        "segments[1].conditions[0].attribute",
        "segments[1].conditions[0].value",
        "flags[0].flag_type",
        "flags[1].key",
        "flags[1].variations",
        "flags[1].environments.x y",
        "flags[1].environments.production.enabled",
        "flags[2].variations[0].id",
        "api_keys[0].prefix",
        "api_keys[0].sha256",
    ];
    refused(&team, &parts, 400, "VALIDATION_ERROR", &fields);
}

#[test]
fn all_faults_of_meaning_are_told_with_their_places() {
    let server = Server::start();
    let team = server.admin();
    let conditions = json!([{"operator": "in_segment", "value": "none"}]);
    let rules =
        json!([{"conditions": conditions, "percentage_rollout": [{"variation": "zz", "percentage": 1}]}]);
    let parts = json!({"flags": [
        {"key": "a", "flag_type": "boolean", "variations": [{"key": "on", "value": true}]},
        {"key": "b", "flag_type": "number", "variations": [{"key": "x", "value": "1"}], "environments": {
            "production": {"targeting_rules": rules}, "staging": {"default_variation": "q"}}},
    ]});
    let fields = [
        "flags[0].variations",
        "flags[1].variations[0].value",
        "flags[1].environments.staging.default_variation",
        "flags[1].environments.production.targeting_rules[0].percentage_rollout[0].variation",
    ];
    refused(&team, &parts, 422, "VARIATION_COUNT_INVALID", &fields);
    let parts = json!({
        "segments": [
            {"key": "s", "name": "S", "conditions": [{"operator": "in_segment", "value": "t"}]},
            {"key": "t", "name": "T", "conditions": [{"operator": "in_segment", "value": ["s", "none"]}]},
        ],
    });
    let fields = ["segments[0].conditions", "segments[1].conditions[0].value", "segments[1].conditions"];
    refused(&team, &parts, 422, "RULE_INVALID", &fields);
    let flag = |key: &str, of: &str| {
        json!({"key": key, "flag_type": "boolean", "environments": {"production": {
        "prerequisites": [{"flag_key": of, "variation_key": "on"}]}}})
    };
    let parts = json!({"flags": [flag("a", "b"), flag("b", "a"), flag("c", "none")]});
    let fields = [
        "flags[0].environments.production.prerequisites",
        "flags[1].environments.production.prerequisites",
        "flags[2].environments.production.prerequisites[0].flag_key",
    ];
    refused(&team, &parts, 422, "PREREQUISITE_INVALID", &fields);
}

#[test]
fn what_is_left_alone_may_be_in_the_way() {
    let server = Server::start();
    let team = server.admin();
    furnish(&team);
    let refused = |parts: Value, status, code, fields: &[&str]| refused(&team, &parts, status, code, fields);
    // The flag that uses the segment is not in the document.
    let place = "flags[rich].environments.development.targeting_rules[0].conditions[0].value";
    refused(json!({"segments": []}), 422, "RULE_INVALID", &[place]);
    let archived = json!({"flags": [{"key": "gate", "flag_type": "boolean", "status": "archived"}]});
    let before = export(&team, "");
    let place = "flags[rich].environments.development.prerequisites[0].flag_key";
    import(&team.client, "", &with(&archived)).faults(422, "PREREQUISITE_INVALID", &[place]);
    assert_eq!(export(&team, ""), before);
    let typed = json!({"flags": [{"key": "gate", "flag_type": "string", "variations": [{"key": "on", "value": "on"}],
        "environments": {"nowhere": {}}}]});
    import(&team.client, "", &with(&typed)).faults(
        400,
        "VALIDATION_ERROR",
        &["flags[0].flag_type", "flags[0].environments.nowhere"],
    );
    import(&team.client, "?prune=true", &with(&json!({"environments": []}))).refused(409, "LAST_ENVIRONMENT");
    import(&team.client, "?prune=perhaps&dry_run=1&organization_id=x", &with(&json!({}))).faults(
        400,
        "VALIDATION_ERROR",
        &["prune", "dry_run", "organization_id"],
    );
}
