//! Webhooks: what people make and change. What they are told is in `events.rs`, how that is queued and written down in
//! `deliveries.rs` and `outbox.rs`.

mod deliveries;
mod events;
mod outbox;

use serde_json::{Value, json};

use crate::support::{Client, Server, Team};

/// An address of this machine: webhooks may not go there, so that nothing that these tests queue is ever sent.
const NOWHERE: &str = "http://127.0.0.1:9/hook";
/// All events that changes of flags and segments make.
const ALL: [&str; 9] = [
    "flag.created",
    "flag.updated",
    "flag.toggled",
    "flag.archived",
    "flag.restored",
    "flag.deleted",
    "segment.created",
    "segment.updated",
    "segment.deleted",
];

fn webhooks(team: &Team) -> String {
    format!("/api/v1/webhooks?project_id={}", team.project)
}

/// Makes a webhook that listens to everything; `overrides` replaces or adds members. Answers its address.
fn hook(team: &Team, overrides: &Value) -> String {
    let mut body = json!({"url": NOWHERE, "events": ALL});
    for (name, value) in overrides.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let made = team.client.post(&webhooks(team), &body).expect(201);
    format!("/api/v1/webhooks/{}", made["data"]["id"].as_str().expect("an id"))
}

/// The deliveries of the webhook at this address, oldest first.
fn deliveries(client: &Client, hook: &str) -> Vec<Value> {
    let listed = client.get(&format!("{hook}/deliveries?per_page=200")).expect(200);
    let mut rows = listed["data"].as_array().expect("a list").clone();
    rows.reverse();
    rows
}

/// What is sent for each of them.
fn bodies(client: &Client, hook: &str) -> Vec<Value> {
    let whole = |delivery: &Value| {
        let path = format!("{hook}/deliveries/{}", delivery["id"].as_str().expect("an id"));
        let shown = client.get(&path).expect(200);
        serde_json::from_str(shown["data"]["request_body"].as_str().expect("a text")).expect("JSON")
    };
    deliveries(client, hook).iter().map(whole).collect()
}

#[test]
fn a_webhook_is_made_changed_and_deleted() {
    let server = Server::start();
    let team = server.admin();
    let new = json!({"url": "HTTPS://Hooks.Example.com/x?a=1", "events": ["flag.toggled", "flag.created"],
        "environment_ids": [team.production], "description": "Chat", "active": false});
    let made = team.client.post(&webhooks(&team), &new).expect(201)["data"].clone();
    assert_eq!(made["url"], "https://hooks.example.com/x?a=1");
    assert_eq!(made["events"], json!(["flag.created", "flag.toggled"]));
    assert_eq!((&made["active"], &made["status"]), (&json!(false), &json!("inactive")));
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().expect("an id"));
    let shown = team.client.get(&path).expect(200)["data"].clone();
    assert_eq!(team.client.get(&webhooks(&team)).expect(200)["data"], json!([shown]));

    let changed =
        team.client.put(&path, &json!({"active": true, "description": null, "environment_ids": []}));
    let changed = changed.expect(200)["data"].clone();
    assert_eq!((&changed["status"], &changed["revision"]), (&json!("active"), &json!(2)));
    assert_eq!((&changed["description"], &changed["environment_ids"]), (&Value::Null, &json!([])));
    assert_eq!(changed["events"], made["events"]);
    // What changes nothing is no change.
    assert_eq!(team.client.put(&path, &json!({"active": true})).expect(200)["data"], changed);

    let stale = team.client.with("If-Match", "\"1\"");
    assert_eq!(stale.put(&path, &json!({"active": false})).refused(412, "REVISION_CONFLICT")["revision"], 2);
    stale.delete(&path).refused(412, "REVISION_CONFLICT");
    team.client.with("If-None-Match", "\"2\"").get(&path).expect(304);
    team.client.delete(&path).expect(204);
    team.client.get(&path).refused(404, "WEBHOOK_NOT_FOUND");
    team.client.delete(&path).refused(404, "WEBHOOK_NOT_FOUND");
    assert_eq!(team.client.get(&webhooks(&team)).expect(200)["data"], json!([]));
}

