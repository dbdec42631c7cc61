//! The revisions of a flag: what is kept, what differs, and the way back.

mod rollback;

use phaseflag::domain::revision::MAX_REVISIONS;
use serde_json::{Value, json};

use crate::support::{Server, Team};

/// The address of `path` below `/flags` in an environment.
fn at(environment: &str, path: &str) -> String {
    format!("/api/v1/flags{path}?environment_id={environment}")
}

/// The revisions of the flag `a`, newest first.
fn revisions(team: &Team, environment: &str) -> Vec<Value> {
    let list = team.client.get(&at(environment, "/a/revisions")).expect(200);
    list["data"].as_array().expect("a list").clone()
}

fn numbers(revisions: &[Value]) -> Vec<u64> {
    revisions.iter().map(|it| it["revision"].as_u64().expect("a number")).collect()
}

/// A flag as it was at a revision, without what is said of it at the moment of asking.
fn then(team: &Team, environment: &str, revision: u64) -> Value {
    let path = at(environment, &format!("/a/revisions/{revision}"));
    content(&team.client.get(&path).expect(200)["data"]["flag"])
}

/// What of a flag has a revision.
fn content(flag: &Value) -> Value {
    let mut content = flag.clone();
    for name in ["warnings", "lifecycle", "last_evaluated_at"] {
        content.as_object_mut().expect("a flag").remove(name);
    }
    content
}

fn now(team: &Team, environment: &str) -> Value {
    content(&team.client.get(&at(environment, "/a")).expect(200)["data"])
}

#[test]
fn every_change_makes_a_revision_wherever_it_is_seen() {
    let server = Server::start();
    let team = server.admin();
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    team.create_flag("a", &json!({}));
    let mut seen = vec![now(&team, &team.development)];
    server.clock.advance_seconds(60);
    let toggled = team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    seen.push(now(&team, &team.development));
    for body in [
        json!({"name": "A", "tags": ["x"]}),
        json!({"name": "A"}),
        json!({"targeting_rules": [{"conditions": [], "variation": "on"}], "description": "Both"}),
    ] {
        team.client.put(&team.flags("/a"), &body).expect(200);
        seen.push(now(&team, &team.development));
    }
    seen.dedup();
    team.client.delete(&team.flags("/a")).expect(204);

    let own = revisions(&team, &team.development);
    assert_eq!(numbers(&own), [6, 5, 3, 2, 1], "the fourth change took two");
    assert_eq!(numbers(&revisions(&team, &team.staging)), [4, 3, 2, 1]);
    for flag in &seen {
        let revision = flag["revision"].as_u64().expect("a number");
        assert_eq!(then(&team, &team.development, revision), *flag);
    }
    let second = &own[3];
    assert_eq!(second["action"], "flag.toggled");
    assert_eq!(second["actor"], json!({"id": me, "email": "admin@example.com"}));
    assert_eq!(second["timestamp"], toggled["data"]["updated_at"]);
    assert_eq!(second["changes"], json!({"enabled": {"from": false, "to": true}}));
    assert_eq!(own[0]["changes"], json!({"status": {"from": "active", "to": "archived"}}));
    assert_eq!(own[4]["changes"]["key"], json!({"from": null, "to": "a"}), "it begins with everything");
}

#[test]
fn a_new_environment_begins_with_what_it_was_made_with() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    let path = format!("/api/v1/environments?project_id={}", team.project);
    let made = team.client.post(&path, &json!({"key": "new", "name": "New", "type": "staging"})).expect(201);
    let environment = made["data"]["id"].as_str().expect("an id");
    let first = revisions(&team, environment);
    assert_eq!((numbers(&first), &first[0]["action"]), (vec![2], &json!("environment.created")));
    assert_eq!(first[0]["changes"]["name"], json!({"from": null, "to": "A"}));
}

