//! Invitations: each is for one address, works once and for a while, and its token is shown once.

use std::thread;

use phaseflag::domain::invitation::MAX_PENDING_INVITATIONS;
use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, Server, Team};

const DAY: i64 = 86_400;

fn invitations(team: &Team) -> String {
    format!("/api/v1/organizations/{}/invitations", team.organization())
}

fn invite(team: &Team, email: &str) -> Value {
    let body = json!({"email": email, "role": "editor"});
    team.client.post(&invitations(team), &body).expect(201)["data"].clone()
}

fn accept(client: &Client, invitation: &Value) -> Answer {
    client.post("/api/v1/auth/invitations/accept", &json!({"invitation_token": invitation["token"]}))
}

fn register(server: &Server, email: &str, invitation: &Value) -> Answer {
    let body = json!({"email": email, "password": PASSWORD, "invitation_token": invitation["token"]});
    server.anonymous().post("/api/v1/auth/register", &body)
}

#[test]
fn whoever_is_invited_accepts_with_the_account_that_has_the_address() {
    let server = Server::start();
    let team = server.admin();
    let grace = server.outsider("grace@example.com");
    let made = invite(&team, "Grace@Example.com");
    let names: Vec<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["id", "email", "role", "organization_id", "invited_by", "created_at", "expires_at", "token", "url"];
    assert_eq!(names, expected);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("invite_") && token.len() > 45, "{made}");
    assert_eq!(made["url"], format!("/invitation#token={token}"));
    assert_eq!(
        (&made["created_at"], &made["expires_at"]),
        (&json!("2027-01-15T08:00:00Z"), &json!("2027-01-22T08:00:00Z"))
    );

    // It is listed without its token until it is accepted.
    let listed = team.client.get(&invitations(&team)).expect(200);
    let mut shown = made.clone();
    for secret in ["token", "url"] {
        shown.as_object_mut().unwrap().remove(secret);
    }
    assert_eq!(listed["data"], json!([shown]));
    let joined = accept(&grace, &made).expect(200)["data"].clone();
    assert_eq!((&joined["id"], &joined["role"]), (&made["organization_id"], &json!("editor")));
    assert_eq!(team.client.get(&invitations(&team)).expect(200)["data"], json!([]));
    grace.post(&team.flags(""), &Team::flag_body("hers", &json!({}))).expect(201);
}

#[test]
fn an_invitation_lets_a_new_account_in_at_once_even_where_registration_is_closed() {
    let server = Server::with(&["--registration=closed"]);
    let team = server.admin();
    let made = invite(&team, "grace@example.com");
    server.register("grace@example.com").refused(403, "REGISTRATION_DISABLED");
    register(&server, "eve@example.com", &made).refused(422, "INVITATION_INVALID");
    let account = register(&server, "GRACE@example.com", &made).expect(201)["data"].clone();
    assert_eq!(account["role"], "editor");
    let grace = server.login("grace@example.com");
    assert_eq!(grace.get(&team.flags("")).expect(200)["meta"]["total"], 0);
    register(&server, "grace@example.com", &made).refused(422, "INVITATION_INVALID");
}

#[test]
fn an_account_that_exists_does_not_register_again() {
    let server = Server::start();
    let team = server.admin();
    let grace = server.outsider("grace@example.com");
    let made = invite(&team, "grace@example.com");
    register(&server, "grace@example.com", &made).refused(409, "EMAIL_ALREADY_EXISTS");
    // The invitation is still good.
    accept(&grace, &made).expect(200);
}

#[test]
fn an_invitation_works_once() {
    let mut server = Server::start();
    let team = server.admin();
    let grace = server.outsider("grace@example.com");
    let made = invite(&team, "grace@example.com");
    accept(&grace, &made).expect(200);
    for _ in ["at once", "after a restart"] {
        accept(&server.reach(&grace), &made).refused(422, "INVITATION_INVALID");
        server.restart();
    }
}

