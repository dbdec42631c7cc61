//! The audit log: everything that was done in an organization, for everybody who belongs to it.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Client, EPOCH, Server, Team};

fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/audit-logs?{query}")).expect(200)
}

fn actions(list: &Value) -> Vec<&str> {
    let entries = list["data"].as_array().expect("a list").iter();
    entries.map(|entry| entry["action"].as_str().expect("an action")).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A flag and a segment that were made and changed, after what came with the first account.
fn furnished(team: &Team) -> (Value, Value) {
    let flag = team.create_flag("a", &json!({}));
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    let made = team.client.post(&segments, &json!({"key": "beta", "name": "Beta"})).expect(201);
    let beta = format!("/api/v1/segments/beta?project_id={}", team.project);
    team.client.put(&beta, &json!({"included": ["ada"]})).expect(200);
    team.client.delete(&beta).expect(204);
    (flag, made["data"].clone())
}

#[test]
fn an_entry_says_who_did_what_with_what_when_and_from_where() {
    let server = Server::start();
    let team = server.admin();
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"].clone();
    let flag = team.create_flag("a", &json!({}));
    let asked = team.client.with("X-Request-ID", "toggle-42");
    let toggled = asked.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let newest = list(&team.client, "per_page=1")["data"][0].clone();
    assert!(text(&newest["id"]).starts_with("evt_"), "{newest}");
    let mut rest = newest.clone();
    rest.as_object_mut().expect("an object").remove("id");
    assert_eq!(
        rest,
        json!({
            "action": "flag.toggled",
            "actor": {"id": me["id"], "email": "admin@example.com"},
            "changes": {"enabled": {"from": false, "to": true}},
            "timestamp": toggled["data"]["updated_at"],
            "resource_type": "flag",
            "resource_id": flag["id"],
            "organization_id": me["organizations"][0]["id"],
            "project_id": team.project,
            "environment_id": team.development,
            "request_id": "toggle-42",
            "ip": "127.0.0.1",
        })
    );
    let history = team.client.get(&team.flags("/a/history")).expect(200);
    assert_eq!(history["data"][0]["id"], newest["id"], "it is the same entry");
}

#[test]
fn everything_is_told_newest_first() {
    let server = Server::start();
    let team = server.admin();
    furnished(&team);
    let all = list(&team.client, "");
    assert_eq!(
        actions(&all),
        [
            "segment.deleted",
            "segment.updated",
            "segment.created",
            "flag.toggled",
            "flag.created",
            "environment.created",
            "environment.created",
            "environment.created",
            "project.created",
            "organization.created",
        ]
    );
    assert_eq!(all["meta"], json!({"page": 1, "per_page": 50, "total": 10, "next_cursor": null}));
    let updated = &all["data"][1];
    assert_eq!(updated["changes"], json!({"included": {"from": [], "to": ["ada"]}}));
    assert_eq!((&updated["project_id"], &updated["environment_id"]), (&json!(team.project), &Value::Null));
}

#[test]
fn every_parameter_narrows_the_list() {
    let server = Server::start();
    let team = server.admin();
    let (flag, segment) = furnished(&team);
    let other = team.new_project("second");
    let editor = team.enrol(&server, "eddy@example.com", Role::Editor);
    server.clock.advance_seconds(3_600);
    let eddy = editor.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    let path = format!("/api/v1/flags/a?environment_id={}", team.staging);
    editor.put(&path, &json!({"name": "A", "enabled": true})).expect(200);
    let later = phaseflag::domain::time::Timestamp::from_millis(EPOCH + 1_800_000);

    let found = |query: &str| -> Vec<String> {
        actions(&list(&team.client, query)).into_iter().map(str::to_owned).collect()
    };
    let (flag, segment, eddy) = (text(&flag["id"]), text(&segment["id"]), text(&eddy));
    assert_eq!(
        found(&format!("resource_id={segment}")),
        ["segment.deleted", "segment.updated", "segment.created"]
    );
    assert_eq!(found("resource_type=organization"), ["organization.created"]);
    assert_eq!(found(&format!("resource_type=segment&resource_id={flag}")), [""; 0]);
    assert_eq!(found("action=flag.toggled"), ["flag.toggled"]);
    assert_eq!(found(&format!("actor_id={eddy}")), ["flag.updated", "flag.updated", "invitation.accepted"]);
    assert_eq!(found(&format!("environment_id={}&actor_id={eddy}", team.staging)), ["flag.updated"]);
    assert_eq!(found(&format!("from={later}")), ["flag.updated", "flag.updated"]);
    assert_eq!(found(&format!("to={later}&resource_id={flag}")), ["flag.toggled", "flag.created"]);
    assert_eq!(found(&format!("from={later}&to={later}")), [""; 0]);
    let of_second = found(&format!("project_id={}", other.project));
    assert_eq!(
        of_second,
        ["environment.created", "environment.created", "environment.created", "project.created"]
    );
    let both = format!("project_id={}&environment_id={}", other.project, team.staging);
    assert_eq!(found(&both), [""; 0]);
}

#[test]
fn pages_neither_repeat_nor_skip_while_things_are_done() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let toggle = |enabled: bool| {
        team.client.post(&team.flags("/a/toggle"), &json!({"enabled": enabled})).expect(200);
    };
    for round in 0..5 {
        toggle(round % 2 == 0);
    }
    let whole = list(&team.client, "resource_type=flag");
    let ids = |list: &Value| -> Vec<Value> {
        list["data"].as_array().expect("a list").iter().map(|entry| entry["id"].clone()).collect()
    };
    let (mut told, mut cursor, mut round) = (Vec::new(), String::new(), 0);
    loop {
        let page = list(&team.client, &format!("resource_type=flag&per_page=2{cursor}"));
        assert_eq!(page["meta"]["total"], 6 + round);
        told.extend(ids(&page));
        toggle(round % 2 == 1);
        round += 1;
        let Some(next) = page["meta"]["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(told, ids(&whole));
    assert_eq!(ids(&list(&team.client, "per_page=3&page=2")), ids(&list(&team.client, "per_page=6"))[3..]);
}

#[test]
fn who_does_not_belong_sees_nothing() {
    let server = Server::start();
    let team = server.admin();
    furnished(&team);
    server.register("eve@example.com").expect(201);
    let eve = server.login("eve@example.com");
    assert_eq!(list(&eve, "")["meta"]["total"], 0);
    let mine = list(&team.client, "per_page=1")["data"][0].clone();
    for query in [
        format!("resource_id={}", text(&mine["resource_id"])),
        format!("actor_id={}", text(&mine["actor"]["id"])),
    ] {
        assert_eq!(list(&eve, &query)["data"], json!([]), "{query}");
    }
    let asked = |query: String| eve.get(&format!("/api/v1/audit-logs?{query}"));
    asked(format!("project_id={}", team.project)).refused(404, "PROJECT_NOT_FOUND");
    asked(format!("environment_id={}", team.staging)).refused(404, "ENVIRONMENT_NOT_FOUND");
    asked("project_id=nonsense".to_owned()).refused(404, "PROJECT_NOT_FOUND");
}

#[test]
fn bad_parameters_are_refused_all_at_once() {
    let server = Server::start();
    let team = server.admin();
    let query =
        "resource_type=thing&resource_id=new-nav&actor_id=flg_x&action=flag.eaten&from=yesterday&to=1&page=0";
    let refused = team.client.get(&format!("/api/v1/audit-logs?{query}"));
    let wrong = ["resource_type", "resource_id", "actor_id", "action", "from", "to", "page"];
    refused.faults(400, "VALIDATION_ERROR", &wrong);
}
