//! Targeting beyond the published operators, and its explanation.

use serde_json::{Value, json};

use crate::support::Server;

fn rule(condition: &Value) -> Value {
    json!({"targeting_rules": [{"conditions": [condition], "variation": "on"}]})
}

#[test]
fn the_operator_table_is_served_and_every_example_is_accepted() {
    let server = Server::start();
    let team = server.admin();
    let rows = team.client.get("/api/v1/system/operators").expect(200);
    let rows = rows["data"].as_array().unwrap();
    assert_eq!(rows.len(), 25);
    let segment = json!({"key": "beta-testers", "name": "Beta testers"});
    team.client.post(&format!("/api/v1/segments?project_id={}", team.project), &segment).expect(201);
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let mut condition = json!({"attribute": "a", "operator": name, "value": row["example"]});
        if row["group"] == "segment" {
            condition = json!({"operator": name, "value": row["example"]});
        }
        if row["folds_case"] == true {
            condition["case_insensitive"] = json!(true);
        }
        team.create_flag(&format!("flag-{name}"), &rule(&condition));
        condition["case_insensitive"] = json!(true);
        let answer = team.client.put(&team.flags(&format!("/flag-{name}")), &rule(&condition));
        if row["folds_case"] == true {
            answer.expect(200);
        } else {
            let path = "targeting_rules[0].conditions[0].case_insensitive";
            answer.faults(400, "VALIDATION_ERROR", &[path]);
        }
    }
    server.anonymous().get("/api/v1/system/operators").refused(401, "UNAUTHENTICATED");
}

#[test]
fn operands_are_refused_with_their_path() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    let path = "targeting_rules[0].conditions[0].value";
    for (operator, value) in [
        ("version_gte", json!("one")),
        ("before", json!("tomorrow")),
        ("in_cidr", json!("10.0.0.0/33")),
        ("in_cidr", json!(["10.0.0.0/8", "here"])),
        ("gte", json!("many")),
        ("matches_regex", json!("(?<=x)")),
    ] {
        let body = rule(&json!({"attribute": "a", "operator": operator, "value": value}));
        team.client.put(&team.flags("/f"), &body).faults(422, "RULE_INVALID", &[path]);
    }
    for (operator, value) in [("exists", json!(true)), ("before", json!({})), ("starts_with", json!([]))] {
        let body = rule(&json!({"attribute": "a", "operator": operator, "value": value}));
        team.client.put(&team.flags("/f"), &body).faults(400, "VALIDATION_ERROR", &[path]);
    }
    let body = rule(&json!({"attribute": "a", "operator": "is"}));
    team.client.put(&team.flags("/f"), &body).faults(400, "VALIDATION_ERROR", &[path]);
    let shown = team.client.get(&team.flags("/f")).expect(200);
    assert_eq!((&shown["data"]["targeting_rules"], &shown["data"]["revision"]), (&json!([]), &json!(1)));
}

#[test]
fn a_condition_keeps_its_case_and_one_without_a_value_stays_without() {
    let server = Server::start();
    let team = server.admin();
    let conditions = json!([
        {"attribute": "plan", "operator": "is", "value": "Pro", "case_insensitive": true},
        {"attribute": "beta", "operator": "exists"},
    ]);
    let rules = json!({"enabled": true, "targeting_rules": [{"conditions": conditions, "variation": "on"}]});
    let made = team.create_flag("f", &rules);
    let shown = &made["targeting_rules"][0]["conditions"];
    assert_eq!(
        shown[0],
        json!({"attribute": "plan", "operator": "is", "value": "Pro", "case_insensitive": true})
    );
    assert_eq!(shown[1], json!({"attribute": "beta", "operator": "exists", "value": null}));
    let again = json!({"targeting_rules": made["targeting_rules"]});
    let kept = team.client.put(&team.flags("/f"), &again).expect(200);
    assert_eq!(
        (&kept["data"]["targeting_rules"], &kept["data"]["revision"]),
        (&made["targeting_rules"], &json!(1))
    );

    let sdk = team.sdk(&team.development, "server");
    let ask = |attributes: Value| {
        let body = json!({"flags": ["f"], "context": {"user_key": "u", "attributes": attributes}});
        sdk.post("/api/v1/evaluate", &body).expect(200)["data"]["evaluations"]["f"]["value"].clone()
    };
    assert_eq!(ask(json!({"plan": "PRO", "beta": false})), true);
    assert_eq!(ask(json!({"plan": "PRO"})), false);
    let ruleset = sdk.get("/api/v1/sdk/ruleset").expect(200);
    assert_eq!(
        (&ruleset["flags"][0]["targeting_rules"], &ruleset["flags"][0]["tags"]),
        (&json!([]), &json!(["server-evaluated"]))
    );
}

