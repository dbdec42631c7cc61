//! The stream of a project, for people who look at it: what it tells, to whom, and when it ends.

use phaseflag::domain::role::Role;
use serde_json::json;

use crate::support::stream::Stream;
use crate::support::{Client, Server, Team};

fn path(team: &Team) -> String {
    format!("/api/v1/projects/{}/stream", team.project)
}

/// A stream that has said that it is connected.
#[track_caller]
fn connected(client: &Client, team: &Team) -> Stream {
    let mut stream = Stream::open(client, &path(team));
    assert_eq!(stream.event().name, "connected");
    stream
}

#[test]
fn changes_in_all_environments_are_told() {
    let server = Server::start();
    let team = server.admin();
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    let mut stream = connected(&viewer, &team);
    team.create_flag("a", &json!({}));
    let mut places: Vec<_> = (0..3)
        .map(|_| {
            let event = stream.event();
            assert_eq!((event.name.as_str(), &event.data["flag_key"]), ("flag.created", &json!("a")));
            event.data["environment_id"].as_str().expect("an environment").to_owned()
        })
        .collect();
    places.sort();
    let mut all = [team.development.clone(), team.staging.clone(), team.production.clone()];
    all.sort();
    assert_eq!(places, all);

    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let event = stream.event();
    assert_eq!((event.name.as_str(), &event.data["event"]), ("flag.toggled", &json!("flag.toggled")));
    assert_eq!(event.data["environment_id"], json!(team.development));
    assert!(event.data["version"].is_u64() && event.data["timestamp"].is_string(), "{event:?}");
}

#[test]
fn of_other_projects_nothing_is_told() {
    let server = Server::start();
    let team = server.admin();
    let other = team.client.post("/api/v1/projects", &json!({"key": "other", "name": "Other"})).expect(201);
    let other = other["data"]["id"].as_str().unwrap();
    let mut stream = Stream::open(&team.client, &format!("/api/v1/projects/{other}/stream"));
    assert_eq!(stream.event().name, "connected");
    team.create_flag("a", &json!({}));
    let segments = format!("/api/v1/segments?project_id={other}");
    team.client.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
    let event = stream.event();
    assert_eq!((event.name.as_str(), &event.data["segment_key"]), ("segment.created", &json!("s")));
}

#[test]
fn an_environment_more_or_less_is_told_without_its_name() {
    let server = Server::start();
    let team = server.admin();
    let mut stream = connected(&team.client, &team);
    let environments = format!("/api/v1/environments?project_id={}", team.project);
    let body = json!({"key": "qa", "name": "QA", "type": "staging"});
    team.client.post(&environments, &body).expect(201);
    assert_eq!(stream.event().name, "changed");
}

#[test]
fn what_has_no_event_of_its_own_is_told_all_the_same_and_to_nobody_else() {
    let server = Server::start();
    let team = server.admin();
    let other = team.client.post("/api/v1/projects", &json!({"key": "other", "name": "Other"})).expect(201);
    let other = other["data"]["id"].as_str().unwrap();
    let mut elsewhere = Stream::open(&team.client, &format!("/api/v1/projects/{other}/stream"));
    assert_eq!(elsewhere.event().name, "connected");
    let mut stream = connected(&team.client, &team);
    let environment = format!("/api/v1/environments/{}", team.staging);
    team.client.post(&format!("{environment}/freeze"), &json!({"reason": "Holiday"})).expect(200);
    assert_eq!(stream.event().name, "changed");
    let keys = format!("/api/v1/api-keys?environment_id={}", team.development);
    team.client.post(&keys, &json!({"name": "Web", "kind": "client"})).expect(201);
    assert_eq!(stream.event().name, "changed");
    let segments = format!("/api/v1/segments?project_id={other}");
    team.client.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
    assert_eq!(elsewhere.event().name, "segment.created");
}

#[test]
fn what_happens_to_the_organization_is_told_to_its_people_alone() {
    let server = Server::start();
    let team = server.admin();
    let admin = &team.client;
    let member = team.enrol(&server, "vera@example.com", Role::Editor);
    let me = member.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().unwrap().to_owned();
    let other = admin.post("/api/v1/organizations", &json!({"name": "Other"})).expect(201);
    let project = json!({"key": "other", "name": "Other", "organization_id": other["data"]["id"]});
    let other = admin.post("/api/v1/projects", &project).expect(201);
    let other = other["data"]["id"].as_str().unwrap();
    let mut elsewhere = Stream::open(admin, &format!("/api/v1/projects/{other}/stream"));
    assert_eq!(elsewhere.event().name, "connected");
    let mut stream = connected(&member, &team);
    let mut told = |what| assert_eq!(stream.event().name, "changed", "{what}");

    let organization = format!("/api/v1/organizations/{}", team.organization());
    let invitation = json!({"email": "new@example.com", "role": "viewer"});
    admin.post(&format!("{organization}/invitations"), &invitation).expect(201);
    told("an invitation");
    admin.put(&format!("{organization}/members/{me}"), &json!({"role": "viewer"})).expect(200);
    told("a role");
    admin.put(&organization, &json!({"name": "Shops"})).expect(200);
    told("the organization's name");
    let project = json!({"key": "more", "name": "More", "organization_id": team.organization()});
    admin.post("/api/v1/projects", &project).expect(201);
    told("a project");
    member.json("PATCH", "/api/v1/auth/me", r#"{"full_name": "Vera"}"#).expect(200);
    told("a member's name");

    let segments = format!("/api/v1/segments?project_id={other}");
    admin.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
    assert_eq!(elsewhere.event().name, "segment.created");
}

#[test]
fn it_ends_with_the_right_to_see_the_project() {
    let server = Server::start();
    let team = server.admin();
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    let mut signed_out = connected(&viewer, &team);
    viewer.post("/api/v1/auth/logout", &json!({}));
    team.create_flag("a", &json!({}));
    assert_eq!(signed_out.next(), None);

    let again = server.login("vera@example.com");
    let mut removed = connected(&again, &team);
    let me = again.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().unwrap().to_owned();
    let member = format!("/api/v1/organizations/{}/members/{me}", team.organization());
    assert_eq!(team.client.delete(&member).status, 204);
    team.create_flag("b", &json!({}));
    assert_eq!(removed.next(), None);
}

#[test]
fn it_ends_when_the_server_stops() {
    let mut server = Server::start();
    let team = server.admin();
    let mut stream = connected(&team.client, &team);
    server.stop();
    assert_eq!(stream.next(), None);
}

#[test]
fn an_account_has_so_many_and_no_more() {
    let server = Server::start();
    let team = server.admin();
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    let _open: Vec<_> = (0..20).map(|_| connected(&viewer, &team)).collect();
    viewer.get(&path(&team)).refused(503, "STREAM_LIMIT_REACHED");
    // It is a limit of one account and not of all.
    connected(&team.client, &team);
}