#[test]
fn two_revisions_are_compared_rule_by_rule() {
    let server = Server::start();
    let team = server.admin();
    let rule = |name: &str, value: i64| json!({"name": name, "conditions": [{"attribute": "n", "operator": "is", "value": value}], "variation": "on"});
    let made = team.create_flag("a", &json!({"targeting_rules": [rule("x", 1), rule("y", 2)]}));
    let [x, y] = [0, 1].map(|index| made["targeting_rules"][index].clone());
    let mut new = y.clone();
    new["conditions"][0]["value"] = json!(3);
    let variations =
        json!([{"key": "on", "name": "Yes", "value": true}, {"key": "off", "name": "Off", "value": false}]);
    let body = json!({"targeting_rules": [new, rule("z", 4)], "variations": variations});
    let after = team.client.put(&team.flags("/a"), &body).expect(200)["data"].clone();
    let z = after["targeting_rules"][1].clone();
    let diff = |from: u64, to: u64| {
        let path = format!("{}&from={from}&to={to}", team.flags("/a/revisions/diff"));
        team.client.get(&path).expect(200)["data"].clone()
    };
    let id = |rule: &Value| format!("targeting_rules[{}]", rule["id"].as_str().expect("an id"));
    let told = diff(1, 3);
    assert_eq!((&told["from"], &told["to"]), (&json!(1), &json!(3)));
    let changes = told["changes"].as_object().expect("changes");
    assert_eq!(changes["variations[on].name"], json!({"from": "On", "to": "Yes"}));
    assert_eq!(changes[&format!("{}.conditions", id(&y))]["to"], new["conditions"]);
    assert_eq!(changes[&id(&x)], json!({"from": x, "to": null}));
    assert_eq!(changes[&id(&z)]["to"]["name"], "z");
    assert_eq!(changes.len(), 4, "{told}");
    assert_eq!(diff(3, 3)["changes"], json!({}));
    assert_eq!(diff(3, 1)["changes"]["variations[on].name"], json!({"from": "Yes", "to": "On"}));
}

#[test]
fn what_is_no_revision_is_not_found() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    for number in ["0", "2", "x", "-1", "1.0", "18446744073709551616"] {
        let path = team.flags(&format!("/a/revisions/{number}"));
        team.client.get(&path).refused(404, "REVISION_NOT_FOUND");
        let path = format!("{}&from={number}&to=1", team.flags("/a/revisions/diff"));
        team.client.get(&path).refused(404, "REVISION_NOT_FOUND");
    }
    team.client.get(&team.flags("/b/revisions/1")).refused(404, "FLAG_NOT_FOUND");
    team.client.get(&team.flags("/a/revisions/diff")).faults(400, "VALIDATION_ERROR", &["from", "to"]);
    let nowhere = at("env_01ARZ3NDEKTSV4RRFFQ69G5FAV", "/a/revisions");
    team.client.get(&nowhere).refused(404, "ENVIRONMENT_NOT_FOUND");
}

#[test]
fn revisions_have_pages_and_the_oldest_go() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    for number in 0..=MAX_REVISIONS {
        let body = json!({"enabled": number % 2 == 0});
        team.client.post(&team.flags("/a/toggle"), &body).expect(200);
    }
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    let newest = MAX_REVISIONS + 3;
    let mut seen = Vec::new();
    let mut path = format!("{}&per_page=200", team.flags("/a/revisions"));
    loop {
        let list = team.client.get(&path).expect(200);
        assert_eq!(list["meta"]["total"], MAX_REVISIONS);
        seen.extend(numbers(list["data"].as_array().expect("a list")));
        let Some(next) = list["meta"]["next_cursor"].as_str() else {
            let oldest = list["data"].as_array().and_then(|it| it.last()).expect("a row").clone();
            assert_eq!(oldest["changes"], Value::Null, "what was before is not known any more");
            break;
        };
        path = format!("{}&per_page=200&cursor={next}", team.flags("/a/revisions"));
    }
    assert_eq!(seen, (4..=newest).rev().collect::<Vec<_>>());
    team.client.get(&team.flags("/a/revisions/3")).refused(404, "REVISION_NOT_FOUND");
    assert_eq!(then(&team, &team.development, 4)["enabled"], true);
    // Where less was changed, more is kept: also what all environments shared at that time.
    assert_eq!(then(&team, &team.staging, 1)["name"], "a");
}