#[test]
fn of_two_who_accept_at_once_one_wins() {
    let server = Server::start();
    let team = server.admin();
    for round in 0..4 {
        let email = format!("grace{round}@example.com");
        let grace = server.outsider(&email);
        let made = invite(&team, &email);
        let both = [(); 2].map(|()| {
            let (grace, made) = (grace.clone(), made.clone());
            thread::spawn(move || accept(&grace, &made).status)
        });
        let mut statuses = both.map(|accepting| accepting.join().unwrap());
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
}

#[test]
fn another_person_cannot_tell_an_invitation_from_nothing() {
    let server = Server::start();
    let team = server.admin();
    let eve = server.outsider("eve@example.com");
    let made = invite(&team, "grace@example.com");
    let nothing = accept(&eve, &json!({"token": "invite_nothing"}));
    nothing.refused(422, "INVITATION_INVALID");
    assert_eq!(accept(&eve, &made).text(), nothing.text());
    assert_eq!(register(&server, "mallory@example.com", &made).text(), nothing.text());
    server.clock.advance_seconds(7 * DAY);
    let eve = server.login("eve@example.com");
    assert_eq!(accept(&eve, &made).text(), nothing.text());
    // The token says nothing of itself either.
    assert!(!made["token"].as_str().unwrap().contains("grace"));
}

#[test]
fn an_invitation_lasts_seven_days() {
    let server = Server::start();
    let team = server.admin();
    for email in ["grace@example.com", "joan@example.com"] {
        server.register(email).expect(201);
    }
    let made = [invite(&team, "grace@example.com"), invite(&team, "joan@example.com")];
    server.clock.advance_seconds(7 * DAY - 1);
    accept(&server.login("grace@example.com"), &made[0]).expect(200);
    server.clock.advance_seconds(1);
    accept(&server.login("joan@example.com"), &made[1]).refused(422, "INVITATION_EXPIRED");
    let team = Team { client: server.login("admin@example.com"), ..team };
    assert_eq!(team.client.get(&invitations(&team)).expect(200)["data"], json!([]));
    let gone = format!("{}/{}", invitations(&team), made[1]["id"].as_str().unwrap());
    team.client.delete(&gone).refused(404, "INVITATION_NOT_FOUND");
    // Another one works.
    accept(&server.login("joan@example.com"), &invite(&team, "joan@example.com")).expect(200);
}

#[test]
fn a_later_invitation_of_an_address_takes_the_place_of_the_earlier() {
    let server = Server::start();
    let team = server.admin();
    let grace = server.outsider("grace@example.com");
    let (first, second) = (invite(&team, "grace@example.com"), invite(&team, "GRACE@example.com"));
    assert_eq!(team.client.get(&invitations(&team)).expect(200)["meta"]["total"], 1);
    accept(&grace, &first).refused(422, "INVITATION_INVALID");
    accept(&grace, &second).expect(200);
    let again = json!({"email": "Grace@example.com", "role": "admin"});
    team.client.post(&invitations(&team), &again).refused(409, "MEMBER_ALREADY_EXISTS");
}

#[test]
fn an_invitation_can_be_withdrawn() {
    let server = Server::start();
    let team = server.admin();
    let grace = server.outsider("grace@example.com");
    let made = invite(&team, "grace@example.com");
    let path = format!("{}/{}", invitations(&team), made["id"].as_str().unwrap());
    team.client.delete(&path).expect(204);
    team.client.delete(&path).refused(404, "INVITATION_NOT_FOUND");
    accept(&grace, &made).refused(422, "INVITATION_INVALID");
    // One of another organization is not there.
    let other = team.client.post("/api/v1/organizations", &json!({"name": "Acme"})).expect(201);
    let made = invite(&team, "grace@example.com");
    let elsewhere = format!("/api/v1/organizations/{}/invitations", other["data"]["id"].as_str().unwrap());
    let path = format!("{elsewhere}/{}", made["id"].as_str().unwrap());
    team.client.delete(&path).refused(404, "INVITATION_NOT_FOUND");
    accept(&grace, &made).expect(200);
}

#[test]
fn there_are_so_many_invitations_and_no_more() {
    let server = Server::start();
    let team = server.admin();
    let body = |number: usize| json!({"email": format!("u{number}@example.com"), "role": "viewer"});
    for number in 0..MAX_PENDING_INVITATIONS {
        team.client.post(&invitations(&team), &body(number)).expect(201);
    }
    let over = team.client.post(&invitations(&team), &body(MAX_PENDING_INVITATIONS));
    over.refused(422, "LIMIT_EXCEEDED");
    // To invite one of them again is no more than there were.
    team.client.post(&invitations(&team), &body(0)).expect(201);
    // Those that nobody accepted in time do not count.
    server.clock.advance_seconds(7 * DAY);
    let team = Team { client: server.login("admin@example.com"), ..team };
    team.client.post(&invitations(&team), &body(MAX_PENDING_INVITATIONS)).expect(201);
    assert_eq!(team.client.get(&invitations(&team)).expect(200)["meta"]["total"], 1);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let server = Server::start();
    let team = server.admin();
    let body = json!({"email": "nobody", "role": "owner", "token": "x"});
    team.client.post(&invitations(&team), &body).faults(400, "VALIDATION_ERROR", &["email", "role", "token"]);
    let token = json!({"invitation_token": 1, "email": "x"});
    let answer = team.client.post("/api/v1/auth/invitations/accept", &token);
    answer.faults(400, "VALIDATION_ERROR", &["invitation_token", "email"]);
    let editor = team.enrol(&server, "eddy@example.com", Role::Editor);
    let sound = json!({"email": "x@example.com", "role": "viewer"});
    editor.post(&invitations(&team), &sound).refused(403, "INSUFFICIENT_PERMISSIONS");
    editor.get(&invitations(&team)).refused(403, "INSUFFICIENT_PERMISSIONS");
}
