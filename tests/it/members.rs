//! Members: their roles count at once, and an organization never loses its last admin.

use std::thread;

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Client, Server, Team};

fn id_of(client: &Client) -> String {
    client.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().expect("an id").to_owned()
}

fn members(team: &Team) -> String {
    format!("/api/v1/organizations/{}/members", team.organization())
}

fn member(team: &Team, client: &Client) -> String {
    format!("{}/{}", members(team), id_of(client))
}

fn role(role: &str) -> Value {
    json!({"role": role})
}

#[test]
fn every_member_sees_who_belongs_to_the_organization() {
    let server = Server::start();
    let team = server.admin();
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    server.register("eve@example.com").expect(201);
    let listed = viewer.get(&members(&team)).expect(200);
    assert_eq!(listed["meta"]["total"], 2);
    let names: Vec<&str> = listed["data"][1].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["user_id", "email", "full_name", "role", "joined_at"]);
    let shown =
        |index: usize| (listed["data"][index]["email"].clone(), listed["data"][index]["role"].clone());
    assert_eq!(shown(0), (json!("admin@example.com"), json!("admin")));
    assert_eq!(shown(1), (json!("vera@example.com"), json!("viewer")));
    assert_eq!(listed["data"][1]["user_id"], id_of(&viewer));
}

#[test]
fn another_role_counts_with_the_next_request() {
    let server = Server::start();
    let team = server.admin();
    let vera = team.enrol(&server, "vera@example.com", Role::Viewer);
    let flag = |key: &str| vera.post(&team.flags(""), &Team::flag_body(key, &json!({})));
    flag("a").refused(403, "INSUFFICIENT_PERMISSIONS");
    let changed = team.client.put(&member(&team, &vera), &role("editor")).expect(200);
    assert_eq!(
        (&changed["data"]["role"], &changed["data"]["email"]),
        (&json!("editor"), &json!("vera@example.com"))
    );
    flag("a").expect(201);
    team.client.put(&member(&team, &vera), &role("viewer")).expect(200);
    flag("b").refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[test]
fn who_is_removed_sees_nothing_any_more() {
    let mut server = Server::start();
    let team = server.admin();
    let vera = team.enrol(&server, "vera@example.com", Role::Viewer);
    vera.get(&team.flags("")).expect(200);
    let path = member(&team, &vera);
    let answer = team.client.delete(&path);
    assert!(answer.status == 204 && answer.bytes.is_empty(), "{answer:?}");
    for _ in ["at once", "after a restart"] {
        let vera = server.reach(&vera);
        vera.get(&team.flags("")).refused(404, "ENVIRONMENT_NOT_FOUND");
        assert_eq!(vera.get("/api/v1/auth/me").expect(200)["data"]["organizations"], json!([]));
        let team = team.at(&server);
        team.client.delete(&path).refused(404, "MEMBER_NOT_FOUND");
        assert_eq!(team.client.get(&members(&team)).expect(200)["meta"]["total"], 1);
        server.restart();
    }
}

#[test]
fn everybody_may_leave() {
    let server = Server::start();
    let team = server.admin();
    let vera = team.enrol(&server, "vera@example.com", Role::Viewer);
    let eddy = team.enrol(&server, "eddy@example.com", Role::Editor);
    vera.delete(&member(&team, &eddy)).refused(403, "INSUFFICIENT_PERMISSIONS");
    // A script does not leave for its owner.
    let token = vera.post("/api/v1/auth/tokens", &json!({"name": "ci", "role": "viewer"})).expect(201);
    let script = vera.bearer(token["data"]["token"].as_str().unwrap());
    script.delete(&member(&team, &vera)).refused(403, "INSUFFICIENT_PERMISSIONS");
    vera.delete(&member(&team, &vera)).expect(204);
    vera.delete(&member(&team, &vera)).refused(404, "ORGANIZATION_NOT_FOUND");
}

#[test]
fn the_last_admin_stays_one() {
    let server = Server::start();
    let team = server.admin();
    let eddy = team.enrol(&server, "eddy@example.com", Role::Editor);
    let (admins, eddys) = (member(&team, &team.client), member(&team, &eddy));
    for lower in ["viewer", "editor"] {
        team.client.put(&admins, &role(lower)).refused(409, "LAST_ADMIN");
    }
    team.client.delete(&admins).refused(409, "LAST_ADMIN");
    team.client.put(&admins, &role("admin")).expect(200);
    // With another one the first may go.
    team.client.put(&eddys, &role("admin")).expect(200);
    team.client.put(&admins, &role("viewer")).expect(200);
    eddy.delete(&eddys).refused(409, "LAST_ADMIN");
    team.client.put(&admins, &role("admin")).refused(403, "INSUFFICIENT_PERMISSIONS");
    eddy.delete(&admins).expect(204);
}

#[test]
fn two_admins_who_leave_at_once_do_not_both_go() {
    let server = Server::start();
    let team = server.admin();
    let other = team.enrol(&server, "ann@example.com", Role::Admin);
    let both = [(team.client.clone(), member(&team, &team.client)), (other.clone(), member(&team, &other))];
    let leaving = both.map(|(client, path)| thread::spawn(move || client.delete(&path).status));
    let mut statuses = leaving.map(|leaving| leaving.join().unwrap());
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
}

#[test]
fn nobody_becomes_a_member_without_an_invitation() {
    let server = Server::start();
    let team = server.admin();
    let eve = server.outsider("eve@example.com");
    for id in ["x".to_owned(), "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(), id_of(&eve)] {
        let path = format!("{}/{id}", members(&team));
        team.client.put(&path, &role("viewer")).refused(404, "MEMBER_NOT_FOUND");
        team.client.delete(&path).refused(404, "MEMBER_NOT_FOUND");
        eve.put(&path, &role("admin")).expect(404);
    }
    let path = member(&team, &team.client);
    team.client.put(&path, &json!({"role": "owner"})).faults(400, "VALIDATION_ERROR", &["role"]);
    team.client.put(&path, &json!({"rule": "admin"})).faults(400, "VALIDATION_ERROR", &["role", "rule"]);
}
