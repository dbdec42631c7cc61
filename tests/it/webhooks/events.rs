//! What webhooks are told: every change of a flag or a segment, once for each environment that sees it.

use serde_json::{Value, json};

use super::{bodies, deliveries, hook};
use crate::support::later::made;
use crate::support::{Server, Team};

/// Type, environment and key of each event at this webhook.
fn told(team: &Team, hook: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = |body: &Value| {
        let environment = text(&body["environment_id"]);
        let known = [(&team.development, "dev"), (&team.staging, "staging"), (&team.production, "prod")];
        known.iter().find(|(id, _)| **id == environment).map_or(environment, |(_, name)| (*name).to_owned())
    };
    let key = |body: &Value| {
        text(if body["flag_key"].is_null() { &body["segment_key"] } else { &body["flag_key"] })
    };
    bodies(&team.client, hook).iter().map(|it| (text(&it["event_type"]), name(it), key(it))).collect()
}

/// The events after the first so many, of `production` alone.
fn types_since(team: &Team, hook: &str, seen: &mut usize) -> Vec<String> {
    let all = told(team, hook);
    let new = all[*seen..].iter().map(|(event, ..)| event.clone()).collect();
    *seen = all.len();
    new
}

#[test]
fn an_event_shows_the_flag_as_the_api_shows_it() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"environment_ids": [team.development]}));
    let rules = json!([{"priority": 1, "variation": "on", "conditions": [
        {"attribute": "plan", "operator": "is", "value": "pro"}]}]);
    team.create_flag("checkout", &json!({"enabled": true, "targeting_rules": rules}));
    let sdk = team.sdk(&team.development, "server");
    sdk.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}})).expect(200);
    team.client.put(&team.flags("/checkout"), &json!({"tags": ["shop"]})).expect(200);
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"].clone();

    let shown = team.client.get(&team.flags("/checkout")).expect(200)["data"].clone();
    let events = bodies(&team.client, &path);
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["flag_data"], shown);
    assert_eq!(events[0]["flag_data"]["revision"], 1);
    for (event, kind) in events.iter().zip(["flag.created", "flag.updated"]) {
        let names: Vec<_> = event.as_object().expect("an object").keys().cloned().collect();
        let expected = ["id", "event_type", "flag_key", "flag_data", "environment_id", "actor", "timestamp"];
        assert_eq!(names, expected);
        assert!(event["id"].as_str().is_some_and(|id| id.starts_with("evt_")), "{event}");
        assert_eq!((&event["event_type"], &event["flag_key"]), (&json!(kind), &json!("checkout")));
        assert_eq!(event["actor"], json!({"id": me["id"], "email": "admin@example.com"}));
        assert!(event["timestamp"].as_str().is_some_and(|at| at.len() == 24), "{event}");
    }
    assert_ne!(events[0]["id"], events[1]["id"]);
}

#[test]
fn every_way_to_change_a_flag_is_told() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"environment_ids": [team.production]}));
    let (client, mut seen) = (&team.client, 0);
    let there = |path: &str| format!("/api/v1/flags{path}?environment_id={}", team.production);
    let mut since = |what: &str| (what.to_owned(), types_since(&team, &path, &mut seen));
    let mut found = Vec::new();

    team.create_flag("a", &json!({"enabled": true}));
    found.push(since("create"));
    client.post(&there("/a/toggle"), &json!({"enabled": true})).expect(200);
    found.push(since("toggle"));
    // What another environment alone sees is none of its business.
    client.post(&team.flags("/a/toggle"), &json!({"enabled": false})).expect(200);
    found.push(since("toggle elsewhere"));
    client.put(&there("/a"), &json!({"name": "A"})).expect(200);
    found.push(since("update"));
    client.put(&there("/a"), &json!({"name": "A"})).expect(200);
    found.push(since("update to the same"));
    client.post(&there("/a/rollback"), &json!({"revision": 1})).expect(200);
    found.push(since("roll back"));
    client.post(&there("/a/toggle"), &json!({"enabled": true})).expect(200);
    let promotion = json!({"from_environment_id": team.development, "to_environment_id": team.production});
    let dry = json!({"from_environment_id": team.development, "to_environment_id": team.production, "dry_run": true});
    since("another toggle");
    client.post("/api/v1/flags/a/promote", &dry).expect(200);
    found.push(since("rehearsal"));
    client.post("/api/v1/flags/a/promote", &promotion).expect(200);
    found.push(since("promote"));
    client.post(&there("/a/clone"), &json!({"key": "b"})).expect(201);
    found.push(since("clone"));
    client.delete(&there("/a")).expect(204);
    found.push(since("archive"));
    client.send("POST", &there("/a/restore"), None).expect(200);
    found.push(since("restore"));
    client.delete(&there("/b")).expect(204);
    client.delete(&format!("{}&permanent=true", there("/b"))).expect(204);
    found.push(since("archive and delete"));
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    client.post(&segments, &json!({"key": "staff", "name": "S"})).expect(201);
    let staff = format!("/api/v1/segments/staff?project_id={}", team.project);
    client.put(&staff, &json!({"included": ["u"]})).expect(200);
    client.delete(&staff).expect(204);
    found.push(since("segments"));

    let expected: [(&str, &[&str]); 13] = [
        ("create", &["flag.created"]),
        ("toggle", &["flag.toggled"]),
        ("toggle elsewhere", &[]),
        ("update", &["flag.updated"]),
        ("update to the same", &[]),
        ("roll back", &["flag.updated"]),
        ("rehearsal", &[]),
        ("promote", &["flag.updated"]),
        ("clone", &["flag.created"]),
        ("archive", &["flag.archived"]),
        ("restore", &["flag.restored"]),
        ("archive and delete", &["flag.archived", "flag.deleted"]),
        ("segments", &["segment.created", "segment.updated", "segment.deleted"]),
    ];
    let expected =
        expected.map(|(what, events)| (what.to_owned(), events.iter().map(|it| (*it).to_owned()).collect()));
    assert_eq!(found, expected);
    let last = bodies(client, &path);
    let deleted = last.iter().find(|it| it["event_type"] == "flag.deleted").expect("the deletion");
    assert_eq!((&deleted["flag_key"], &deleted["flag_data"]), (&json!("b"), &Value::Null));
    let segment = &last[last.len() - 1];
    assert_eq!((&segment["flag_key"], &segment["segment_key"]), (&Value::Null, &json!("staff")));
}

