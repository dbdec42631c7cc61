//! Targeting rules: their identity, their defaults, and that they come back as they were sent.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{at, everyone, view};
use crate::support::{Server, Team};

fn put_rules(team: &Team, environment: &str, rules: &Value) -> Value {
    let answer = team.client.put(&at(environment, "/a"), &json!({"targeting_rules": rules}));
    answer.expect(200)["data"]["targeting_rules"].clone()
}

fn ids(rules: &Value) -> Vec<&str> {
    rules.as_array().unwrap().iter().map(|rule| rule["id"].as_str().expect("an id")).collect()
}

#[test]
fn rules_come_back_as_they_were_sent() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let sent = json!([
        {
            "priority": 2, "name": "Staff", "variation": "on",
            "conditions": [
                {"attribute": "email", "operator": "contains", "value": "@example.com"},
                {"attribute": "plan", "operator": "one_of", "value": ["pro", 10, 10.0, true]},
                {"attribute": "app", "operator": "version_gt", "value": "v1.2"},
            ],
        },
        {
            "priority": -1, "name": null, "conditions": [],
            "percentage_rollout": [{"variation": "on", "percentage": 25}, {"variation": "off", "percentage": 75}],
        },
    ]);
    let mut rules = put_rules(&team, &team.development, &sent);
    for rule in rules.as_array_mut().unwrap() {
        let id = rule.as_object_mut().unwrap().remove("id").expect("an id");
        assert!(id.as_str().unwrap().starts_with("rule_"), "{id}");
    }
    assert_eq!(rules, sent, "in the order of the list, not of priority");
    let text = team.client.get(&team.flags("/a")).text();
    assert!(text.contains(r#"["pro",10,10.0,true]"#) && text.contains(r#""percentage":25}"#), "{text}");
}

#[test]
fn a_rule_without_priority_or_name_has_its_place_in_the_list() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let rule = json!({"conditions": [], "variation": "on"});
    let rules = put_rules(&team, &team.development, &json!([rule, rule, rule]));
    let priorities: Vec<_> = rules.as_array().unwrap().iter().map(|rule| rule["priority"].clone()).collect();
    assert_eq!(priorities, [1, 2, 3]);
    assert_eq!(rules[0]["name"], Value::Null);
}

#[test]
fn ids_are_assigned_once_and_kept() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let first = put_rules(&team, &team.development, &json!([everyone("on"), everyone("off")]));
    assert_eq!(ids(&first).into_iter().collect::<HashSet<_>>().len(), 2);

    // The second one moves up and serves something else, a new one comes behind it.
    let mut moved = first[1].clone();
    moved["variation"] = json!("on");
    let second = put_rules(&team, &team.development, &json!([moved, everyone("off")]));
    assert_eq!(second[0], moved);
    assert!(!ids(&first).contains(&ids(&second)[1]), "a new rule has a new id");

    // A rule that went away is no rule of this flag any more.
    let third = put_rules(&team, &team.development, &json!([first[0]]));
    assert_ne!(ids(&third)[0], ids(&first)[0]);
}

#[test]
fn an_id_counts_only_within_its_flag() {
    let server = Server::start();
    let team = server.admin();
    let foreign = team.create_flag("b", &json!({"targeting_rules": [everyone("on")]}));
    let foreign = foreign["targeting_rules"][0].clone();
    let mut made_up = everyone("off");
    made_up["id"] = json!("mine");
    let created = team.create_flag("a", &json!({"targeting_rules": [foreign, made_up]}));
    let own = created["targeting_rules"].clone();
    assert!(ids(&own).iter().all(|id| id.starts_with("rule_") && **id != foreign["id"]), "{own}");

    let copied = put_rules(&team, &team.staging, &own);
    assert_eq!(copied, own, "a rule keeps its id in another environment of its flag");

    let twice = json!({"targeting_rules": [own[0], own[0]]});
    let refused = team.client.put(&team.flags("/a"), &twice);
    refused.faults(400, "VALIDATION_ERROR", &["targeting_rules[1].id"]);
    assert_eq!(view(&team.client, &team.development, "a")["targeting_rules"], own);
}
