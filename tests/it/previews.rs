//! Previews: what a change would do is told, and nothing is done.

use phaseflag::{engine::impact, http::wire::preview};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

fn path(team: &Team, flag: &str) -> String {
    team.flags(&format!("/{flag}/preview"))
}

fn preview(client: &Client, team: &Team, flag: &str, change: &Value, contexts: &Value) -> Answer {
    client.post(&path(team, flag), &json!({"change": change, "contexts": contexts}))
}

/// A user of each of these plans.
fn plans(plans: &[&str]) -> Value {
    plans.iter().map(|plan| json!({"user_key": "u", "attributes": {"plan": plan}})).collect()
}

fn for_pro() -> Value {
    json!([{"conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "on"}])
}

fn requires(flag: &str) -> Value {
    json!({
        "enabled": true,
        "prerequisites": [{"flag_key": flag, "variation_key": "on"}],
        "targeting_rules": [{"conditions": [], "variation": "on"}],
    })
}

#[test]
fn it_tells_who_would_get_what_and_changes_nothing() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({"enabled": true}));
    team.create_flag("near", &requires("f"));
    team.create_flag("far", &requires("near"));
    team.create_flag("other", &json!({"enabled": true}));
    let sdk = team.sdk(&team.development, "server");
    let before = (
        team.client.get(&team.flags("/f")).body(),
        sdk.get("/api/v1/sdk/ruleset").body()["data"]["version"].clone(),
    );
    let entries = team.client.get("/api/v1/audit-logs").expect(200)["meta"]["total"].clone();

    let contexts = plans(&["free", "pro", "team", "pro"]);
    let told =
        preview(&team.client, &team, "f", &json!({"targeting_rules": for_pro()}), &contexts).expect(200);
    let told = &told["data"];
    let change = |index: usize| {
        json!({
            "index": index,
            "before": {"variation_key": "off", "value": false, "reason": "DEFAULT"},
            "after": {"variation_key": "on", "value": true, "reason": "TARGETING_RULE"},
        })
    };
    assert_eq!((&told["contexts"], &told["changed"]), (&json!(4), &json!(2)));
    assert_eq!(told["changes"], json!([change(1), change(3)]));
    let variations = json!([
        {"variation_key": "on", "before": 0, "after": 2},
        {"variation_key": "off", "before": 4, "after": 2},
    ]);
    assert_eq!(told["variations"], variations);
    let also = |flag: &str| json!({"flag_key": flag, "changed": 2, "indexes": [1, 3]});
    assert_eq!(
        (&told["dependents"], &told["also_changes"]),
        (&json!(2), &json!([also("far"), also("near")]))
    );
    assert_eq!(told["version"], before.1);

    let after = (
        team.client.get(&team.flags("/f")).body(),
        sdk.get("/api/v1/sdk/ruleset").body()["data"]["version"].clone(),
    );
    assert_eq!(before, after, "nothing is changed, and nothing is counted");
    assert_eq!(team.client.get("/api/v1/audit-logs").expect(200)["meta"]["total"], entries);
}

#[test]
fn what_it_foretells_is_what_happens() {
    let server = Server::start();
    let team = server.admin();
    let colors = json!([{"key": "red", "value": {"hex": "f00"}}, {"key": "blue", "value": {"hex": "00f"}}]);
    let json =
        json!({"flag_type": "json", "variations": colors, "default_variation": "red", "enabled": true});
    team.create_flag("color", &json);
    let contexts: Value = (0..200).map(|user| json!({"user_key": format!("user-{user}")})).collect();
    let half = json!([{"variation": "blue", "percentage": 30}, {"variation": "red", "percentage": 20}]);
    let change = json!({
        "variations": [{"key": "blue", "value": {"hex": "00e"}}, {"key": "red", "value": {"hex": "f00"}}],
        "targeting_rules": [{"conditions": [], "percentage_rollout": half}],
    });
    let told = preview(&team.client, &team, "color", &change, &contexts).expect(200)["data"].clone();
    let made = team.client.put(&team.flags("/color"), &change).expect(200)["data"].clone();
    assert_eq!(told["warnings"], made["warnings"]);
    assert_eq!(made["warnings"][0]["code"], "ROLLOUT_BELOW_100");
    let sdk = team.sdk(&team.development, "server");
    let mut foretold = told["changes"].as_array().expect("a list").iter().peekable();
    for index in 0..200 {
        let body = json!({"flags": ["color"], "context": {"user_key": format!("user-{index}")}});
        let answered =
            sdk.post("/api/v1/evaluate", &body).expect(200)["data"]["evaluations"]["color"].clone();
        match foretold.next_if(|change| change["index"] == index) {
            Some(change) => {
                for member in ["value", "variation_key", "reason"] {
                    assert_eq!(change["after"][member], answered[member], "{index}");
                }
            }
            None => {
                assert_eq!(answered["value"], json!({"hex": "f00"}), "{index} was not to get another value");
            }
        }
    }
    assert!(
        foretold.next().is_none() && told["changed"].as_u64().is_some_and(|count| (40..80).contains(&count))
    );
}

#[test]
fn a_faulty_change_is_refused_as_if_it_were_made() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    team.create_flag("g", &requires("f"));
    let faulty = [
        (400, "VALIDATION_ERROR", json!({"enabled": 1, "tags": ["", "a"], "flag_type": "json"})),
        (400, "VALIDATION_ERROR", json!({"variations": [{"key": "?", "value": true}], "name": ""})),
        (422, "VARIATION_COUNT_INVALID", json!({"variations": [{"key": "on", "value": true}]})),
        (422, "VARIATION_NOT_FOUND", json!({"default_variation": "maybe"})),
        (
            422,
            "VARIATION_VALUE_INVALID",
            json!({"variations": [{"key": "on", "value": 1}, {"key": "off", "value": false}]}),
        ),
        (
            422,
            "RULE_INVALID",
            json!({"targeting_rules": [
                {"conditions": [{"attribute": "a", "operator": "matches_regex", "value": "("}], "variation": "on"},
                {"conditions": [], "variation": "on"},
            ]}),
        ),
        (
            422,
            "PREREQUISITE_INVALID",
            json!({"prerequisites": [{"flag_key": "nobody", "variation_key": "on"}]}),
        ),
        (422, "PREREQUISITE_INVALID", json!({"prerequisites": [{"flag_key": "g", "variation_key": "on"}]})),
    ];
    for (status, code, change) in faulty {
        let refused = team.client.put(&team.flags("/f"), &change).refused(status, code);
        let fields = refused["fields"].as_array().expect("fields");
        let under = |field: &Value| format!("change.{}", field["field"].as_str().expect("a path"));
        let wanted: Vec<String> = fields.iter().map(under).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        preview(&team.client, &team, "f", &change, &plans(&["free"])).faults(status, code, &wanted);
    }
    let renamed = json!({"variations": [{"key": "yes", "value": true}, {"key": "off", "value": false}]});
    let conflict = team.client.put(&team.flags("/f"), &renamed).refused(409, "VARIATION_IN_USE");
    let previewed = preview(&team.client, &team, "f", &renamed, &json!([]));
    assert_eq!(previewed.refused(409, "VARIATION_IN_USE"), conflict);
    team.client.delete(&team.flags("/g")).expect(204);
    preview(&team.client, &team, "g", &json!({}), &json!([])).refused(409, "FLAG_ARCHIVED");
    preview(&team.client, &team, "nobody", &json!({}), &json!([])).refused(404, "FLAG_NOT_FOUND");
}