#[test]
fn the_secret_is_shown_when_it_is_made_and_nowhere_else() {
    let server = Server::start();
    let team = server.admin();
    let new = json!({"url": "http://127.0.0.1:9/services/T0/secret-path", "events": ALL});
    let made = team.client.post(&webhooks(&team), &new).expect(201)["data"].clone();
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().expect("an id"));
    let rotated =
        team.client.send("POST", &format!("{path}/rotate-secret"), None).expect(200)["data"].clone();
    let secrets = [&made, &rotated].map(|it| it["secret"].as_str().expect("a secret").to_owned());
    for secret in &secrets {
        assert!(secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 44, "{secret}");
    }
    assert_ne!(secrets[0], secrets[1]);
    team.client.send("POST", &format!("{path}/test"), None).expect(202);
    team.client.put(&path, &json!({"url": "http://127.0.0.1:9/services/T0/other-path"})).expect(200);
    let queued = deliveries(&team.client, &path)[0]["id"].as_str().expect("an id").to_owned();
    team.client.delete(&path).expect(204);
    team.client.get(&format!("{path}/deliveries/{queued}")).refused(404, "WEBHOOK_NOT_FOUND");

    let again = hook(&team, &json!({}));
    for answer in [
        team.client.get(&again),
        team.client.get(&webhooks(&team)),
        team.client.put(&again, &json!({"description": "D"})),
        team.client.get("/api/v1/audit-logs"),
    ] {
        assert!(!answer.text().contains("whsec_"), "{}", answer.text());
    }
    // Whoever may read the log need not see webhooks, and their addresses are often as good as passwords.
    let log = team.client.get("/api/v1/audit-logs?resource_type=webhook").expect(200);
    let actions: Vec<_> =
        log["data"].as_array().expect("a list").iter().map(|it| it["action"].clone()).collect();
    let expected = ["updated", "created", "deleted", "updated", "secret_rotated", "created"];
    assert_eq!(actions, expected.map(|it| json!(format!("webhook.{it}"))));
    assert!(!log.to_string().contains("-path"), "{log}");
    assert_eq!(log["data"][3]["changes"]["url"]["to"], "http://127.0.0.1:9");
}

#[test]
fn what_is_wrong_with_a_webhook_is_said_all_at_once() {
    let server = Server::start();
    let team = server.admin();
    let elsewhere = team.new_project("elsewhere");
    let new = json!({"url": "ftp://a", "events": [], "environment_ids": ["x"], "more": 1});
    let fields = ["url", "events", "environment_ids[0]", "more"];
    team.client.post(&webhooks(&team), &new).faults(400, "VALIDATION_ERROR", &fields);
    let new = json!({"url": "http://u:p@a/", "events": ["flag.toggled", "*"], "active": 1});
    let fields = ["url", "events[1]", "active"];
    team.client.post(&webhooks(&team), &new).faults(400, "VALIDATION_ERROR", &fields);
    for (body, field) in [
        (json!({"events": ALL}), "url"),
        (json!({"url": NOWHERE, "events": ["flag.toggled", "flag.created", "flag.toggled"]}), "events[2]"),
        (json!({"url": NOWHERE}), "events"),
        (json!({"url": NOWHERE, "events": ALL, "environment_ids": [elsewhere.staging]}), "environment_ids"),
        (json!({"url": format!("https://a/{}", "x".repeat(2_048)), "events": ALL}), "url"),
    ] {
        team.client.post(&webhooks(&team), &body).faults(400, "VALIDATION_ERROR", &[field]);
    }
    let path = hook(&team, &json!({}));
    let changed = team.client.put(&path, &json!({"environment_ids": [elsewhere.staging]}));
    changed.faults(400, "VALIDATION_ERROR", &["environment_ids"]);
    team.client.get("/api/v1/webhooks").faults(400, "VALIDATION_ERROR", &["project_id"]);
    team.client.get("/api/v1/webhooks/whk_1").refused(404, "WEBHOOK_NOT_FOUND");
}

#[test]
fn a_project_has_twenty_webhooks_at_most() {
    let server = Server::start();
    let team = server.admin();
    let paths: Vec<String> = (0..20).map(|_| hook(&team, &json!({"active": false}))).collect();
    let new = json!({"url": NOWHERE, "events": ALL});
    team.client.post(&webhooks(&team), &new).refused(422, "LIMIT_EXCEEDED");
    team.client.post(&webhooks(&team.new_project("other")), &new).expect(201);
    team.client.delete(&paths[7]).expect(204);
    team.client.post(&webhooks(&team), &new).expect(201);
}

#[test]
fn a_webhook_of_a_deleted_environment_does_not_become_one_of_all() {
    let server = Server::start();
    let team = server.admin();
    let only = hook(&team, &json!({"environment_ids": [team.staging]}));
    let both = hook(&team, &json!({"environment_ids": [team.staging, team.production]}));
    team.client.delete(&format!("/api/v1/environments/{}", team.staging)).expect(204);
    let shown = team.client.get(&only).expect(200)["data"].clone();
    assert_eq!((&shown["active"], &shown["revision"]), (&json!(false), &json!(2)));
    let shown = team.client.get(&both).expect(200)["data"].clone();
    assert_eq!((&shown["active"], &shown["environment_ids"]), (&json!(true), &json!([team.production])));
    team.create_flag("later", &json!({}));
    assert_eq!(deliveries(&team.client, &only), Vec::<Value>::new());
    assert_eq!(deliveries(&team.client, &both).len(), 1);

    let log = team.client.get("/api/v1/audit-logs?action=webhook.updated").expect(200);
    assert_eq!(log["data"].as_array().map(Vec::len), Some(2));
}

#[test]
fn webhooks_go_with_their_project() {
    let server = Server::start();
    let team = server.admin();
    let other = team.new_project("other");
    let (gone, kept) = (hook(&other, &json!({})), hook(&team, &json!({})));
    other.create_flag("a", &json!({}));
    team.client.delete(&format!("/api/v1/projects/{}?confirm=other", other.project)).expect(204);
    team.client.get(&gone).refused(404, "WEBHOOK_NOT_FOUND");
    team.client.get(&kept).expect(200);
}
