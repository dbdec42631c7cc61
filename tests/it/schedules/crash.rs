//! The process is killed at random while schedules fall due: none is lost, and none is applied twice.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use phaseflag::{domain::time::Timestamp, server};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::later::{made, wait_for};
use crate::support::process::Process;
use crate::support::{Client, PASSWORD, Team};

/// How many there are: as many as a flag may have.
const SCHEDULES: usize = 100;
/// The seconds over which they are spread, and the seconds from when one is made to the first of those.
const SECONDS: i64 = 4;
const BEFORE: i64 = 2;

/// How many are over, and what is wrong with any of those.
fn over(team: &Team) -> usize {
    let path = format!("{}&per_page=200", team.flags("/a/schedules"));
    let listed = team.client.get(&path).expect(200);
    let listed = listed["data"].as_array().expect("a list");
    let over = listed.iter().filter(|it| it["status"] != "pending");
    over.inspect(|it| assert_eq!(it["status"], "applied", "{it}")).count()
}

#[test]
fn none_is_lost_and_none_is_applied_twice() {
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data.redb");
    let mut process = Process::serve(&data, [""; 0]);
    let anonymous = Client::new(&process.url);
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    anonymous.post("/api/v1/auth/register", &account).expect(201);
    let session = anonymous.post("/api/v1/auth/login", &account).expect(200);
    let token = session["data"]["access_token"].as_str().expect("a token").to_owned();
    let team = Team::of(anonymous.bearer(&token));
    let variations: Vec<Value> =
        (0..SCHEDULES).map(|it| json!({"key": format!("v{it}"), "value": it})).collect();
    let flag = json!({"flag_type": "number", "variations": variations, "default_variation": "v0"});
    team.create_flag("a", &flag);
    // Each serves another variation than the one before it, so that each makes a revision.
    let mut planned: Vec<(i64, usize, String)> = Vec::new();
    for number in 0..SCHEDULES {
        // By the clock of the moment: where the machine is slow, they must not be over before they are made.
        let begin = server::system_clock()().seconds() + BEFORE;
        let at = begin + (i64::try_from(number * 7).expect("a number") % (SECONDS * 10)) / 10;
        let moment = Timestamp::from_seconds(at).to_string();
        let change = json!({"default_variation": format!("v{}", (number + 1) % SCHEDULES)});
        planned.push((at, number, made(&team.schedule("a", &moment, &change))));
    }
    planned.sort();

    let (mut kills, mut done) = (0, 0);
    while done < SCHEDULES {
        // Random, but the end of the process is always in the middle of something.
        let few = usize::try_from(RandomState::new().build_hasher().finish() % 20).expect("a number");
        let here = Team { client: Client::new(&process.url).bearer(&token), ..team.clone() };
        let wanted = SCHEDULES.min(done + 1 + few);
        done = wait_for("the schedules", || Some(over(&here)).filter(|over| *over >= wanted));
        process.kill();
        kills += 1;
        process = Process::serve(&data, [""; 0]);
    }
    assert!(kills > 2, "{kills}");

    let team = Team { client: Client::new(&process.url).bearer(&token), ..team };
    let entries = team.history("a");
    let told: Vec<&Value> = entries
        .iter()
        .rev()
        .filter(|entry| entry["action"] == "flag.updated")
        .map(|entry| &entry["changes"]["schedule"]["to"])
        .collect();
    let wanted: Vec<Value> = planned.iter().map(|(_, _, id)| json!(id)).collect();
    assert_eq!(told, wanted.iter().collect::<Vec<_>>(), "each once, in the order of their moments");
    let flag = team.flag("a");
    assert_eq!(flag["revision"], SCHEDULES + 1);
    let last = (planned.last().expect("a schedule").1 + 1) % SCHEDULES;
    assert_eq!(flag["default_variation"], format!("v{last}"));
}
