//! Changes that are made later: at their time, in order and once, as whoever scheduled them; or visibly not at all.

mod crash;
mod failures;
mod limits;
mod order;

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::later::{made, wait_for};
use crate::support::{Server, Team};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
/// Sessions that outlive the days which tests let pass.
const LONG_SESSIONS: &str = "--jwt-expire-hours=8760";

fn listed(team: &Team, flag: &str, more: &str) -> Vec<Value> {
    let path = format!("{}{more}", team.flags(&format!("/{flag}/schedules")));
    team.client.get(&path).expect(200)["data"].as_array().expect("a list").clone()
}

#[test]
fn a_change_is_made_at_its_time_as_a_change_by_whoever_scheduled_it() {
    let server = Server::start();
    let team = server.admin();
    let editor = team.enrol(&server, "ed@example.com", Role::Editor);
    let before = team.create_flag("a", &json!({}));
    let rules = json!([{"conditions": [], "variation": "on", "name": "All"}]);
    let change = json!({"enabled": true, "targeting_rules": rules, "default_variation": "on"});
    let ed = Team { client: editor, ..team.clone() };
    let at = server.moment(10 * MINUTE);
    let answer = ed.schedule("a", &at, &change).expect(201)["data"].clone();
    let id = answer["id"].as_str().expect("an id").to_owned();
    assert!(id.starts_with("sch_"));
    assert_eq!((&answer["at"], &answer["status"]), (&json!(at), &json!("pending")));
    assert_eq!((&answer["flag_key"], &answer["flag_id"]), (&json!("a"), &before["id"]));
    assert_eq!(answer["created_by"]["email"], "ed@example.com");
    assert_eq!((&answer["finished_at"], &answer["failure"]), (&Value::Null, &Value::Null));
    assert_eq!(team.scheduled("a", &id), answer);
    let untouched = team.flag("a");
    assert_eq!((&untouched["enabled"], &untouched["revision"]), (&json!(false), &json!(1)));

    server.clock.advance_seconds(10 * MINUTE);
    let over = team.over("a", &id);
    assert_eq!(over["status"], "applied");
    assert!(over["finished_at"].as_str() >= Some(&at), "{over}");
    let after = team.flag("a");
    assert_eq!((&after["enabled"], &after["default_variation"]), (&json!(true), &json!("on")));
    assert_eq!(after["revision"], 2);
    let rule = &after["targeting_rules"][0];
    assert_eq!((&rule["name"], &rule["id"]), (&json!("All"), &answer["change"]["targeting_rules"][0]["id"]));
    let history = team.history("a");
    let (entry, scheduled) = (&history[0], &history[1]);
    assert_eq!(
        (&entry["action"], &entry["actor"]["email"]),
        (&json!("flag.updated"), &json!("ed@example.com"))
    );
    assert_eq!(entry["changes"]["schedule"], json!({"from": null, "to": id}));
    assert_eq!(entry["changes"]["enabled"], json!({"from": false, "to": true}));
    assert_eq!(entry["timestamp"], over["finished_at"]);
    assert_eq!(scheduled["action"], "flag.scheduled");
    assert_eq!(scheduled["changes"]["change.enabled"], json!({"from": null, "to": true}));
    let audit = format!(
        "/api/v1/audit-logs?resource_id={}&action=flag.updated",
        before["id"].as_str().expect("an id")
    );
    assert_eq!(team.client.get(&audit).expect(200)["data"][0]["request_id"], json!(id));
    // What is over is not applied again, whatever else happens.
    team.client.put(&team.flags("/a"), &json!({"enabled": false})).expect(200);
    server.clock.advance_seconds(MINUTE);
    let next = made(&team.schedule("a", &server.moment(MINUTE), &json!({"default_variation": "off"})));
    server.clock.advance_seconds(MINUTE);
    team.over("a", &next);
    assert_eq!(team.flag("a")["enabled"], false);
}

