//! What is written down of people: every change of who may do what, and no secret.

use phaseflag::domain::audit::Entry;
use phaseflag::domain::id::{Bits, InvitationId, OrganizationId, PersonalTokenId, UserId};
use phaseflag::domain::page::{MAX_PER_PAGE, PageRequest, Start};
use phaseflag::domain::role::Role;
use phaseflag::store::{Store, audit};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Server};

/// A secret that a person or a script was shown, or has chosen.
fn secret(answer: &Value, name: &str) -> String {
    answer["data"][name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
}

#[test]
fn no_secret_is_in_the_data_file() {
    const NEW: &str = "battery staple horse";
    let mut server = Server::start();
    let team = server.admin();
    let login = json!({"email": "admin@example.com", "password": PASSWORD});
    let tokens = server.anonymous().post("/api/v1/auth/login", &login).expect(200);
    let invitation = team.invite("grace@example.com", Role::Viewer).expect(201);
    let made = team.client.post("/api/v1/auth/tokens", &json!({"name": "ci", "role": "admin"})).expect(201);
    let key = team.create_key(&team.development, "server").expect(201);
    let passwords = json!({"current_password": PASSWORD, "new_password": NEW});
    team.client.post("/api/v1/auth/change-password", &passwords).expect(204);
    server.stop();
    let file = std::fs::read(server.data()).expect("the data file");
    let has = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    // What is no secret is found in this way.
    assert!(has("admin@example.com") && has("grace@example.com"));
    let secrets = [
        PASSWORD.to_owned(),
        NEW.to_owned(),
        secret(&tokens, "access_token"),
        secret(&tokens, "refresh_token"),
        secret(&invitation, "token"),
        secret(&made, "token"),
        secret(&key, "key"),
    ];
    for secret in secrets {
        assert!(!has(&secret), "{secret}");
    }
}

/// What was done with the thing that has this identifier, oldest first.
fn done(store: &Store, id: impl Into<Bits>) -> Vec<Entry> {
    let all = PageRequest { per_page: MAX_PER_PAGE, start: Start::Page(1) };
    let entries =
        audit::about(&store.read().expect("a transaction"), id.into(), None, &all).expect("the log");
    entries.rows.into_iter().rev().collect()
}

fn actions(entries: &[Entry]) -> Vec<&'static str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

#[test]
fn every_change_is_in_the_log_with_who_did_it() {
    let mut server = Server::start();
    let team = server.admin();
    let id = |answer: &Value| secret(answer, "id");
    let organization = team.organization();
    let path = format!("/api/v1/organizations/{organization}");
    team.client.put(&path, &json!({"name": "Acme"})).expect(200);
    // What changes nothing is not written down.
    team.client.put(&path, &json!({"name": "Acme"})).expect(200);
    let grace = server.outsider("grace@example.com");
    let withdrawn = id(&team.invite("grace@example.com", Role::Viewer).expect(201));
    let invitation = team.invite("grace@example.com", Role::Viewer).expect(201);
    let token = json!({"invitation_token": invitation["data"]["token"]});
    grace.post("/api/v1/auth/invitations/accept", &token).expect(200);
    let user = id(&grace.json("PATCH", "/api/v1/auth/me", r#"{"full_name": "Grace"}"#).expect(200));
    let passwords = json!({"current_password": PASSWORD, "new_password": "battery staple horse"});
    grace.post("/api/v1/auth/change-password", &passwords).expect(204);
    let made = team.client.post("/api/v1/auth/tokens", &json!({"name": "ci", "role": "admin"})).expect(201);
    let script = server.anonymous().bearer(&secret(&made, "token"));
    let member = format!("{path}/members/{user}");
    script.put(&member, &json!({"role": "editor"})).expect(200);
    script.delete(&member).expect(204);
    team.client.delete(&format!("/api/v1/auth/tokens/{}", id(&made))).expect(204);
    server.stop();

    let store = Store::open(&server.data()).expect("the data file of a stopped server");
    let organization = OrganizationId::parse(&organization).expect("an id");
    assert_eq!(actions(&done(&store, organization)), ["organization.created", "organization.updated"]);
    let of_invitation = |text: &str| done(&store, InvitationId::parse(text).expect("an id"));
    assert_eq!(actions(&of_invitation(&withdrawn)), ["invitation.created", "invitation.revoked"]);
    let accepted = of_invitation(&id(&invitation));
    assert_eq!(actions(&accepted), ["invitation.created", "invitation.accepted"]);
    assert_eq!(accepted[0].actor.email, "admin@example.com");
    assert_eq!(accepted[1].actor.email, "grace@example.com");
    assert!(accepted.iter().all(|entry| entry.scope.organization == Some(organization)));

    let of_grace = done(&store, UserId::parse(&user).expect("an id"));
    assert_eq!(
        actions(&of_grace),
        ["user.registered", "user.updated", "user.password_changed", "user.role_changed", "user.removed"]
    );
    let changed = &of_grace[3];
    assert_eq!(changed.actor.token.map(|token| token.to_string()), Some(id(&made)));
    assert_eq!(changed.changes.len(), 1);
    assert_eq!((&changed.changes[0].from, &changed.changes[0].to), (&json!("viewer"), &json!("editor")));
    assert!(of_grace[2].changes.is_empty(), "{:?}", of_grace[2]);

    let of_token = done(&store, PersonalTokenId::parse(&id(&made)).expect("an id"));
    assert_eq!(actions(&of_token), ["personal_token.created", "personal_token.revoked"]);
}
