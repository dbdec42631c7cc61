//! The program is killed again and again while many write: what was acknowledged is there, what was not is there as a whole
//! or not at all, and the audit log tells of exactly that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::{Client, Team};

/// How often it is killed, unless `PHASEFLAG_KILLS` says so.
const KILLS: usize = 6;
/// Those who write at the same time.
const WRITERS: usize = 8;
/// It lives until at most so many changes were acknowledged.
const MOST_CHANGES: usize = 60;
/// Flags that are looked at in one answer.
const PAGE: usize = 100;

/// What a writer asks for: a flag that is on from the beginning, so that it has a part in two tables.
fn flag(key: &str) -> serde_json::Value {
    Team::flag_body(key, &json!({"enabled": true, "default_variation": "on", "tags": [key]}))
}

/// Makes flags until the program is gone, and tells of each that was acknowledged.
fn write(client: &Client, team: &Team, name: &str, acknowledged: &mpsc::Sender<String>) {
    let client = client.with("Content-Type", "application/json");
    for number in 0.. {
        let key = format!("{name}-{number}");
        let body = flag(&key).to_string();
        match client.try_send("POST", &team.flags(""), Some(body.as_bytes())) {
            Ok(answer) => drop(answer.expect(201)),
            Err(_gone) => return,
        }
        // The other end counts until it kills the program, and reads the rest afterwards.
        acknowledged.send(key).expect("the other end is there");
    }
}

/// Every flag that there is, with all that is said of it.
fn flags(team: &Team) -> BTreeMap<String, serde_json::Value> {
    let mut found = BTreeMap::new();
    for page in 1.. {
        let path = format!("{}&per_page={PAGE}&page={page}", team.flags(""));
        let listed = team.client.get(&path).expect(200);
        let items = listed["data"].as_array().expect("a list");
        found
            .extend(items.iter().map(|flag| (flag["key"].as_str().expect("a key").to_owned(), flag.clone())));
        if items.len() < PAGE {
            break;
        }
    }
    found
}

/// The flags whose creation the audit log tells of.
fn logged(team: &Team) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    let mut path = format!("/api/v1/audit-logs?action=flag.created&per_page={PAGE}");
    loop {
        let answer = team.client.get(&path).expect(200);
        let entries = answer["data"].as_array().expect("a list");
        told.extend(entries.iter().map(|entry| entry["resource_id"].to_string()));
        let Some(next) = answer["meta"]["next_cursor"].as_str() else { return told };
        path = format!("/api/v1/audit-logs?action=flag.created&per_page={PAGE}&cursor={next}");
    }
}

#[test]
fn it_is_killed_while_many_write_and_nothing_is_lost_or_half_there() {
    let kills = std::env::var("PHASEFLAG_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data.redb");
    let mut process = Process::serve(&data, [""; 0]);
    let mut team = Team::sign_in(&process.url);
    let mut acknowledged = BTreeSet::new();
    for round in 0..kills {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (team, tell, name) = (&team, tell.clone(), format!("r{round}-w{writer}"));
                scope.spawn(move || write(&team.client, team, &name, &tell));
            }
            drop(tell);
            acknowledged.extend(told.iter().take(fastrand::usize(1..=MOST_CHANGES)));
            process.kill();
        });
        acknowledged.extend(told);
        process = Process::serve(&data, [""; 0]);
        team.client = team.client.sending_to(&process.url);
    }
    let there = flags(&team);
    let lost: Vec<_> = acknowledged.iter().filter(|key| !there.contains_key(*key)).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
    for (key, flag) in &there {
        let whole = (&flag["enabled"], &flag["tags"], &flag["revision"]);
        assert_eq!(whole, (&json!(true), &json!([key]), &json!(1)), "{flag}");
    }
    let made: BTreeSet<_> = there.values().map(|flag| flag["id"].to_string()).collect();
    assert!(logged(&team) == made, "the audit log tells of what is there, and of nothing else");
    let verdict = team.client.get("/api/v1/audit-logs/verify").expect(200);
    assert_eq!(verdict["data"]["whole"], true, "{verdict}");
    let sdk = team.sdk(&team.development, "server");
    let answer = sdk.post("/ofrep/v1/evaluate/flags", &json!({"context": {"targetingKey": "u"}})).expect(200);
    assert_eq!(answer["flags"].as_array().expect("all of them").len(), there.len());
}