#[test]
fn what_is_asked_for_is_checked_whole() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let at = server.moment(MINUTE);
    let path = team.flags("/a/schedules");
    for (body, fields) in [
        (json!({}), vec!["at", "change"]),
        (json!({"at": "soon", "change": {}}), vec!["at", "change"]),
        (json!({"at": server.moment(-1), "change": {"enabled": true}}), vec!["at"]),
        (json!({"at": server.moment(6 * 365 * DAY), "change": {"enabled": true}}), vec!["at"]),
        (json!({"at": "2027-06-01T00:00:00.001Z", "change": {"enabled": true}}), vec!["at"]),
        (json!({"at": at, "change": {"name": "A"}}), vec!["change.name", "change"]),
        (
            json!({"at": at, "change": {"enabled": "yes", "targeting_rules": [{"conditions": []}]}}),
            vec!["change.enabled", "change.targeting_rules[0]"],
        ),
    ] {
        let answer = team.client.post(&path, &body);
        let details = answer.refused(400, "VALIDATION_ERROR");
        let found: Vec<&str> = details["fields"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|it| it["field"].as_str())
            .collect();
        assert!(
            fields.iter().all(|field| found.contains(field)) || found == fields[..1],
            "{body}: {found:?}"
        );
    }
    let unknown =
        json!({"default_variation": "maybe", "targeting_rules": [{"conditions": [], "variation": "no"}]});
    team.schedule("a", &at, &unknown).faults(
        422,
        "VARIATION_NOT_FOUND",
        &["change.default_variation", "change.targeting_rules[0].variation"],
    );
    let half = json!({"targeting_rules": [{"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 0.5}]}]});
    let place = "change.targeting_rules[0].percentage_rollout[0].percentage";
    team.schedule("a", &at, &half).faults(422, "RULE_INVALID", &[place]);
    team.schedule("b", &at, &json!({"enabled": true})).refused(404, "FLAG_NOT_FOUND");
    let viewer = Team { client: team.enrol(&server, "vera@example.com", Role::Viewer), ..team.clone() };
    viewer.schedule("a", &at, &json!({"enabled": true})).refused(403, "INSUFFICIENT_PERMISSIONS");
    let freeze = format!("/api/v1/environments/{}/freeze", team.development);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    team.schedule("a", &at, &json!({"enabled": true})).refused(423, "ENVIRONMENT_FROZEN");
    let unfreeze = format!("/api/v1/environments/{}/unfreeze", team.development);
    team.client.post(&unfreeze, &json!({})).expect(200);
    team.client.delete(&team.flags("/a")).expect(204);
    team.schedule("a", &at, &json!({"enabled": true})).refused(409, "FLAG_ARCHIVED");
    assert!(listed(&team, "a", "").is_empty());
}

#[test]
fn one_that_is_called_off_never_comes() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let doomed = made(&team.schedule("a", &server.moment(MINUTE), &json!({"enabled": true})));
    let path = team.flags(&format!("/a/schedules/{doomed}"));
    team.client.delete(&path).expect(204);
    assert_eq!(team.scheduled("a", &doomed)["status"], "cancelled");
    assert_eq!(team.client.delete(&path).refused(409, "SCHEDULE_OVER")["status"], "cancelled");
    let later = made(&team.schedule("a", &server.moment(2 * MINUTE), &json!({"default_variation": "on"})));
    server.clock.advance_seconds(2 * MINUTE);
    assert_eq!(team.over("a", &later)["status"], "applied");
    assert_eq!(team.flag("a")["enabled"], false);
    let path = team.flags(&format!("/a/schedules/{later}"));
    assert_eq!(team.client.delete(&path).refused(409, "SCHEDULE_OVER")["status"], "applied");
    let unknown = team.flags("/a/schedules/sch_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    team.client.delete(&unknown).refused(404, "SCHEDULE_NOT_FOUND");
    team.client.get(&team.flags("/a/schedules/x")).refused(404, "SCHEDULE_NOT_FOUND");
    let told: Vec<Value> = team.history("a").iter().map(|entry| entry["action"].clone()).collect();
    let wanted =
        ["flag.updated", "flag.scheduled", "flag.schedule_cancelled", "flag.scheduled", "flag.created"];
    assert_eq!(told, wanted);
}

#[test]
fn lists_show_what_is_to_come_and_what_was() {
    let server = Server::start();
    let team = server.admin();
    for flag in ["a", "b"] {
        team.create_flag(flag, &json!({}));
    }
    let on = json!({"enabled": true});
    let schedule =
        |flag: &str, minutes: i64| made(&team.schedule(flag, &server.moment(minutes * MINUTE), &on));
    let (late, soon) = (schedule("a", 30), schedule("a", 10));
    let (other, done) = (schedule("b", 20), schedule("a", 5));
    server.clock.advance_seconds(6 * MINUTE);
    team.over("a", &done);
    let ids = |rows: Vec<Value>| -> Vec<Value> { rows.iter().map(|row| row["id"].clone()).collect() };
    assert_eq!(ids(listed(&team, "a", "")), [json!(late), json!(soon), json!(done)]);
    assert_eq!(ids(listed(&team, "a", "&status=pending")), [json!(late), json!(soon)]);
    assert_eq!(ids(listed(&team, "a", "&status=applied")), [json!(done)]);
    let wrong = format!("{}&status=odd&page=0", team.flags("/a/schedules"));
    team.client.get(&wrong).faults(400, "VALIDATION_ERROR", &["status", "page"]);
    let coming = format!("/api/v1/schedules?environment_id={}", team.development);
    let first = team.client.get(&format!("{coming}&per_page=2")).expect(200);
    assert_eq!(ids(first["data"].as_array().expect("a list").clone()), [json!(soon), json!(other)]);
    assert_eq!((&first["data"][1]["flag_key"], &first["meta"]["total"]), (&json!("b"), &json!(3)));
    let cursor = first["meta"]["next_cursor"].as_str().expect("a cursor");
    let rest = team.client.get(&format!("{coming}&per_page=2&cursor={cursor}")).expect(200);
    assert_eq!(ids(rest["data"].as_array().expect("a list").clone()), [json!(late)]);
    let elsewhere = format!("/api/v1/schedules?environment_id={}", team.staging);
    assert_eq!(team.client.get(&elsewhere).expect(200)["meta"]["total"], 0);
}

#[test]
fn what_was_due_while_the_server_was_down_is_made_in_order() {
    let mut server = Server::with(&[LONG_SESSIONS]);
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let at = server.moment(MINUTE);
    // The last of three at the same moment wins, and the one before them was before.
    let schedule = |at: &str, change: Value| made(&team.schedule("a", at, &change));
    let moments = [at.as_str(), &at, &at];
    let mut ids: Vec<String> = moments
        .iter()
        .zip(["on", "off", "on"])
        .map(|(at, default)| schedule(at, json!({"default_variation": default})))
        .collect();
    ids.insert(0, schedule(&server.moment(30), json!({"default_variation": "off", "enabled": true})));
    server.stop();
    server.clock.advance_seconds(DAY);
    let woke = server.moment(0);
    server.restart();
    let team = team.at(&server);
    for id in &ids {
        let over = team.over("a", id);
        assert_eq!(over["status"], "applied");
        assert!(over["finished_at"].as_str() >= Some(&woke), "the entry says when it was made: {over}");
    }
    assert_eq!(
        (&team.flag("a")["default_variation"], &team.flag("a")["enabled"]),
        (&json!("on"), &json!(true))
    );
    let told: Vec<Value> = team
        .history("a")
        .iter()
        .filter(|entry| entry["action"] == "flag.updated")
        .map(|entry| entry["changes"]["schedule"]["to"].clone())
        .collect();
    let wanted: Vec<Value> = ids.iter().rev().map(|id| json!(id)).collect();
    assert_eq!(told, wanted, "the newest first");
    assert_eq!(team.flag("a")["revision"], 5);
}

#[test]
fn an_application_hears_of_it_as_of_any_change() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let sdk = team.sdk(&team.development, "server");
    let ask =
        || sdk.post("/api/v1/evaluate", &json!({"flags": ["a"], "context": {"user_key": "u"}})).expect(200);
    assert_eq!(ask()["data"]["evaluations"]["a"]["reason"], "DISABLED");
    let change = json!({"enabled": true, "default_variation": "on"});
    team.schedule("a", &server.moment(MINUTE), &change).expect(201);
    server.clock.advance_seconds(MINUTE);
    let value = wait_for("the new value", || {
        let value = ask()["data"]["evaluations"]["a"]["value"].clone();
        (value == true).then_some(value)
    });
    assert_eq!(value, true);
}
