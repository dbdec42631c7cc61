//! Segments through the front door.

use serde_json::{Value, json};

use crate::support::{Client, Server, Team};

fn path(team: &Team, rest: &str) -> String {
    format!("/api/v1/segments{rest}?project_id={}", team.project)
}

fn create(team: &Team, key: &str, fields: &Value) -> Value {
    let mut body = json!({"key": key, "name": key});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    team.client.post(&path(team, ""), &body).expect(201)["data"].clone()
}

/// A flag that is on and serves `on` to whom the condition matches.
fn targeted(team: &Team, key: &str, condition: &Value) {
    let rules = json!([{"conditions": [condition], "variation": "on"}]);
    team.create_flag(key, &json!({"enabled": true, "targeting_rules": rules}));
}

fn is_on(sdk: &Client, flag: &str, user: &str, attributes: &Value) -> bool {
    let body = json!({"flags": [flag], "context": {"user_key": user, "attributes": attributes}});
    sdk.post("/api/v1/evaluate", &body).expect(200)["data"]["evaluations"][flag]["value"] == true
}

fn version(sdk: &Client) -> u64 {
    sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].as_u64().unwrap()
}

#[test]
fn a_segment_is_made_shown_changed_and_deleted() {
    let server = Server::start();
    let team = server.admin();
    let made = create(&team, "beta", &json!({"description": "Testers", "included": ["ada", "bob"]}));
    assert!(made["id"].as_str().unwrap().starts_with("seg_"));
    assert_eq!(
        (&made["match"], &made["revision"], &made["excluded"]),
        (&json!("all"), &json!(1), &json!([]))
    );
    assert_eq!(team.client.get(&path(&team, "/beta")).expect(200)["data"], made);
    let by_id = format!("/api/v1/segments/{}?environment_id={}", made["id"].as_str().unwrap(), team.staging);
    assert_eq!(team.client.get(&by_id).expect(200)["data"], made);
    let change = json!({"name": "Beta", "description": null, "match": "any"});
    let changed = team.client.put(&path(&team, "/beta"), &change).expect(200)["data"].clone();
    assert_eq!(
        (&changed["name"], &changed["description"], &changed["included"], &changed["revision"]),
        (&json!("Beta"), &Value::Null, &json!(["ada", "bob"]), &json!(2))
    );
    let listed = team.client.get(&path(&team, "")).expect(200);
    let mut changed = changed;
    changed.as_object_mut().unwrap().remove("warnings");
    assert_eq!((&listed["data"], &listed["meta"]["total"]), (&json!([changed]), &json!(1)));
    let taken = json!({"key": "beta", "name": "x"});
    team.client.post(&path(&team, ""), &taken).refused(409, "SEGMENT_KEY_CONFLICT");
    team.client.delete(&path(&team, "/beta")).expect(204);
    team.client.get(&path(&team, "/beta")).refused(404, "SEGMENT_NOT_FOUND");
    team.client.delete(&path(&team, "/beta")).refused(404, "SEGMENT_NOT_FOUND");
}

#[test]
fn lists_go_before_conditions_and_nobody_is_in_an_empty_segment() {
    let server = Server::start();
    let team = server.admin();
    let pro = json!([{"attribute": "plan", "operator": "is", "value": "pro"}]);
    create(
        &team,
        "lists",
        &json!({"included": ["in", "both"], "excluded": ["out", "both"], "conditions": pro}),
    );
    create(&team, "empty", &json!({}));
    create(&team, "empty-any", &json!({"match": "any"}));
    targeted(&team, "f", &json!({"operator": "in_segment", "value": "lists"}));
    targeted(&team, "g", &json!({"operator": "not_in_segment", "value": ["lists", "empty"]}));
    targeted(&team, "h", &json!({"operator": "in_segment", "value": ["empty", "empty-any"]}));
    let sdk = team.sdk(&team.development, "server");
    for (user, plan, inside) in [
        ("in", "free", true),
        ("out", "pro", false),
        ("both", "pro", false),
        ("other", "pro", true),
        ("other", "free", false),
    ] {
        let attributes = json!({"plan": plan});
        assert_eq!(is_on(&sdk, "f", user, &attributes), inside, "{user} {plan}");
        assert_eq!(is_on(&sdk, "g", user, &attributes), !inside, "{user} {plan}");
        assert!(!is_on(&sdk, "h", user, &attributes));
    }
}

