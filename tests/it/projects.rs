//! Projects and environments.

use serde_json::{Value, json};

use crate::support::{Server, Team};

const PROJECTS: &str = "/api/v1/projects";

fn environments(project: &str) -> String {
    format!("/api/v1/environments?project_id={project}")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

#[test]
fn a_project_is_made_listed_and_shown() {
    let server = Server::start();
    let team = server.admin();
    let body = json!({"key": "mobile-app", "name": "Mobile", "description": "iOS and Android"});
    let made = team.client.post(PROJECTS, &body).expect(201)["data"].clone();
    assert!(text(&made, "id").starts_with("prj_") && text(&made, "organization_id").starts_with("org_"));
    for name in ["key", "name", "description"] {
        assert_eq!(made[name], body[name]);
    }
    assert_eq!(made["created_at"], made["updated_at"]);
    let shown = team.client.get(&format!("{PROJECTS}/{}", text(&made, "id"))).expect(200);
    assert_eq!(shown["data"], made);
    let listed = team.client.get(PROJECTS).expect(200);
    let keys: Vec<_> = listed["data"].as_array().unwrap().iter().map(|it| text(it, "key")).collect();
    assert_eq!(keys, ["default", "mobile-app"]);
    assert_eq!(listed["meta"], json!({"page": 1, "per_page": 50, "total": 2, "next_cursor": null}));
}

#[test]
fn a_new_project_has_three_environments_and_no_flags() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("elsewhere", &json!({}));
    let made = team.client.post(PROJECTS, &json!({"key": "p", "name": "P"})).expect(201);
    assert_eq!(made["data"]["description"], Value::Null);
    let project = text(&made["data"], "id");
    let listed = team.client.get(&environments(project)).expect(200);
    let listed = listed["data"].as_array().unwrap();
    let keys: Vec<_> = listed.iter().map(|it| text(it, "key")).collect();
    assert_eq!(keys, ["development", "staging", "production"]);
    for environment in listed {
        assert_eq!(environment["project_id"], project);
        let path = format!("/api/v1/flags?environment_id={}", text(environment, "id"));
        assert_eq!(team.client.get(&path).expect(200)["meta"]["total"], 0);
    }
    // A key of one project is free in another.
    let path = format!("/api/v1/flags?environment_id={}", text(&listed[0], "id"));
    team.client.post(&path, &Team::flag_body("elsewhere", &json!({}))).expect(201);
}

#[test]
fn lists_are_paged_by_number_and_by_cursor() {
    let server = Server::start();
    let team = server.admin();
    for index in 0..4 {
        team.client.post(PROJECTS, &json!({"key": format!("p{index}"), "name": "P"})).expect(201);
    }
    let keys = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|it| text(it, "key").to_owned()).collect()
    };
    let page = team.client.get(&format!("{PROJECTS}?per_page=2&page=2")).expect(200);
    assert_eq!(keys(&page), ["p1", "p2"]);
    let first = team.client.get(&format!("{PROJECTS}?per_page=2")).expect(200);
    let cursor = text(&first["meta"], "next_cursor");
    team.client.post(PROJECTS, &json!({"key": "p4", "name": "P"})).expect(201);
    let second = team.client.get(&format!("{PROJECTS}?per_page=2&cursor={cursor}")).expect(200);
    assert_eq!(keys(&second), ["p1", "p2"]);
    let wrong = team.client.get("/api/v1/projects?per_page=201&page=0&cursor=x");
    wrong.faults(400, "VALIDATION_ERROR", &["per_page", "page", "cursor"]);
}

