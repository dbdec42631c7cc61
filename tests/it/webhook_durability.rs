//! No change is lost on its way to a webhook: the real program is killed again and again, at any moment, while flags
//! change and the receiver fails a third of its requests. Afterwards every change that was acknowledged has arrived, for
//! each flag in order.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::receiver::{Receiver, status};
use crate::support::{Client, Server, Team, TestClock};

/// Changes that are acknowledged.
const CHANGES: usize = 500;
/// Flags that each of them changes.
const FLAGS: usize = 5;
/// People who change flags at the same time.
const EDITORS: usize = 4;
/// Every third request is answered with an error, counted over all of them.
const FAILS: usize = 3;
/// How long the program lives at most before it is killed, in milliseconds.
const LIFE_MILLIS: u64 = 400;
/// How often it is killed at least.
const LEAST_KILLS: usize = 5;
/// How long nothing has to arrive until the clock is moved.
const QUIET: Duration = Duration::from_millis(100);
const HOUR_SECONDS: i64 = 3_600;
const DATA: &str = "data.redb";

/// Where the program is now.
struct Place(RwLock<String>);

impl Place {
    fn client(&self, as_admin: &Client) -> Client {
        as_admin.sending_to(&self.0.read().expect("a lock"))
    }
}

/// Changes flags until enough changes were acknowledged, and answers what was, in order. Nobody else changes the same
/// flags. What was not acknowledged is asked for once more: it may have been made, and may not.
fn edit(editor: usize, team: &Team, place: &Place, count: &AtomicUsize) -> Vec<(String, u64)> {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while count.load(Ordering::SeqCst) < CHANGES {
        number += 1;
        let flag = format!("flag-{editor}-{}", fastrand::usize(..FLAGS));
        let body = json!({"description": number.to_string()}).to_string();
        let path = team.flags(&format!("/{flag}"));
        let made = |client: &Client| {
            let client = client.with("Content-Type", "application/json");
            let answer = client.try_send("PUT", &path, Some(body.as_bytes()));
            answer.ok().inspect(|answer| drop(answer.expect(200))).is_some()
        };
        while !made(&place.client(&team.client)) {
            thread::yield_now();
        }
        acknowledged.push((flag, number));
        count.fetch_add(1, Ordering::SeqCst);
    }
    acknowledged
}

/// Lets editors work on a program that is killed again and again, and answers what was acknowledged.
fn changes_among_kills(data: &TempDir, url: &str) -> Vec<(String, u64)> {
    let serve = || Process::serve(&data.path().join(DATA), ["--webhook-allow-private"]);
    let mut process = serve();
    let team = Team::sign_in(&process.url);
    for editor in 0..EDITORS {
        for flag in 0..FLAGS {
            team.create_flag(&format!("flag-{editor}-{flag}"), &json!({}));
        }
    }
    let webhook = json!({"url": url, "events": ["flag.updated"], "environment_ids": [team.development]});
    team.client.post(&format!("/api/v1/webhooks?project_id={}", team.project), &webhook).expect(201);
    let (place, count, done) =
        (Place(RwLock::new(process.url.clone())), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let editors: Vec<_> = (0..EDITORS)
            .map(|editor| {
                let (team, place, count) = (&team, &place, &count);
                scope.spawn(move || edit(editor, team, place, count))
            })
            .collect();
        let killer = scope.spawn(|| {
            let mut kills = 0;
            while !done.load(Ordering::SeqCst) {
                thread::park_timeout(Duration::from_millis(fastrand::u64(..LIFE_MILLIS)));
                process.kill();
                process = serve();
                place.0.write().expect("a lock").clone_from(&process.url);
                kills += 1;
            }
            process.kill();
            kills
        });
        let ended: Vec<_> = editors.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::SeqCst);
        let kills = killer.join().expect("the killer");
        assert!(kills >= LEAST_KILLS, "{kills}");
        ended.into_iter().flat_map(|acknowledged| acknowledged.expect("an editor")).collect()
    })
}

/// What a request says: which flag became what.
fn told(body: &Value) -> (String, u64) {
    let description = body["flag_data"]["description"].as_str().expect("a description");
    let flag = body["flag_key"].as_str().expect("a key");
    (flag.to_owned(), description.parse().expect("a number"))
}

#[test]
fn every_change_arrives_although_the_process_is_killed() {
    let data = TempDir::new().expect("a temporary directory");
    let requests = AtomicUsize::new(0);
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&accepted);
    let receiver = Receiver::start(move |request| {
        if requests.fetch_add(1, Ordering::SeqCst).is_multiple_of(FAILS) {
            return status(500);
        }
        kept.lock().expect("a lock").push(told(&request.json()));
        status(204)
    });
    let acknowledged = changes_among_kills(&data, &receiver.url);
    assert!(acknowledged.len() >= CHANGES, "{}", acknowledged.len());

    // What is left is delivered by a server whose clock need not be waited for.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a moment").as_millis();
    let clock = TestClock::at(i64::try_from(now).expect("a moment"));
    let server = Server::on(data, clock, &["--webhook-allow-private"]);
    let missing = || {
        let accepted = accepted.lock().expect("a lock");
        acknowledged.iter().filter(|change| !accepted.contains(change)).count()
    };
    while missing() > 0 {
        if receiver.within(QUIET).is_none() {
            server.clock.advance_seconds(HOUR_SECONDS);
        }
    }
    drop(server);

    // Some arrived more than once. For each flag, those that arrived first came in order.
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut seen = HashSet::new();
    for (flag, number) in accepted.lock().expect("a lock").iter() {
        if seen.insert((flag.clone(), *number)) {
            let before = last.insert(flag.clone(), *number).unwrap_or_default();
            assert!(before < *number, "{flag}: {number} came after {before}");
        }
    }
}
