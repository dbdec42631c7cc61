//! The chain of the audit log, in data files that somebody has meddled with.

use phaseflag::domain::role::Role;
use redb::{Database, ReadableTable, Table, TableDefinition};
use serde_json::{Value, json};

use crate::support::{Client, Server, Team};

/// The entries, as they lie in the file.
const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");

fn verified(client: &Client) -> Value {
    client.get("/api/v1/audit-logs/verify").expect(200)["data"].clone()
}

/// The identifiers of all entries, oldest first.
fn entries(client: &Client) -> Vec<Value> {
    let listed = client.get("/api/v1/audit-logs?per_page=200").expect(200)["data"].clone();
    let newest_first = listed.as_array().expect("a list").iter();
    newest_first.rev().map(|entry| entry["id"].clone()).collect()
}

/// Stops a server, does something to the entries in its file, and starts it again.
fn meddled(
    server: &mut Server,
    client: &Client,
    with: impl FnOnce(&mut Table<'_, u64, &'static [u8]>),
) -> Client {
    server.stop();
    let database = Database::open(server.data()).expect("the file");
    let writer = database.begin_write().expect("a transaction");
    with(&mut writer.open_table(AUDIT).expect("the log"));
    writer.commit().expect("a commit");
    drop(database);
    server.restart();
    server.reach(client)
}

/// Something was done, and the number of entries.
fn furnished(server: &Server) -> (Team, u64) {
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let entries = team.client.get("/api/v1/audit-logs").expect(200)["meta"]["total"].clone();
    // Beside those of the organization there is the one of the account.
    (team, entries.as_u64().expect("a number") + 1)
}

/// A record with another address in it, whose checksum is right.
fn forged(record: &[u8]) -> Vec<u8> {
    let mut forged = record.to_vec();
    let at = record.windows(5).position(|window| window == b"admin").expect("the address of the actor");
    forged[at..at + 5].copy_from_slice(b"eve.x");
    let checksum = crc32fast::hash(&forged[5..]).to_le_bytes();
    forged[1..5].copy_from_slice(&checksum);
    forged
}

#[test]
fn an_untouched_log_is_whole_and_its_head_moves_on() {
    let mut server = Server::start();
    let (team, total) = furnished(&server);
    let before = verified(&team.client);
    assert_eq!(
        (&before["whole"], &before["cut"], before["checked"].as_u64()),
        (&json!(true), &Value::Null, Some(total))
    );
    let head = before["head"].as_str().expect("a head").to_owned();
    assert!(head.starts_with(&format!("{total}:")), "{head}");
    assert_eq!(verified(&team.client), before, "looking changes nothing");
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": false})).expect(200);
    server.restart();
    let client = server.reach(&team.client);
    let after = verified(&client);
    assert_eq!((&after["whole"], after["checked"].as_u64()), (&json!(true), Some(total + 1)));
    assert_ne!(after["head"], before["head"]);
    let noted = |noted: &str| client.get(&format!("/api/v1/audit-logs/verify?noted={noted}"));
    assert_eq!(noted(&head).expect(200)["data"]["whole"], true);
    let (_, digest) = head.split_once(':').expect("a place and a digest");
    let cut = noted(&format!("{}:{digest}", total - 1)).expect(200)["data"]["cut"].clone();
    assert_eq!((&cut["place"], &cut["flaw"]), (&json!(total - 1), &json!("not_as_noted")));
    noted("12:abc").faults(400, "VALIDATION_ERROR", &["noted"]);
}

#[test]
fn an_entry_that_was_altered_is_named() {
    let mut server = Server::start();
    let (team, total) = furnished(&server);
    let ids = entries(&team.client);
    for place in [3, total] {
        let mut original = Vec::new();
        let client = meddled(&mut server, &team.client, |log| {
            original = log.get(place).expect("a log").expect("an entry").value().to_vec();
            log.insert(place, forged(&original).as_slice()).expect("a forgery");
        });
        let found = verified(&client);
        let id = &ids[usize::try_from(place).expect("small") - 2];
        assert_eq!(found["cut"], json!({"place": place, "flaw": "altered", "id": id}), "{found}");
        assert_eq!((&found["whole"], &found["checked"]), (&json!(false), &json!(place - 1)));
        let healed = meddled(&mut server, &client, |log| {
            log.insert(place, original.as_slice()).expect("the original");
        });
        assert_eq!(verified(&healed)["whole"], true);
    }
}

#[test]
fn an_entry_that_was_taken_out_is_named_also_the_last_one_and_for_good() {
    for from_the_end in [3, 0] {
        let mut server = Server::start();
        let (team, total) = furnished(&server);
        let place = total - from_the_end;
        let client = meddled(&mut server, &team.client, |log| {
            log.remove(place).expect("a log").expect("an entry");
        });
        let cut = json!({"place": place, "flaw": "missing", "id": null});
        assert_eq!(verified(&client)["cut"], cut);
        client.post(&team.flags("/a/toggle"), &json!({"enabled": false})).expect(200);
        assert_eq!(verified(&client)["cut"], cut, "what is done later covers nothing up");
    }
}

#[test]
fn nobody_is_shown_the_entries_of_others() {
    let mut server = Server::start();
    let (team, _) = furnished(&server);
    let other = team.client.post("/api/v1/organizations", &json!({"name": "Other"})).expect(201);
    let path = format!("/api/v1/organizations/{}/invitations", other["data"]["id"].as_str().expect("an id"));
    let invitation =
        team.client.post(&path, &json!({"email": "ann@example.com", "role": "admin"})).expect(201);
    let ann = server.outsider("ann@example.com");
    let token = json!({"invitation_token": invitation["data"]["token"]});
    ann.post("/api/v1/auth/invitations/accept", &token).expect(200);
    let id = other["data"]["id"].as_str().expect("an id");
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().expect("an id").to_owned();
    ann.delete(&format!("/api/v1/organizations/{id}/members/{me}")).expect(204);
    // The newest entry is about an organization that the operator does not belong to any more.
    let last = verified(&team.client)["checked"].as_u64().expect("a number");
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer);
    for client in [&viewer, &ann] {
        client.get("/api/v1/audit-logs/verify").refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    for (place, is_theirs) in [(last, false), (3, true)] {
        let client = meddled(&mut server, &team.client, |log| {
            let original = log.get(place).expect("a log").expect("an entry").value().to_vec();
            log.insert(place, forged(&original).as_slice()).expect("a forgery");
        });
        let cut = verified(&client)["cut"].clone();
        assert_eq!((&cut["place"], &cut["flaw"]), (&json!(place), &json!("altered")));
        assert_eq!(cut["id"].is_string(), is_theirs, "{cut}");
    }
}
