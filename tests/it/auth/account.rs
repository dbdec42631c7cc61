//! What people change of their own account: name and password; and how many sessions they have.

use phaseflag::domain::user::MAX_SESSIONS_PER_USER;
use serde_json::{Value, json};

use super::{ME, login};
use crate::support::{Client, PASSWORD, Server};

const CHANGE: &str = "/api/v1/auth/change-password";
const NEW: &str = "battery staple horse";

fn change(client: &Client, current: &str, new: &str) -> crate::support::Answer {
    client.post(CHANGE, &json!({"current_password": current, "new_password": new}))
}

#[test]
fn a_person_changes_the_name_and_nothing_else() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let ada = server.login("ada@example.com");
    let before = ada.get(ME).expect(200)["data"].clone();
    let patch = |body: Value| ada.json("PATCH", ME, &body.to_string());
    let after = patch(json!({"full_name": " Ada Lovelace "})).expect(200)["data"].clone();
    assert_eq!(after["full_name"], "Ada Lovelace");
    assert_eq!(ada.get(ME).expect(200)["data"], after);
    assert_eq!(patch(json!({})).expect(200)["data"], after);
    for nothing in [json!({"full_name": null}), json!({"full_name": "  "})] {
        patch(json!({"full_name": "Ada Lovelace"})).expect(200);
        assert_eq!(patch(nothing).expect(200)["data"], before);
    }
    let faulty = json!({"full_name": 1, "email": "eve@example.com", "role": "admin"});
    patch(faulty).faults(400, "VALIDATION_ERROR", &["full_name", "email", "role"]);
    patch(json!({"full_name": "n".repeat(201)})).faults(400, "VALIDATION_ERROR", &["full_name"]);
}

#[test]
fn another_password_ends_all_other_sessions_for_good() {
    let mut server = Server::start();
    server.register("ada@example.com").expect(201);
    server.register("eve@example.com").expect(201);
    let (here, there) = (server.login("ada@example.com"), server.login("ada@example.com"));
    let refresh = login(&server, "ada@example.com", PASSWORD).expect(200)["data"]["refresh_token"].clone();
    let eve = server.login("eve@example.com");
    let answer = change(&here, PASSWORD, NEW);
    assert!(answer.status == 204 && answer.bytes.is_empty(), "{answer:?}");
    for _ in ["at once", "after a restart"] {
        server.reach(&there).get(ME).refused(401, "TOKEN_INVALID");
        let answer = server.anonymous().post("/api/v1/auth/refresh", &json!({"refresh_token": refresh}));
        answer.refused(401, "REFRESH_TOKEN_INVALID");
        server.reach(&here).get(ME).expect(200);
        server.reach(&eve).get(ME).expect(200);
        login(&server, "ada@example.com", PASSWORD).refused(401, "INVALID_CREDENTIALS");
        login(&server, "ada@example.com", NEW).expect(200);
        server.restart();
    }
}

#[test]
fn whoever_does_not_know_the_password_cannot_change_it() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let (here, there) = (server.login("ada@example.com"), server.login("ada@example.com"));
    for wrong in ["not the password", "", "short", &"x".repeat(200)] {
        let answer = change(&here, wrong, NEW);
        answer.refused(401, "INVALID_CREDENTIALS");
        assert!(answer.text().contains("the current password is wrong"), "{}", answer.text());
    }
    change(&here, PASSWORD, "short").faults(400, "VALIDATION_ERROR", &["new_password"]);
    here.post(CHANGE, &json!({"password": NEW})).faults(
        400,
        "VALIDATION_ERROR",
        &["current_password", "new_password", "password"],
    );
    there.get(ME).expect(200);
    login(&server, "ada@example.com", PASSWORD).expect(200);
}

#[test]
fn of_two_who_change_the_password_at_once_one_wins() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let both = ["first new password", "second new password"].map(|new| {
        let ada = server.login("ada@example.com");
        std::thread::spawn(move || (change(&ada, PASSWORD, new).status, new))
    });
    let [one, other] = both.map(|changing| changing.join().unwrap());
    let (winner, loser) = if one.0 == 204 { (one, other) } else { (other, one) };
    assert_eq!((winner.0, loser.0), (204, 401));
    login(&server, "ada@example.com", winner.1).expect(200);
    login(&server, "ada@example.com", loser.1).refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn one_session_too_many_ends_the_oldest() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    server.register("eve@example.com").expect(201);
    let eve = server.login("eve@example.com");
    let sessions: Vec<Client> = (0..MAX_SESSIONS_PER_USER).map(|_| server.login("ada@example.com")).collect();
    sessions[0].get(ME).expect(200);
    let newest = server.login("ada@example.com");
    sessions[0].get(ME).refused(401, "TOKEN_INVALID");
    for live in [&sessions[1], &newest, &eve] {
        live.get(ME).expect(200);
    }
}
