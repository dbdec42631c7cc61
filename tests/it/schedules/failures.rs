//! Schedules that have become impossible: they say so, everywhere where somebody looks.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use super::{LONG_SESSIONS, MINUTE};
use crate::support::later::made;
use crate::support::{Server, Team};

/// A schedule that turns `a` on in a minute, what happens before that, and what became of it.
fn after(server: &Server, team: &Team, change: &Value, happens: impl FnOnce()) -> Value {
    let id = made(&team.schedule("a", &server.moment(MINUTE), change));
    happens();
    server.clock.advance_seconds(MINUTE);
    team.over("a", &id)
}

fn fails(team: &Team, over: &Value, code: &str, word: &str) {
    assert_eq!(over["status"], "failed", "{over}");
    assert_eq!(over["failure"]["code"], code, "{over}");
    let message = over["failure"]["message"].as_str().expect("a sentence");
    assert!(message.contains(word), "{message}");
    let entry = team.history("a")[0].clone();
    assert_eq!(entry["action"], "flag.schedule_failed");
    assert_eq!(entry["actor"], over["created_by"]);
    assert_eq!(entry["changes"]["schedule"]["to"], over["id"]);
    assert_eq!(entry["changes"]["reason"]["to"], over["failure"]["message"]);
}

#[test]
fn a_variation_that_is_gone() {
    let server = Server::start();
    let team = server.admin();
    let three = json!([{"key": "x", "value": "X"}, {"key": "y", "value": "Y"}, {"key": "z", "value": "Z"}]);
    let of_three = json!({"flag_type": "string", "variations": three, "default_variation": "x"});
    team.create_flag("a", &of_three);
    let over = after(&server, &team, &json!({"default_variation": "z", "enabled": true}), || {
        let two = json!([{"key": "x", "value": "X"}, {"key": "y", "value": "Y"}]);
        team.client.put(&team.flags("/a"), &json!({"variations": two})).expect(200);
    });
    fails(&team, &over, "VARIATION_NOT_FOUND", "'z'");
    assert_eq!(team.flag("a")["enabled"], false, "nothing of it was done");
    assert_eq!(team.flag("a")["revision"], 2);
}

#[test]
fn an_environment_that_is_frozen_and_a_flag_that_is_archived() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let freeze = format!("/api/v1/environments/{}/freeze", team.development);
    let frozen = after(&server, &team, &json!({"enabled": true}), || {
        team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    });
    fails(&team, &frozen, "ENVIRONMENT_FROZEN", "Sales");
    let unfreeze = format!("/api/v1/environments/{}/unfreeze", team.development);
    team.client.post(&unfreeze, &json!({})).expect(200);
    // It is over: nothing happens to it when the environment thaws.
    let archived = after(&server, &team, &json!({"enabled": true}), || {
        team.client.delete(&team.flags("/a")).expect(204);
    });
    fails(&team, &archived, "FLAG_ARCHIVED", "'a'");
    assert_eq!(team.scheduled("a", frozen["id"].as_str().expect("an id")), frozen);
    // One that is restored in time is changed.
    team.client.post(&team.flags("/a/restore"), &json!({})).expect(200);
    let restored = after(&server, &team, &json!({"enabled": true}), || {
        team.client.delete(&team.flags("/a")).expect(204);
        team.client.post(&team.flags("/a/restore"), &json!({})).expect(200);
    });
    assert_eq!(restored["status"], "applied");
    let metrics = team.client.anonymous().get("/metrics").text();
    assert!(metrics.contains("phaseflag_schedules_total{outcome=\"failed\"} 2"), "{metrics}");
    assert!(metrics.contains("phaseflag_schedules_total{outcome=\"applied\"} 1"));
    assert!(metrics.contains("phaseflag_schedules_pending 0"));
}

#[test]
fn somebody_who_may_no_longer_change_flags() {
    let server = Server::with(&[LONG_SESSIONS]);
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let editor = team.enrol(&server, "ed@example.com", Role::Editor);
    let id = editor.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().expect("an id").to_owned();
    let member = format!("/api/v1/organizations/{}/members/{id}", team.organization());
    let ed = Team { client: editor, ..team.clone() };
    let on = json!({"enabled": true});
    let viewer = made(&ed.schedule("a", &server.moment(MINUTE), &on));
    team.client.put(&member, &json!({"role": "viewer"})).expect(200);
    server.clock.advance_seconds(MINUTE);
    fails(&team, &team.over("a", &viewer), "INSUFFICIENT_PERMISSIONS", "whoever made it");
    team.client.put(&member, &json!({"role": "editor"})).expect(200);
    let gone = made(&ed.schedule("a", &server.moment(MINUTE), &on));
    team.client.delete(&member).expect(204);
    server.clock.advance_seconds(MINUTE);
    fails(&team, &team.over("a", &gone), "INSUFFICIENT_PERMISSIONS", "whoever made it");
    // A script has no more right than its token.
    let token = team.client.post("/api/v1/auth/tokens", &json!({"name": "CI", "role": "editor"})).expect(201);
    let script = team.client.anonymous().bearer(token["data"]["token"].as_str().expect("a token"));
    let script = Team { client: script, ..team.clone() };
    let revoked = made(&script.schedule("a", &server.moment(MINUTE), &on));
    let path = format!("/api/v1/auth/tokens/{}", token["data"]["id"].as_str().expect("an id"));
    team.client.delete(&path).expect(204);
    server.clock.advance_seconds(MINUTE);
    fails(&team, &team.over("a", &revoked), "INSUFFICIENT_PERMISSIONS", "whoever made it");
    assert_eq!(team.flag("a")["revision"], 1);
}

#[test]
fn one_that_fails_does_not_keep_the_next_one_waiting() {
    let server = Server::start();
    let team = server.admin();
    for flag in ["a", "b"] {
        team.create_flag(flag, &json!({}));
    }
    let at = server.moment(MINUTE);
    let doomed = made(&team.schedule("a", &at, &json!({"enabled": true})));
    let next = made(&team.schedule("b", &at, &json!({"enabled": true})));
    team.client.delete(&team.flags("/a")).expect(204);
    server.clock.advance_seconds(MINUTE);
    assert_eq!(team.over("b", &next)["status"], "applied");
    assert_eq!(team.scheduled("a", &doomed)["status"], "failed");
}