#[test]
fn faults_of_contexts_and_of_the_change_are_told_at_once() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    let body = json!({
        "change": {"name": "", "environment_id": team.staging, "default_variation": "maybe", "more": 1},
        "contexts": [{"user_key": "u"}, {"user_key": 7}, {"attributes": []}, {"attributes": {"a": "x".repeat(70_000)}}, 1],
        "dry_run": true,
    });
    let wanted = [
        "change.name",
        "change.environment_id",
        "change.more",
        "contexts[1].user_key",
        "contexts[2].attributes",
        "contexts[3].attributes",
        "contexts[4]",
        "dry_run",
    ];
    team.client.post(&path(&team, "f"), &body).faults(400, "VALIDATION_ERROR", &wanted);
    team.client.post(&path(&team, "f"), &json!({})).faults(400, "VALIDATION_ERROR", &["change", "contexts"]);
    let bare = format!("/api/v1/flags/f/preview?environment_id=env_{}", "0".repeat(26));
    team.client.post(&bare, &json!({"change": {}, "contexts": []})).refused(404, "ENVIRONMENT_NOT_FOUND");

    let users =
        |count| -> Value { (0..count).map(|user: usize| json!({"user_key": user.to_string()})).collect() };
    let most = preview(&team.client, &team, "f", &json!({"enabled": true}), &users(preview::MAX_CONTEXTS));
    assert_eq!(most.expect(200)["data"]["contexts"], preview::MAX_CONTEXTS);
    let more =
        preview(&team.client, &team, "f", &json!({"enabled": true}), &users(preview::MAX_CONTEXTS + 1));
    more.faults(400, "VALIDATION_ERROR", &["contexts"]);
}

#[test]
fn a_frozen_environment_can_be_previewed_and_one_flag_may_have_many_dependents() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({"enabled": true}));
    for number in 0..=impact::MAX_DEPENDENTS {
        team.create_flag(&format!("d{number:03}"), &requires("f"));
    }
    let freeze = format!("/api/v1/environments/{}/freeze", team.development);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    let told =
        preview(&team.client, &team, "f", &json!({"default_variation": "on"}), &plans(&["free"])).expect(200);
    assert_eq!(told["data"]["dependents"], impact::MAX_DEPENDENTS + 1);
    let also = told["data"]["also_changes"].as_array().expect("a list");
    assert_eq!((also.len(), &also[0]["flag_key"]), (impact::MAX_DEPENDENTS, &json!("d000")));
}