#[test]
fn segments_nest_and_a_change_reaches_every_environment_at_once() {
    let server = Server::start();
    let team = server.admin();
    create(&team, "inner", &json!({"included": ["ada"]}));
    let conditions = json!([
        {"operator": "in_segment", "value": "inner"},
        {"attribute": "country", "operator": "is", "value": "de"},
    ]);
    create(&team, "outer", &json!({"match": "any", "conditions": conditions}));
    targeted(&team, "f", &json!({"operator": "in_segment", "value": "outer"}));
    let staging = format!("/api/v1/flags/f?environment_id={}", team.staging);
    let rules =
        json!([{"conditions": [{"operator": "not_in_segment", "value": "outer"}], "variation": "on"}]);
    team.client.put(&staging, &json!({"enabled": true, "targeting_rules": rules})).expect(200);
    let (development, staging) = (team.sdk(&team.development, "server"), team.sdk(&team.staging, "server"));
    let sees =
        |user: &str| (is_on(&development, "f", user, &json!({})), is_on(&staging, "f", user, &json!({})));
    assert_eq!((sees("ada"), sees("bob")), ((true, false), (false, true)));

    let before = (version(&development), version(&staging));
    team.client.put(&path(&team, "/inner"), &json!({"included": ["bob"]})).expect(200);
    assert_eq!((sees("ada"), sees("bob")), ((false, true), (true, false)));
    assert_eq!((version(&development), version(&staging)), (before.0 + 1, before.1 + 1));
    team.client.put(&path(&team, "/inner"), &json!({"included": ["bob"]})).expect(200);
    assert_eq!(version(&development), before.0 + 1, "what changes nothing raises nothing");

    let made = json!({"key": "qa", "name": "QA", "type": "staging"});
    let environments = format!("/api/v1/environments?project_id={}", team.project);
    let new = team.client.post(&environments, &made).expect(201)["data"]["id"].as_str().unwrap().to_owned();
    let qa = team.sdk(&new, "server");
    assert_eq!(qa.get("/api/v1/sdk/ruleset").expect(200)["data"]["segments"].as_array().unwrap().len(), 2);
}

#[test]
fn segments_survive_a_restart() {
    let mut server = Server::start();
    let team = server.admin();
    create(&team, "beta", &json!({"included": ["ada"]}));
    targeted(&team, "f", &json!({"operator": "in_segment", "value": "beta"}));
    let sdk = team.sdk(&team.development, "server");
    server.restart();
    let sdk = server.reach(&sdk);
    assert!(is_on(&sdk, "f", "ada", &json!({})) && !is_on(&sdk, "f", "bob", &json!({})));
}

#[test]
fn cycles_and_names_that_point_nowhere_are_refused() {
    let server = Server::start();
    let team = server.admin();
    let refers = |key: &str| json!({"conditions": [{"operator": "in_segment", "value": key}]});
    create(&team, "a", &json!({}));
    create(&team, "b", &refers("a"));
    create(&team, "c", &refers("b"));
    team.client.put(&path(&team, "/a"), &refers("c")).faults(422, "RULE_INVALID", &["conditions"]);
    team.client.put(&path(&team, "/a"), &refers("a")).faults(422, "RULE_INVALID", &["conditions"]);
    team.client.put(&path(&team, "/a"), &refers("z")).faults(422, "RULE_INVALID", &["conditions[0].value"]);
    for depth in 0..8 {
        let below = if depth == 0 { "c".to_owned() } else { format!("d{}", depth - 1) };
        create(&team, &format!("d{depth}"), &refers(&below));
    }
    let mut deepest = refers("d7");
    (deepest["key"], deepest["name"]) = (json!("e"), json!("e"));
    team.client.post(&path(&team, ""), &deepest).faults(422, "RULE_INVALID", &["conditions"]);
    let rules = json!([{"conditions": [{"operator": "in_segment", "value": ["a", "z"]}], "variation": "on"}]);
    let flag = Team::flag_body("f", &json!({"targeting_rules": rules}));
    let place = "targeting_rules[0].conditions[0].value";
    team.client.post(&team.flags(""), &flag).faults(422, "RULE_INVALID", &[place]);
}

