//! Organizations: an admin of one makes others, and nothing of one is visible to another.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::Server;

const ORGANIZATIONS: &str = "/api/v1/organizations";

#[test]
fn an_admin_makes_another_organization_and_is_its_admin() {
    let server = Server::start();
    let team = server.admin();
    let made = team.client.post(ORGANIZATIONS, &json!({"name": "Acme"})).expect(201)["data"].clone();
    let names: Vec<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "name", "role", "created_at"]);
    assert_eq!((&made["name"], &made["role"]), (&json!("Acme"), &json!("admin")));
    let path = format!("{ORGANIZATIONS}/{}", made["id"].as_str().unwrap());
    assert_eq!(team.client.get(&path).expect(200)["data"], made);
    let listed = team.client.get(ORGANIZATIONS).expect(200);
    assert_eq!((&listed["meta"]["total"], &listed["data"][1]), (&json!(2), &made));
    assert_eq!(listed["data"][0]["name"], "Default");

    // It starts empty, and projects can be made in it.
    assert_eq!(team.client.get("/api/v1/projects").expect(200)["meta"]["total"], 1);
    let project = json!({"key": "shop", "name": "Shop", "organization_id": made["id"]});
    let project = team.client.post("/api/v1/projects", &project).expect(201);
    assert_eq!(project["data"]["organization_id"], made["id"]);
}

#[test]
fn who_is_no_admin_anywhere_makes_none() {
    let server = Server::start();
    let team = server.admin();
    server.register("eve@example.com").expect(201);
    let editor = team.enrol(&server, "eddy@example.com", Role::Editor);
    for client in [server.login("eve@example.com"), editor] {
        let refused = client.post(ORGANIZATIONS, &json!({"name": "Mine"}));
        assert_eq!(refused.refused(403, "INSUFFICIENT_PERMISSIONS")["required_role"], "admin");
    }
    assert_eq!(server.login("eve@example.com").get(ORGANIZATIONS).expect(200)["data"], json!([]));
}

#[test]
fn an_organization_is_renamed_by_its_admins() {
    let mut server = Server::start();
    let team = server.admin();
    let path = format!("{ORGANIZATIONS}/{}", team.organization());
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    assert_eq!(viewer.get(&path).expect(200)["data"]["role"], "viewer");
    viewer.put(&path, &json!({"name": "Hers"})).refused(403, "INSUFFICIENT_PERMISSIONS");
    let renamed = team.client.put(&path, &json!({"name": "Acme"})).expect(200)["data"].clone();
    assert_eq!((&renamed["name"], &renamed["role"]), (&json!("Acme"), &json!("admin")));
    // What is absent stays.
    assert_eq!(team.client.put(&path, &json!({})).expect(200)["data"], renamed);
    server.restart();
    assert_eq!(server.reach(&viewer).get(&path).expect(200)["data"]["name"], "Acme");
    let me = server.reach(&viewer).get("/api/v1/auth/me").expect(200);
    assert_eq!(me["data"]["organizations"][0]["name"], "Acme");
}

#[test]
fn what_is_malformed_is_said_and_what_is_elsewhere_is_not_there() {
    let server = Server::start();
    let team = server.admin();
    let path = format!("{ORGANIZATIONS}/{}", team.organization());
    for body in [json!({}), json!({"name": null}), json!({"name": " "}), json!({"name": "n".repeat(201)})] {
        team.client.post(ORGANIZATIONS, &body).faults(400, "VALIDATION_ERROR", &["name"]);
    }
    let faulty = json!({"name": "", "id": 1});
    team.client.put(&path, &faulty).faults(400, "VALIDATION_ERROR", &["name", "id"]);
    let eve = server.outsider("eve@example.com");
    let sound: Value = json!({"name": "Hers"});
    for id in ["x", "org_01ARZ3NDEKTSV4RRFFQ69G5FAV", &team.organization()] {
        let path = format!("{ORGANIZATIONS}/{id}");
        eve.get(&path).refused(404, "ORGANIZATION_NOT_FOUND");
        eve.put(&path, &sound).refused(404, "ORGANIZATION_NOT_FOUND");
        eve.get(&format!("{path}/members")).refused(404, "ORGANIZATION_NOT_FOUND");
        eve.get(&format!("{path}/invitations")).refused(404, "ORGANIZATION_NOT_FOUND");
    }
}