#[test]
fn a_change_of_what_environments_share_is_told_in_each() {
    let server = Server::start();
    let team = server.admin();
    let all = hook(&team, &json!({}));
    let some = hook(&team, &json!({"environment_ids": [team.staging], "events": ["flag.updated"]}));
    let off = hook(&team, &json!({"active": false}));
    team.create_flag("a", &json!({}));
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    let event = |kind: &str, place: &str| (kind.to_owned(), place.to_owned(), "a".to_owned());
    let mut every = told(&team, &all);
    every.sort();
    let places = ["dev", "prod", "staging"];
    let expected: Vec<_> = ["flag.created", "flag.updated"]
        .iter()
        .flat_map(|kind| places.map(|place| event(kind, place)))
        .collect();
    assert_eq!(every, expected);
    assert_eq!(told(&team, &some), [event("flag.updated", "staging")]);
    assert!(told(&team, &off).is_empty());
    // One event has one identifier, wherever it goes.
    let mine = bodies(&team.client, &some);
    assert!(bodies(&team.client, &all).contains(&mine[0]));
}

#[test]
fn an_import_is_told_flag_by_flag() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"environment_ids": [team.development]}));
    let flag = |key: &str| json!({"key": key, "flag_type": "boolean", "environments": {"development": {"enabled": true}}});
    let document = json!({"project": {"key": "default"}, "flags": [flag("a"), flag("b")]});
    let address = format!("/api/v1/projects/import?organization_id={}", team.organization());
    team.client.post(&format!("{address}&dry_run=true"), &document).expect(200);
    assert!(told(&team, &path).is_empty());
    team.client.post(&address, &document).expect(200);
    let keys: Vec<_> = told(&team, &path).into_iter().map(|(kind, _, key)| (kind, key)).collect();
    assert_eq!(keys, ["a", "b"].map(|key| ("flag.created".to_owned(), key.to_owned())));
}

#[test]
fn a_change_that_is_refused_is_not_told() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({}));
    team.create_flag("a", &json!({}));
    let before = deliveries(&team.client, &path).len();
    let cycle = json!({"prerequisites": [{"flag_key": "a", "variation_key": "on"}]});
    team.client.put(&team.flags("/a"), &cycle).refused(422, "PREREQUISITE_INVALID");
    let freeze = format!("/api/v1/environments/{}/freeze", team.production);
    team.client.post(&freeze, &json!({"reason": "R"})).expect(200);
    // It would reach two environments that are not frozen as well.
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).refused(423, "ENVIRONMENT_FROZEN");
    assert_eq!(deliveries(&team.client, &path).len(), before);
}

#[test]
fn a_flag_that_is_too_large_for_an_event_is_left_out() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"environment_ids": [team.development]}));
    let variation = |key: &str| json!({"key": key, "name": key, "value": "x".repeat(60_000)});
    let large: Vec<Value> = ["a", "b", "c", "d", "e"].into_iter().map(variation).collect();
    let fields = json!({"flag_type": "string", "variations": large, "default_variation": "a"});
    team.create_flag("large", &fields);
    let event = bodies(&team.client, &path).remove(0);
    assert_eq!((&event["flag_data"], &event["truncated"]), (&Value::Null, &json!(true)));
    assert_eq!(event["flag_key"], "large");
}

#[test]
fn a_scheduled_change_that_cannot_be_made_is_told() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"events": ["schedule.failed"]}));
    team.create_flag("a", &json!({}));
    let at = server.moment(60);
    let id = made(&team.schedule("a", &at, &json!({"enabled": true})));
    let freeze = format!("/api/v1/environments/{}/freeze", team.development);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    server.clock.advance_seconds(60);
    let over = team.over("a", &id);
    let [event]: [Value; 1] = bodies(&team.client, &path).try_into().expect("one event");
    assert_eq!((&event["event_type"], &event["flag_key"]), (&json!("schedule.failed"), &json!("a")));
    let reason = &over["failure"]["message"];
    assert_eq!(event["schedule"], json!({"id": id, "at": at, "reason": reason}));
    assert_eq!(event["flag_data"]["enabled"], false);
    assert_eq!(event["environment_id"], json!(team.development));
    assert_eq!(event["actor"]["email"], "admin@example.com");
}