#[test]
fn an_explanation_tells_every_step_and_agrees_with_the_evaluation() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("gate", &json!({"enabled": true, "default_variation": "on"}));
    team.create_flag(
        "f",
        &json!({
            "enabled": true,
            "prerequisites": [{"flag_key": "gate", "variation_key": "on"}],
            "targeting_rules": [
                {"conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "on"},
                {"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 30}]},
            ],
        }),
    );
    let sdk = team.sdk(&team.development, "server");
    for (user, plan) in
        [("a", "pro"), ("a", "free"), ("b", "free"), ("c", "free"), ("d", "free"), ("e", "free")]
    {
        let context = json!({"user_key": user, "attributes": {"plan": plan}});
        let body = json!({"flags": ["f"], "context": context});
        let evaluated = sdk.post("/api/v1/evaluate", &body).expect(200)["data"]["evaluations"]["f"].clone();
        let body = json!({"context": context});
        let explained = team.client.post(&team.flags("/f/explain"), &body).expect(200)["data"].clone();
        assert_eq!(explained["evaluation"], evaluated);
        let steps = &explained["steps"];
        assert_eq!(
            (&steps["prerequisites"][0]["met"], &steps["prerequisites"][0]["served_variation_key"]),
            (&json!(true), &json!("on"))
        );
        let condition = &steps["rules"][0]["conditions"][0];
        assert_eq!((&condition["actual"], condition["holds"] == true), (&json!(plan), plan == "pro"));
        if plan == "free" {
            let rollout = &steps["rules"][1]["rollout"];
            assert_eq!(rollout["thresholds"], json!([{"variation_key": "on", "below": 30.0}]));
            let inside = rollout["bucket"].as_f64().unwrap() < 30.0;
            assert_eq!(inside, evaluated["reason"] == "PERCENTAGE_ROLLOUT");
        }
    }
    team.client.post(&team.flags("/g/explain"), &json!({"context": {}})).refused(404, "FLAG_NOT_FOUND");
    let faulty = json!({"context": {"attributes": [], "user_key": 1}});
    let wrong = ["context.attributes", "context.user_key"];
    team.client.post(&team.flags("/f/explain"), &faulty).faults(400, "VALIDATION_ERROR", &wrong);
    sdk.post(&team.flags("/f/explain"), &json!({"context": {}})).refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[test]
fn an_explanation_tells_what_decides_about_a_segment() {
    let server = Server::start();
    let team = server.admin();
    let segment = |body: &Value| {
        team.client.post(&format!("/api/v1/segments?project_id={}", team.project), body).expect(201);
    };
    let pro = json!({"attribute": "plan", "operator": "is", "value": "pro"});
    segment(&json!({"key": "payers", "name": "Payers", "conditions": [pro]}));
    let inside = json!({"operator": "in_segment", "value": "payers"});
    segment(&json!({
        "key": "beta", "name": "Beta", "match": "any", "conditions": [inside],
        "included": ["ada", "bob"], "excluded": ["bob"],
    }));
    let rule = json!({"conditions": [{"operator": "in_segment", "value": ["beta"]}], "variation": "on"});
    team.create_flag("f", &json!({"enabled": true, "targeting_rules": [rule]}));
    let told = |user: &str, plan: &str| {
        let body = json!({"context": {"user_key": user, "attributes": {"plan": plan}}});
        let explained = team.client.post(&team.flags("/f/explain"), &body).expect(200)["data"].clone();
        let condition = explained["steps"]["rules"][0]["conditions"][0].clone();
        assert_eq!(condition["holds"], explained["evaluation"]["value"]);
        condition["segments"].clone()
    };
    let listed = |inside: bool, list: &str| json!([{"segment_key": "beta", "inside": inside, "decided_by": list, "match": null, "conditions": null}]);
    assert_eq!(told("ada", "free"), listed(true, "included"));
    assert_eq!(told("bob", "pro"), listed(false, "excluded"));
    for (plan, inside) in [("pro", true), ("free", false)] {
        let condition = json!({
            "condition": {"attribute": "plan", "operator": "is", "value": "pro"},
            "actual": plan, "present": true, "holds": inside, "segments": [],
        });
        let payers = json!({
            "segment_key": "payers", "inside": inside, "decided_by": "conditions", "match": "all",
            "conditions": [condition],
        });
        let nested = json!({
            "condition": {"attribute": null, "operator": "in_segment", "value": "payers"},
            "actual": null, "present": false, "holds": inside, "segments": [payers],
        });
        let beta = json!({
            "segment_key": "beta", "inside": inside, "decided_by": "conditions", "match": "any",
            "conditions": [nested],
        });
        assert_eq!(told("eve", plan), json!([beta]));
    }
}