#[test]
fn a_segment_in_use_cannot_be_deleted() {
    let server = Server::start();
    let team = server.admin();
    create(&team, "inner", &json!({"included": ["ada"]}));
    create(&team, "outer", &json!({"conditions": [{"operator": "in_segment", "value": "inner"}]}));
    targeted(&team, "f", &json!({"operator": "not_in_segment", "value": "outer"}));
    let details = team.client.delete(&path(&team, "/inner")).refused(409, "SEGMENT_IN_USE");
    assert_eq!(details["used_by"], json!(["segment outer"]));
    let details = team.client.delete(&path(&team, "/outer")).refused(409, "SEGMENT_IN_USE");
    assert_eq!(details["used_by"], json!(["flag f in development"]));
    team.client.put(&team.flags("/f"), &json!({"targeting_rules": []})).expect(200);
    team.client.delete(&path(&team, "/outer")).expect(204);
    team.client.delete(&path(&team, "/inner")).expect(204);
}

#[test]
fn bad_segments_are_refused_with_every_fault() {
    let server = Server::start();
    let team = server.admin();
    let body = json!({
        "key": "Beta", "name": " ", "match": "some", "included": ["a", "", "a"], "extra": 1,
        "conditions": [{"attribute": "x", "operator": "in_segment", "value": "b"}, {"operator": "is", "value": 1}],
    });
    let wrong = [
        "key",
        "name",
        "match",
        "included[1]",
        "included[2]",
        "extra",
        "conditions[0].attribute",
        "conditions[1].attribute",
    ];
    team.client.post(&path(&team, ""), &body).faults(400, "VALIDATION_ERROR", &wrong);
    let many: Vec<String> = (0..5_001).map(|number| format!("user-{number}")).collect();
    let body = |keys: &[String]| json!({"key": "many", "name": "many", "included": keys});
    team.client.post(&path(&team, ""), &body(&many)).faults(400, "VALIDATION_ERROR", &["included"]);
    team.client.post(&path(&team, ""), &body(&many[..5_000])).expect(201);
    let both = format!("{}&environment_id={}", path(&team, ""), team.staging);
    team.client.get(&both).faults(400, "VALIDATION_ERROR", &["environment_id"]);
    team.client.get("/api/v1/segments").faults(400, "VALIDATION_ERROR", &["project_id"]);
}

#[test]
fn the_published_sdks_get_segments_written_out_or_the_default() {
    let server = Server::start();
    let team = server.admin();
    let is = |attribute: &str, value: &str| json!({"attribute": attribute, "operator": "is", "value": value});
    create(&team, "plain", &json!({"conditions": [is("plan", "pro"), is("country", "de")]}));
    let nested = json!([{"operator": "in_segment", "value": "plain"}, is("beta", "yes")]);
    create(&team, "nested", &json!({"conditions": nested}));
    create(&team, "listed", &json!({"included": ["ada"], "conditions": [is("plan", "pro")]}));
    create(&team, "any", &json!({"match": "any", "conditions": [is("plan", "pro"), is("country", "de")]}));
    create(&team, "beyond", &json!({"conditions": [{"attribute": "n", "operator": "gte", "value": 1}]}));
    targeted(&team, "written-out", &json!({"operator": "in_segment", "value": "nested"}));
    for (flag, condition) in [
        ("lists", json!({"operator": "in_segment", "value": "listed"})),
        ("any", json!({"operator": "in_segment", "value": "any"})),
        ("several", json!({"operator": "in_segment", "value": ["plain", "nested"]})),
        ("negated", json!({"operator": "not_in_segment", "value": "plain"})),
        ("operator", json!({"operator": "in_segment", "value": "beyond"})),
    ] {
        targeted(&team, flag, &condition);
    }
    let ruleset = team.sdk(&team.development, "server").get("/api/v1/sdk/ruleset").expect(200);
    for flag in ruleset["flags"].as_array().unwrap() {
        if flag["key"] == "written-out" {
            let conditions = json!([is("plan", "pro"), is("country", "de"), is("beta", "yes")]);
            assert_eq!((&flag["targeting_rules"][0]["conditions"], &flag["tags"]), (&conditions, &json!([])));
        } else {
            let expected = (&json!([]), &json!(["server-evaluated"]));
            assert_eq!((&flag["targeting_rules"], &flag["tags"]), expected, "{}", flag["key"]);
        }
    }
    assert_eq!(ruleset["data"]["segments"].as_array().unwrap().len(), 5);
    let documented = ruleset["data"]["flags"].as_array().unwrap();
    let lists = documented.iter().find(|flag| flag["key"] == "lists").unwrap();
    let condition = json!({"attribute": null, "operator": "in_segment", "value": "listed"});
    assert_eq!(lists["targeting_rules"][0]["conditions"][0], condition);
}