#[test]
fn a_key_is_unique_where_it_lives() {
    let server = Server::start();
    let team = server.admin();
    let project = json!({"key": "default", "name": "Again"});
    team.client.post(PROJECTS, &project).refused(409, "PROJECT_KEY_CONFLICT");
    let qa = json!({"key": "qa", "name": "QA", "type": "staging"});
    team.client.post(&environments(&team.project), &qa).expect(201);
    team.client.post(&environments(&team.project), &qa).refused(409, "ENVIRONMENT_KEY_CONFLICT");
    let other = team.client.post(PROJECTS, &json!({"key": "other", "name": "Other"})).expect(201);
    team.client.post(&environments(text(&other["data"], "id")), &qa).expect(201);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let server = Server::start();
    let team = server.admin();
    let body =
        json!({"key": "No", "name": "", "description": "x".repeat(2001), "organization_id": "o", "x": 1});
    let faults = ["key", "name", "description", "organization_id", "x"];
    team.client.post(PROJECTS, &body).faults(400, "VALIDATION_ERROR", &faults);
    let body = json!({"key": "a/b", "name": "x".repeat(201), "type": "test", "color": "red"});
    let answer = team.client.post(&environments(&team.project), &body);
    answer.faults(400, "VALIDATION_ERROR", &["key", "name", "type", "color"]);
    for key in ["", "-a", "a b", "é", &"x".repeat(129)] {
        let body = json!({"key": key, "name": "P"});
        team.client.post(PROJECTS, &body).faults(400, "VALIDATION_ERROR", &["key"]);
    }
    team.client.post(PROJECTS, &json!({"key": "x".repeat(128), "name": "x".repeat(200)})).expect(201);
    team.client.get("/api/v1/environments").faults(400, "VALIDATION_ERROR", &["project_id"]);
}

#[test]
fn a_new_environment_has_every_flag_switched_off() {
    let server = Server::start();
    let team = server.admin();
    let rules = json!([{"priority": 1, "conditions": [], "variation": "on"}]);
    team.create_flag("first", &json!({"enabled": true, "targeting_rules": rules}));
    team.create_flag("second", &json!({"enabled": true, "default_variation": "on"}));
    team.create_flag("gone", &json!({}));
    team.client.delete(&team.flags("/gone")).expect(204);

    let body = json!({"key": "qa", "name": "QA", "type": "staging", "color": "#1E90FF"});
    let made = team.client.post(&environments(&team.project), &body).expect(201)["data"].clone();
    assert_eq!((&made["type"], &made["color"]), (&json!("staging"), &json!("#1e90ff")));
    let id = text(&made, "id");
    assert_eq!(team.client.get(&format!("/api/v1/environments/{id}")).expect(200)["data"], made);
    assert_eq!(team.client.get(&environments(&team.project)).expect(200)["data"][3], made);

    let listed =
        team.client.get(&format!("/api/v1/flags?environment_id={id}&sort=key&order=asc")).expect(200);
    let flags = listed["data"].as_array().unwrap();
    let keys: Vec<_> = flags.iter().map(|it| text(it, "key")).collect();
    assert_eq!(keys, ["first", "second"]);
    for flag in flags {
        assert_eq!((&flag["enabled"], &flag["targeting_rules_count"]), (&json!(false), &json!(0)));
        assert_eq!(flag["environment_id"], id);
    }
    let evaluations = team
        .sdk(id, "server")
        .post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}}))
        .expect(200)["data"]["evaluations"]
        .clone();
    let reasons: Vec<_> =
        evaluations.as_object().unwrap().iter().map(|(key, it)| (key.as_str(), &it["reason"])).collect();
    assert_eq!(reasons.len(), 2);
    assert!(reasons.iter().all(|(_, reason)| **reason == "DISABLED"), "{reasons:?}");
    // What is changed there stays there.
    let path = format!("/api/v1/flags/second/toggle?environment_id={id}");
    team.client.post(&path, &json!({"enabled": true})).expect(200);
    assert_eq!(team.client.get(&team.flags("/first")).expect(200)["data"]["enabled"], true);
}

#[test]
fn what_is_not_there_is_named() {
    let server = Server::start();
    let team = server.admin();
    let nothing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for id in [&format!("prj_{nothing}"), "x", &team.development, &team.project.to_lowercase()] {
        team.client.get(&format!("{PROJECTS}/{id}")).refused(404, "PROJECT_NOT_FOUND");
        team.client.get(&environments(id)).refused(404, "PROJECT_NOT_FOUND");
    }
    for id in [&format!("env_{nothing}"), "x", &team.project] {
        team.client.get(&format!("/api/v1/environments/{id}")).refused(404, "ENVIRONMENT_NOT_FOUND");
        team.client.get(&format!("/api/v1/flags?environment_id={id}")).refused(404, "ENVIRONMENT_NOT_FOUND");
    }
    let body = json!({"key": "p", "name": "P", "organization_id": format!("org_{nothing}")});
    team.client.post(PROJECTS, &body).refused(404, "ORGANIZATION_NOT_FOUND");
}
